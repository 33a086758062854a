//! What a scenario costs beside the raw client, for each transport, in one process and one run.
//!
//! For both sides, in turns, against the same broker: round trips (publish, wait for the answer with a
//! deadline, decode it, compare it), whole loops per second (for Choreo that is a new scenario each time), and
//! messages per second of 16 tasks that publish at once. Both publish with the same promise: written to
//! the socket (NATS), or confirmed by the broker (all others). The raw client has its subscription all the time.
//!
//! The target is a median round trip of at most 50 µs or 5 % more than the raw client's.
//!
//! `cargo bench -p choreo-benches --bench transports [-- NAME…]`; a broker that is not installed is left out and
//! named. `CHOREO_KAFKA_BROKER` is the Kafka broker program of the tests.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot run should say so and stop"
)]

use std::time::Duration;

use choreo::broker::{KafkaMock, KafkaServer, NatsServer, RabbitServer, RedisServer};
use choreo::prelude::*;
use choreo::transport::Transport;

use self::measure::{Plan, measure};
use self::raw::{jetstream, kafka, memory, nats, rabbitmq, redis, streams};
use self::table::Table;

mod measure;
mod raw;
mod table;

/// Where both sides' messages go: two topics of one broker.
const RAW_TOPIC: &str = "echo.raw";
const TOPIC: &str = "echo.choreo";

const QUICK: Plan = Plan {
    blocks: 20,
    per_block: 100,
};
/// For brokers whose round trips take milliseconds.
const SLOW: Plan = Plan {
    blocks: 10,
    per_block: 30,
};

#[tokio::main]
async fn main() {
    // In a task, as the runner runs scenarios: the thread of `main` is no worker of the runtime.
    tokio::spawn(all()).await.expect("no panic");
}

async fn all() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);
    let mut table = Table::default();
    if wants("memory") {
        let memory = Memory::new();
        let harness = connect(memory.clone()).await;
        let raw = memory::connect(&memory, RAW_TOPIC).await;
        table.row("Memory", measure(QUICK, raw, &harness).await);
    }
    if wants("nats") {
        match NatsServer::builder().start() {
            Ok(server) => {
                let harness = connect(Nats::new(server.url())).await;
                let raw = nats::connect(&server.url(), RAW_TOPIC).await;
                table.row("NATS", measure(QUICK, raw, &harness).await);
            }
            Err(error) => table.left_out("NATS", error),
        }
    }
    if wants("jetstream") {
        match NatsServer::builder().jetstream().start() {
            Ok(server) => {
                let transport = JetStream::new(server.url()).stream("ECHO", ["echo.>"]);
                let harness = connect(transport).await;
                let raw = jetstream::connect(&server.url(), "ECHO", RAW_TOPIC).await;
                table.row("JetStream", measure(QUICK, raw, &harness).await);
            }
            Err(error) => table.left_out("JetStream", error),
        }
    }
    if wants("kafka") {
        match KafkaMock::start() {
            Ok(cluster) => {
                for topic in [RAW_TOPIC, TOPIC] {
                    cluster.create_topic(topic, 1).expect("it is new");
                }
                kafka(&mut table, "Kafka (mock cluster)", &cluster.url()).await;
            }
            Err(error) => table.left_out("Kafka (mock cluster)", error),
        }
        match KafkaServer::builder().start() {
            Ok(server) => {
                kafka::create(&server.url(), &[RAW_TOPIC, TOPIC]).await;
                kafka(&mut table, "Kafka (process)", &server.url()).await;
            }
            Err(error) => table.left_out("Kafka (process)", error),
        }
    }
    if wants("rabbitmq") {
        match RabbitServer::builder().start() {
            Ok(server) => {
                let harness = connect(Rabbit::new(server.url())).await;
                let raw = rabbitmq::connect(&server.url(), RAW_TOPIC).await;
                table.row("RabbitMQ", measure(QUICK, raw, &harness).await);
            }
            Err(error) => table.left_out("RabbitMQ", error),
        }
    }
    if wants("redis") {
        match RedisServer::builder().start() {
            Ok(server) => {
                let harness = connect(Redis::new(server.url())).await;
                let raw = redis::connect(&server.url(), RAW_TOPIC).await;
                table.row("Redis", measure(QUICK, raw, &harness).await);
                let harness = connect(RedisStreams::new(server.url())).await;
                let raw = streams::connect(&server.url(), RAW_TOPIC).await;
                table.row("Redis Streams", measure(QUICK, raw, &harness).await);
            }
            Err(error) => table.left_out("Redis", error),
        }
    }
    println!("{table}");
}

/// Both topics are there, with one partition each.
async fn kafka(table: &mut Table, name: &'static str, brokers: &str) {
    let harness = connect(Kafka::new(brokers)).await;
    let raw = kafka::connect(brokers, RAW_TOPIC).await;
    table.row(name, measure(SLOW, raw, &harness).await);
}

async fn connect(transport: impl Transport) -> Harness {
    Harness::builder(transport)
        .correlation(FieldCorrelation::new("correlation_id"))
        .timeout(Duration::from_secs(10))
        .connect()
        .await
        .expect("the broker is up")
}
