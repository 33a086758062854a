//! The same work on both sides, in turns, so that a drift of the machine hits both.

use std::time::{Duration, Instant};

use choreo::prelude::*;
use choreo::{CorrelationId, Value};
use choreo_benches::rate;
use tokio::task::JoinSet;

use super::TOPIC;
use super::raw::{Publisher, Subscriber};

/// How much is measured.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) connections: usize,
    /// Of each connection.
    pub(crate) blocks: usize,
    pub(crate) per_block: usize,
}

/// What was measured on one side.
#[derive(Default)]
pub(crate) struct Side {
    pub(crate) round_trips: Vec<Duration>,
    loops: Duration,
    publishing: Duration,
    published: usize,
}

/// Both sides.
#[derive(Default)]
pub(crate) struct Measured {
    pub(crate) raw: Side,
    pub(crate) choreo: Side,
}

impl Side {
    /// Whole loops.
    pub(crate) fn loops_per_second(&self) -> f64 {
        rate(self.round_trips.len(), self.loops)
    }

    /// Messages of several tasks at once.
    pub(crate) fn publishes_per_second(&self) -> f64 {
        rate(self.published, self.publishing)
    }
}

/// Tasks that publish at once.
const PUBLISHERS: usize = 16;
/// Messages of each of them in a block.
const PUBLISHED: usize = 20;

/// As the harness's own.
const DEADLINE: Duration = Duration::from_secs(10);

/// Both sides connect as often as the plan says, in changing order.
pub(crate) async fn measure<P, S, R, H>(
    plan: Plan,
    raw: impl Fn() -> R,
    choreo: impl Fn() -> H,
) -> Measured
where
    P: Publisher,
    S: Subscriber,
    R: Future<Output = (P, S)>,
    H: Future<Output = Harness>,
{
    let mut measured = Measured::default();
    for number in 0..plan.connections {
        let (raw, harness) = if number % 2 == 0 {
            let harness = choreo().await;
            (raw().await, harness)
        } else {
            (raw().await, choreo().await)
        };
        measure_connection(plan, raw, &harness, &mut measured).await;
        harness.close().await;
    }
    measured
}

async fn measure_connection<P: Publisher, S: Subscriber>(
    plan: Plan,
    (publisher, mut subscriber): (P, S),
    harness: &Harness,
    Measured { raw, choreo }: &mut Measured,
) {
    let warm_up = &mut Side::default();
    raw_round_trips(10, &publisher, &mut subscriber, warm_up).await;
    scenarios(10, harness, warm_up).await;
    for _ in 0..plan.blocks {
        raw_round_trips(plan.per_block, &publisher, &mut subscriber, raw).await;
        scenarios(plan.per_block, harness, choreo).await;
    }
    for _ in 0..plan.blocks {
        raw_publishes(&publisher, &mut subscriber, raw).await;
        publishes(harness, choreo).await;
    }
}

async fn raw_round_trips<P: Publisher, S: Subscriber>(
    count: usize,
    publisher: &P,
    subscriber: &mut S,
    side: &mut Side,
) {
    let start = Instant::now();
    for number in 0..count as u64 {
        let id = CorrelationId::random("").to_string();
        let sent = Instant::now();
        publisher.publish(payload(number, &id)).await;
        let answer = answer(subscriber).await;
        assert_eq!(
            (answer["number"].as_u64(), answer["correlation_id"].as_str()),
            (Some(number), Some(&*id))
        );
        side.round_trips.push(sent.elapsed());
    }
    side.loops += start.elapsed();
}

async fn scenarios(count: usize, harness: &Harness, side: &mut Side) {
    let start = Instant::now();
    for number in 0..count {
        let mut scope = harness.scenario("echo").open();
        let s = scope.arrange();
        expect!(s, TOPIC, { number: (number) });
        let sent = Instant::now();
        publish!(s, TOPIC, { number: (number) });
        let result = settle!(s);
        side.round_trips.push(sent.elapsed());
        result.assert_passed();
    }
    side.loops += start.elapsed();
}

async fn raw_publishes<P: Publisher, S: Subscriber>(
    publisher: &P,
    subscriber: &mut S,
    side: &mut Side,
) {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..PUBLISHERS {
        let publisher = publisher.clone();
        tasks.spawn(async move {
            let id = CorrelationId::random("").to_string();
            for number in 0..PUBLISHED as u64 {
                publisher.publish(payload(number, &id)).await;
            }
        });
    }
    tasks.join_all().await;
    side.publishing += start.elapsed();
    side.published += PUBLISHERS * PUBLISHED;
    for _ in 0..PUBLISHERS * PUBLISHED {
        answer(subscriber).await;
    }
}

/// Every task has a scenario of its own, which waits for the last of its messages.
async fn publishes(harness: &Harness, side: &mut Side) {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..PUBLISHERS {
        let harness = harness.clone();
        tasks.spawn(async move {
            let mut scope = harness.scenario("publishes").open();
            let s = scope.arrange();
            expect!(s, TOPIC, { number: (PUBLISHED - 1) });
            begin!(s);
            for number in 0..PUBLISHED {
                publish!(s, TOPIC, { number: (number) });
            }
            let published = start.elapsed();
            settle!(s).assert_passed();
            published
        });
    }
    let published = tasks.join_all().await;
    side.publishing += published.into_iter().max().expect("there are tasks");
    side.published += PUBLISHERS * PUBLISHED;
}

fn payload(number: u64, id: &str) -> Vec<u8> {
    json!({ "number": number, "correlation_id": id })
        .to_string()
        .into_bytes()
}

async fn answer<S: Subscriber>(subscriber: &mut S) -> Value {
    tokio::time::timeout(DEADLINE, subscriber.next())
        .await
        .expect("the answer comes in time")
}
