//! A scenario on a local nats-server beside the raw client, in one process and one run: the latency that
//! a handle reports (target: within 50 µs of the raw round trip, medians of 2 000), and publish-and-await
//! loops per second (target: above 0.8 of the raw client). Where a target is missed it ends with an error.
//!
//! The raw loop does what a test without Choreo would: a new id in each message, a flush, an answer within a
//! deadline, decoded and compared. It has one message in flight, and a subscription that is there.
//!
//! Several servers one after the other, and the median of them: where the scheduler puts the threads of a
//! server and of its clients lasts for as long as they live, and makes its round trips up to three times as fast.
//!
//! `cargo bench -p choreo-benches --bench nats_round_trip`
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot run should say so and stop"
)]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use choreo::prelude::*;
use choreo::{CorrelationId, Value};
use choreo_benches::{median, rate};
use choreo_test_brokers::NatsServer;
use futures_util::StreamExt as _;

/// Microseconds that a handle's latency may be off the raw round trip.
const WITHIN: f64 = 50.0;
/// Of the raw client's loops.
const AT_LEAST: f64 = 0.8;
const SERVERS: usize = 21;
/// On each of them.
const BLOCKS: usize = 20;
const PER_BLOCK: usize = 100;
/// The harness's own default.
const DEADLINE: Duration = Duration::from_secs(1);

async fn raw_block(
    client: &async_nats::Client,
    answers: &mut async_nats::Subscriber,
    latencies: &mut Vec<Duration>,
) -> Duration {
    let start = Instant::now();
    for number in 0..PER_BLOCK as u64 {
        let id = CorrelationId::random("").to_string();
        let payload = json!({ "number": number, "correlation_id": id }).to_string();
        let sent = Instant::now();
        client
            .publish("raw.echo", payload.into())
            .await
            .expect("the server takes messages");
        client.flush().await.expect("the connection is up");
        let answer = tokio::time::timeout(DEADLINE, answers.next())
            .await
            .expect("the answer comes in time")
            .expect("the server answers");
        latencies.push(sent.elapsed());
        // A test that does not look at the answer would not be the same loop.
        let answer: Value = choreo::serde_json::from_slice(&answer.payload).expect("it is JSON");
        assert_eq!(
            (answer["number"].as_u64(), answer["correlation_id"].as_str()),
            (Some(number), Some(&*id))
        );
    }
    start.elapsed()
}

async fn scenario_block(harness: &Harness, latencies: &mut Vec<Duration>) -> Duration {
    let start = Instant::now();
    for number in 0..PER_BLOCK {
        let mut scope = harness.scenario("echo").open();
        let s = scope.arrange();
        let echo = expect!(s, "choreo.echo", { number: (number) });
        publish!(s, "choreo.echo", { number: (number) });
        let result = settle!(s);
        latencies.push(result[echo].latency().expect("the echo came"));
    }
    start.elapsed()
}

/// What one server and its clients gave.
struct Turn {
    raw: Duration,
    ours: Duration,
    raw_rate: f64,
    our_rate: f64,
}

impl Turn {
    fn ratio(&self) -> f64 {
        self.our_rate / self.raw_rate
    }

    /// How much later the handle reports a message than the raw client has it, in microseconds.
    fn later(&self) -> f64 {
        (self.ours.as_secs_f64() - self.raw.as_secs_f64()) * 1e6
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut turns = Vec::new();
    for _ in 0..SERVERS {
        // In a task, as the runner runs scenarios: the thread of `main` is no worker of the runtime.
        let turn = tokio::spawn(measure())
            .await
            .expect("the benchmark does not panic");
        println!(
            "latency raw {:?}, scenario {:?}; loops per second raw {:.0}, scenarios {:.0}, ratio {:.2}",
            turn.raw,
            turn.ours,
            turn.raw_rate,
            turn.our_rate,
            turn.ratio()
        );
        turns.push(turn);
    }
    let count = BLOCKS * PER_BLOCK;
    println!("{SERVERS} servers, {count} round trips each way on each, in turns of {PER_BLOCK}");
    let middle = |of: fn(&Turn) -> f64| {
        let mut all: Vec<_> = turns.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        (all[0], all[SERVERS / 2], all[SERVERS - 1])
    };
    let (least, later, most) = middle(Turn::later);
    println!("later than raw:   median {later:.1} µs ({least:.1} to {most:.1})");
    let (least, ratio, most) = middle(Turn::ratio);
    println!("loops per second: median {ratio:.2} of raw ({least:.2} to {most:.2})");
    choreo_benches::ending(later.abs() <= WITHIN && ratio > AT_LEAST)
}

async fn measure() -> Turn {
    let server = NatsServer::builder()
        .start()
        .expect("nats-server is installed and starts");
    let client = async_nats::connect(server.url())
        .await
        .expect("the server is up");
    let mut answers = client.subscribe("raw.echo").await.expect("a valid subject");
    let harness = Harness::builder(Nats::new(server.url()))
        .correlation(FieldCorrelation::new("correlation_id"))
        .connect()
        .await
        .expect("the server is up");
    let (mut raw_latencies, mut latencies) = (Vec::new(), Vec::new());
    raw_block(&client, &mut answers, &mut raw_latencies).await;
    scenario_block(&harness, &mut latencies).await;
    raw_latencies.clear();
    latencies.clear();
    let (mut raw_times, mut times) = (Vec::new(), Vec::new());
    // In turns, so that a drift of the machine hits both.
    for _ in 0..BLOCKS {
        raw_times.push(raw_block(&client, &mut answers, &mut raw_latencies).await);
        times.push(scenario_block(&harness, &mut latencies).await);
    }
    harness.close().await;
    // Of the median turn: what else runs on the machine takes whole turns away, from one side or the other.
    let per_second = |times| rate(PER_BLOCK, median(times));
    Turn {
        raw: median(raw_latencies),
        ours: median(latencies),
        raw_rate: per_second(raw_times),
        our_rate: per_second(times),
    }
}
