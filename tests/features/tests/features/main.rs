//! Every feature of scenarios, written once as a scenario that passes and one that fails, and run in each
//! setting: a harness in memory, a harness on a real nats-server, and a stage of both, where the trigger goes
//! out on one transport and the answer is expected on the other.
//!
//! What a person reads of the failing scenarios is in `snapshots/`: `NAME@one` on a harness, whichever its
//! transport, `NAME@stage`, and `NAME@nats` where NATS has something else to say.

use std::process::ExitCode;

use choreo_test_brokers::{BrokerTests, broker_test_main};

#[macro_use]
mod matrix;

mod absence;
mod acts;
mod bridges;
mod cases;
mod counts;
mod envelope;
mod order;
mod program;
mod services;
mod snapshot;
mod time;
mod unrouted;
mod words;

/// Most of a failing scenario is waiting.
const AT_ONCE: usize = 8;

fn main() -> ExitCode {
    let tests = BrokerTests::needing("nats-server").at_once(AT_ONCE);
    let tests = matrix::add(tests, "acts", acts::features());
    let tests = matrix::add(tests, "absence", absence::features());
    let tests = matrix::add(tests, "counts", counts::features());
    let tests = matrix::add(tests, "time", time::features());
    let tests = matrix::add(tests, "order", order::features());
    let tests = matrix::add(tests, "words", words::features());
    let tests = matrix::add(tests, "envelope", envelope::features());
    let tests = matrix::add(tests, "services", services::features());
    let tests = matrix::add_many(tests, "services::many", &services::bundles());
    let tests = unrouted::add(snapshot::add(time::add(tests)));
    broker_test_main(bridges::add(cases::add(tests)))
}
