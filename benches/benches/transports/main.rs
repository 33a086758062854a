//! What a scenario costs beside the raw client, for each transport, in one process and one run.
//!
//! For both sides, in turns, against the same broker: round trips (publish, wait for the answer with a
//! deadline, decode it, compare it), whole loops per second (for Choreo that is a new scenario each time), and
//! messages per second of 16 tasks that publish at once. Both publish with the same promise: written to
//! the socket (NATS), or confirmed by the broker (all others). The raw client has its subscription all the time.
//! Both connect anew several times in a run, as a broker serves one connection faster than the next.
//!
//! The target is a median round trip of at most 50 µs or 5 % more than the raw client's; where it is missed, the
//! program ends with an error.
//!
//! `cargo bench -p choreo-benches --bench transports [-- NAME…]`; a broker that is not installed is left out and
//! named. `CHOREO_KAFKA_BROKER` is the Kafka broker program of the tests.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot run should say so and stop"
)]

use std::process::ExitCode;
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
    connections: 15,
    blocks: 2,
    per_block: 100,
};
/// For brokers whose round trips take milliseconds, beside which connections do not differ.
const SLOW: Plan = Plan {
    connections: 1,
    blocks: 10,
    per_block: 30,
};

#[tokio::main]
async fn main() -> ExitCode {
    // In a task, as the runner runs scenarios: the thread of `main` is no worker of the runtime.
    tokio::spawn(all()).await.expect("no panic")
}

async fn all() -> ExitCode {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);
    let mut table = Table::default();
    if wants("memory") {
        let memory = Memory::new();
        let raw = || memory::connect(memory.clone(), RAW_TOPIC);
        let choreo = || connect(memory.clone());
        table.row("Memory", measure(QUICK, raw, choreo).await);
    }
    if wants("nats") {
        match NatsServer::builder().start() {
            Ok(server) => {
                let raw = || nats::connect(server.url(), RAW_TOPIC);
                let choreo = || connect(Nats::new(server.url()));
                table.row("NATS", measure(QUICK, raw, choreo).await);
            }
            Err(error) => table.left_out("NATS", error),
        }
    }
    if wants("jetstream") {
        match NatsServer::builder().jetstream().start() {
            Ok(server) => {
                let transport = || JetStream::new(server.url()).stream("ECHO", ["echo.>"]);
                // The stream is there before the raw client asks for it.
                connect(transport()).await.close().await;
                let raw = || jetstream::connect(server.url(), "ECHO", RAW_TOPIC);
                let choreo = || connect(transport());
                table.row("JetStream", measure(QUICK, raw, choreo).await);
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
                let raw = || rabbitmq::connect(server.url(), RAW_TOPIC);
                let choreo = || connect(Rabbit::new(server.url()));
                table.row("RabbitMQ", measure(QUICK, raw, choreo).await);
            }
            Err(error) => table.left_out("RabbitMQ", error),
        }
    }
    if wants("redis") {
        match RedisServer::builder().start() {
            Ok(server) => {
                let raw = || redis::connect(server.url(), RAW_TOPIC);
                let choreo = || connect(Redis::new(server.url()));
                table.row("Redis", measure(QUICK, raw, choreo).await);
                let raw = || streams::connect(server.url(), RAW_TOPIC);
                let choreo = || connect(RedisStreams::new(server.url()));
                table.row("Redis Streams", measure(QUICK, raw, choreo).await);
            }
            Err(error) => table.left_out("Redis", error),
        }
    }
    println!("{table}");
    choreo_benches::ending(table.is_met())
}

/// Both topics are there, with one partition each.
async fn kafka(table: &mut Table, name: &'static str, brokers: &str) {
    let raw = || kafka::connect(brokers.to_owned(), RAW_TOPIC);
    let choreo = || connect(Kafka::new(brokers));
    table.row(name, measure(SLOW, raw, choreo).await);
}

async fn connect(transport: impl Transport) -> Harness {
    Harness::builder(transport)
        .correlation(FieldCorrelation::new("correlation_id"))
        .timeout(Duration::from_secs(10))
        .connect()
        .await
        .expect("the broker is up")
}
