//! The NATS transport against a real nats-server: connecting, messages, and what goes wrong.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

mod connect;
mod faults;
mod messages;
mod requests;
mod support;

use std::process::ExitCode;

use choreo_test_brokers::{BrokerTests, broker_test_main};

fn main() -> ExitCode {
    // Most of a test is waiting.
    let tests = BrokerTests::needing("nats-server").at_once(4);
    let tests = connect::add(tests);
    let tests = messages::add(tests);
    let tests = requests::add(tests);
    broker_test_main(faults::add(tests))
}
