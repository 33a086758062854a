//! What a message and a scope cost while many scopes of one stage are open on the same topics of two brokers,
//! NATS and Redis: the target is at most 1.5 times the cost with one, at 1 000 open.
//!
//! Every figure is a ratio within one run, of rounds in which all numbers of open scopes take their turn, so that a
//! drift of the machine hits all of them. Where the target is missed it ends with an error.
//!
//! `cargo bench -p choreo-benches --bench stage_scopes`; a broker that is not installed is named.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot run should say so and stop"
)]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use choreo::broker::{NatsServer, RedisServer};
use choreo::prelude::*;
use choreo::transport::{Connection, ConnectionEvents, Outgoing, Transport};
use choreo::{Scope, json};
use choreo_benches::median;
use tokio::task::JoinSet;

/// Messages of one round on each transport: at 1 000 open scopes twenty for each, so that the end of a scope,
/// which belongs to the other figure, weighs little in this one.
const MESSAGES: usize = 20_000;
/// Scopes of one round that run from beginning to end.
const SCOPES: usize = 100;
const ROUNDS: usize = 11;
const OPEN: [usize; 4] = [1, 10, 100, 1_000];
/// Tasks that publish at once on each transport.
const PUBLISHERS: usize = 16;
/// What the cost may be at the largest number, against one.
const MAY_GROW: f64 = 1.5;
/// Of a scope: far above what any takes.
const TIMEOUT: Duration = Duration::from_secs(600);

#[derive(Stage)]
struct Pair {
    nats: Harness,
    redis: Harness,
}

struct World<N, R> {
    stage: Stage<Pair>,
    nats: Arc<N>,
    redis: Arc<R>,
}

impl<N: Connection, R: Connection> World<N, R> {
    /// The cost of a message that a scope waits for, with so many open: each gets its share on both
    /// transports. Opening them is not in the time.
    async fn message(&self, open: usize) -> Duration {
        let share = MESSAGES / open;
        let mut scopes = self.open(open).await;
        let mut scenarios = Vec::with_capacity(open);
        for scope in &mut scopes {
            let s = scope.arrange();
            expect!(s.nats, "orders", { status: "OK" }, times (share));
            expect!(s.redis, "orders", { status: "OK" }, times (share));
            begin!(s);
            scenarios.push(s);
        }
        // In turns, so that neighbours are never for the same scope.
        let payloads: Vec<_> = scenarios
            .iter()
            .map(|s| s.correlation_id().expect("a stage has ids").as_str())
            .map(|id| json!({ "status": "OK", "id": 7, "correlation_id": id }).to_string())
            .collect();
        let payloads: Arc<[String]> = payloads.iter().cycle().take(MESSAGES).cloned().collect();
        let start = Instant::now();
        let mut publishing = JoinSet::new();
        for publisher in 0..PUBLISHERS {
            let (nats, redis) = (Arc::clone(&self.nats), Arc::clone(&self.redis));
            let (on_nats, on_redis) = (Arc::clone(&payloads), Arc::clone(&payloads));
            publishing.spawn(async move { publish(&*nats, &on_nats, publisher).await });
            publishing.spawn(async move { publish(&*redis, &on_redis, publisher).await });
        }
        publishing.join_all().await;
        for s in scenarios {
            settle!(s).assert_passed();
        }
        per(start.elapsed(), 2 * MESSAGES)
    }

    /// The cost of a whole scope, from its opening to its end, while others are open: an order on Redis, and
    /// the answer to it on NATS.
    async fn scope(&self, open: usize) -> Duration {
        let mut others = self.open(open - 1).await;
        for scope in &mut others {
            let s = scope.arrange();
            expect!(s.nats, "processed", { status: "NEVER" });
            expect!(s.redis, "created", { status: "NEVER" });
            begin!(s);
            assert!(!s.elapsed().is_zero());
        }
        let start = Instant::now();
        for number in 0..SCOPES {
            let mut scope = self.stage.scenario("scope").open().await.expect("an id");
            let s = scope.arrange();
            reply!(s.redis, "created" => s.nats, "processed", |order| json!({ "n": order["n"] }));
            expect!(s.nats, "processed", { n: (number) });
            publish!(s.redis, "created", { n: (number) });
            settle!(s).assert_passed();
        }
        per(start.elapsed(), SCOPES)
    }

