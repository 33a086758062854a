//! The Kafka transport against librdkafka's mock cluster and against a broker process: connecting,
//! messages, and what goes wrong. Which claim is proved against which is in the README.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

mod access;
mod faults;
mod front;
mod groups;
mod messages;
mod narrow;
mod support;

use std::process::ExitCode;

use choreo_test_brokers::{BrokerTests, broker_test_main};

fn main() -> ExitCode {
    // Beside others `partitions_added_to_a_live_topic_are_followed` may see a partition too early.
    let tests = BrokerTests::needing("choreo-kafka-broker").at_once(1);
    let tests = messages::add(tests);
    let tests = groups::add(tests);
    let tests = faults::add(tests);
    broker_test_main(access::add(tests))
}
