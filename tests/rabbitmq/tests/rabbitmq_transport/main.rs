//! The RabbitMQ transport against a real broker. A node takes seconds to start: cases share one where they
//! do not harm it, and run as few tests, as cargo-nextest gives each test a process of its own.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

mod connect;
mod faults;
mod messages;
mod support;
mod system;

use std::process::ExitCode;

use choreo_test_brokers::{BrokerTests, broker_test_main};

fn main() -> ExitCode {
    let tests = BrokerTests::needing("rabbitmq-server")
        .test("messages", messages::all)
        .test("system", system::all)
        .test("connect::passwords", connect::passwords)
        .test("connect::certificates", connect::certificates)
        .test("faults::restarted", faults::restarted)
        .test("faults::hanging", faults::hanging)
        .test("faults::blocking", faults::blocking);
    let code = broker_test_main(tests);
    support::stop_shared();
    code
}