    async fn open(&self, count: usize) -> Vec<Scope<Stage<Pair>>> {
        let mut scopes = Vec::with_capacity(count);
        for _ in 0..count {
            let scope = self.stage.scenario("open").timeout(TIMEOUT).open().await;
            scopes.push(scope.expect("the bridge has ids"));
        }
        scopes
    }
}

/// One publisher's part.
async fn publish(connection: &impl Connection, payloads: &[String], publisher: usize) {
    for payload in payloads.iter().skip(publisher).step_by(PUBLISHERS) {
        let message = Outgoing::new("orders", payload.clone());
        connection.publish(message).await.expect("the broker is up");
    }
}

fn per(took: Duration, count: usize) -> Duration {
    took / u32::try_from(count).expect("a small number")
}

async fn raw<T: Transport>(transport: T) -> Arc<T::Connection> {
    let connected = transport.connect(ConnectionEvents::new(|_| {})).await;
    Arc::new(connected.expect("the broker is up"))
}

#[tokio::main]
async fn main() -> ExitCode {
    // In a task, as the runner runs scenarios: the thread of `main` is no worker of the runtime.
    tokio::spawn(all()).await.expect("no panic")
}

async fn all() -> ExitCode {
    let (nats, redis) = match (
        NatsServer::builder().start(),
        RedisServer::builder().start(),
    ) {
        (Ok(nats), Ok(redis)) => (nats, redis),
        (nats, redis) => {
            for error in [nats.err(), redis.err()].into_iter().flatten() {
                println!("left out: {error}");
            }
            return ExitCode::SUCCESS;
        }
    };
    let ids = || FieldCorrelation::new("correlation_id");
    let stage = Stage::<Pair>::builder(PairBuilder {
        nats: Harness::builder(Nats::new(nats.url())).correlation(ids()),
        redis: Harness::builder(Redis::new(redis.url())).correlation(ids()),
    })
    .timeout(Duration::from_secs(10));
    let world = World {
        stage: stage.connect().await.expect("both brokers are up"),
        nats: raw(Nats::new(nats.url())).await,
        redis: raw(Redis::new(redis.url())).await,
    };
    for open in OPEN {
        world.message(open).await;
        world.scope(open).await;
    }
    let mut messages: [Vec<Duration>; OPEN.len()] = Default::default();
    let mut scopes: [Vec<Duration>; OPEN.len()] = Default::default();
    for _ in 0..ROUNDS {
        for (index, open) in OPEN.into_iter().enumerate() {
            messages[index].push(world.message(open).await);
            scopes[index].push(world.scope(open).await);
        }
    }
    println!("cost against one open scope on NATS and Redis, medians of {ROUNDS} rounds");
    println!("{:>6} {:>24} {:>24}", "open", "message", "whole scope");
    let mut most: f64 = 0.0;
    for (index, open) in OPEN.into_iter().enumerate() {
        print!("{open:>6}");
        for series in [&messages, &scopes] {
            let grown = growth(&series[0], &series[index]);
            most = most.max(grown);
            let micros = median(series[index].clone()).as_secs_f64() * 1e6;
            print!(" {micros:>14.1} µs {grown:>5.2}x");
        }
        println!();
    }
    world.stage.close().await;
    choreo_benches::grown(most, MAY_GROW)
}

/// The median of the rounds' own ratios.
fn growth(base: &[Duration], series: &[Duration]) -> f64 {
    let ratios = base.iter().zip(series);
    let mut ratios: Vec<_> = ratios
        .map(|(base, cost)| cost.as_secs_f64() / base.as_secs_f64())
        .collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}
