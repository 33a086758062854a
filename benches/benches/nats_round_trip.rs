//! A scenario on a local nats-server beside the raw client, in one process and one run: the latency that
//! a handle reports (target: within 50 µs of the raw round trip, medians of 10 000), and publish-and-await
//! loops per second (target: above 0.8 of the raw client).
//!
//! The raw loop does what a test without Choreo would: a new id in each message, a flush, an answer within a
//! deadline, decoded and compared. It has one message in flight, and a subscription that is there.
//!
//! `cargo bench -p choreo-benches --bench nats_round_trip`
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot run should say so and stop"
)]

use std::time::{Duration, Instant};

use choreo::prelude::*;
use choreo::{CorrelationId, Value};
use choreo_benches::{median, rate};
use choreo_test_brokers::NatsServer;
use futures_util::StreamExt as _;

const BLOCKS: usize = 100;
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

#[tokio::main]
async fn main() {
    // In a task, as the runner runs scenarios: the thread of `main` is no worker of the runtime.
    tokio::spawn(measure())
        .await
        .expect("the benchmark does not panic");
}

async fn measure() {
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
    let count = BLOCKS * PER_BLOCK;
    // Of the median turn: what else runs on the machine takes whole turns away, from one side or the other.
    let per_second = |times| rate(PER_BLOCK, median(times));
    let (raw_rate, our_rate) = (per_second(raw_times), per_second(times));
    let (raw, ours) = (median(raw_latencies), median(latencies));
    println!("{count} round trips each, in turns of {PER_BLOCK}");
    println!(
        "latency, median:  raw {raw:?}, scenario {ours:?}, difference {:?}",
        raw.abs_diff(ours)
    );
    println!(
        "loops per second: raw {raw_rate:.0}, scenarios {our_rate:.0}, ratio {:.2}",
        our_rate / raw_rate
    );
}
