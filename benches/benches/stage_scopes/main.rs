//! What a message and a scope cost while many scopes of one stage are open on the same topics of two brokers,
//! NATS and Redis, at up to 1 000 open.
//!
//! The work for a message is the same at any number (`choreo/tests/runtime/work.rs` counts it). What still grows is
//! the memory that no cache holds, and a test without Choreo has that, too. So a control takes its turn in each
//! round: the same messages to as many waiting tasks through the raw clients. The target is about the cost of a
//! message in that of a raw one; that of a whole scope has no control and a target of its own.
//!
//! Messages cost processor time of this process, publishing included; scopes cost time on the clock. Every growth is
//! a ratio within one run, of rounds in which all numbers of open scopes take their turn, so that a drift of the
//! machine hits all of them. Where a target is missed it ends with an error.
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
use choreo::{CorrelationId, Scope, json};
use choreo_benches::median;
use tokio::task::JoinSet;

use self::raw::Raw;

mod raw;

/// Messages of one round on each transport: at 1 000 open scopes twenty for each, so that the end of a scope,
/// which belongs to the other figure, weighs little in this one.
const MESSAGES: usize = 20_000;
/// Scopes of one round that run from beginning to end.
const SCOPES: usize = 100;
const ROUNDS: usize = 11;
const OPEN: [usize; 4] = [1, 10, 100, 1_000];
/// Tasks that publish at once on each transport.
const PUBLISHERS: usize = 16;
/// What a whole scope may cost at any number, against one.
const MAY_GROW: f64 = 1.5;
/// What a message may cost at any number in that of a raw one, against one. Eight runs gave 1.02 to 1.32: a
/// scope has more memory of its own than a raw waiter (its patterns, its timeline), and of many no cache holds it.
/// Work for each open scope would show as many times the cost.
const MAY_GROW_BEYOND_RAW: f64 = 1.4;
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
    raw: Raw,
}

impl<N: Connection, R: Connection> World<N, R> {
    /// The processor time for a message that a scope waits for, with so many open: each gets its share on both
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
        let ids: Vec<_> = scenarios
            .iter()
            .map(|s| s.correlation_id().expect("a stage has ids").to_string())
            .collect();
        let payloads = payloads(&ids);
        let start = cpu_time();
        self.publish("orders", &payloads).await;
        for s in scenarios {
            settle!(s).assert_passed();
        }
        per(cpu_time() - start, 2 * MESSAGES)
    }

    /// The same without Choreo: as many tasks wait for the same messages.
    async fn raw_message(&self, open: usize) -> Duration {
        let ids: Vec<_> = (0..open)
            .map(|_| CorrelationId::random("").to_string())
            .collect();
        let waiting = self.raw.wait(&ids, MESSAGES / open);
        let payloads = payloads(&ids);
        let start = cpu_time();
        self.publish(raw::TOPIC, &payloads).await;
        let received = waiting.join_all().await;
        let took = cpu_time() - start;
        let received = received.iter().flatten().map(Vec::len).sum::<usize>();
        assert_eq!(received, 2 * MESSAGES);
        per(took, 2 * MESSAGES)
    }

    /// Every payload on both transports.
    async fn publish(&self, topic: &'static str, payloads: &Arc<[String]>) {
        let mut publishing = JoinSet::new();
        for publisher in 0..PUBLISHERS {
            let (nats, redis) = (Arc::clone(&self.nats), Arc::clone(&self.redis));
            let (on_nats, on_redis) = (Arc::clone(payloads), Arc::clone(payloads));
            publishing.spawn(async move { publish(&*nats, topic, &on_nats, publisher).await });
            publishing.spawn(async move { publish(&*redis, topic, &on_redis, publisher).await });
        }
        publishing.join_all().await;
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

/// What is published: in turns, so that neighbours are never for the same scope.
fn payloads(ids: &[String]) -> Arc<[String]> {
    let payloads: Vec<_> = ids
        .iter()
        .map(|id| json!({ "status": "OK", "id": 7, "correlation_id": id }).to_string())
        .collect();
    payloads.iter().cycle().take(MESSAGES).cloned().collect()
}

/// One publisher's part.
async fn publish(connection: &impl Connection, topic: &str, payloads: &[String], publisher: usize) {
    for payload in payloads.iter().skip(publisher).step_by(PUBLISHERS) {
        let message = Outgoing::new(topic, payload.clone());
        connection.publish(message).await.expect("the broker is up");
    }
}

/// The time that this process has run: the brokers and other work on the machine take none of it.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).expect("a process's time is not negative")
}

fn per(took: Duration, count: usize) -> Duration {
    took / u32::try_from(count).expect("a small number")
}

async fn connected<T: Transport>(transport: T) -> Arc<T::Connection> {
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
        nats: connected(Nats::new(nats.url())).await,
        redis: connected(Redis::new(redis.url())).await,
        raw: Raw::connect(&nats.url(), &redis.url()).await,
    };
    for open in OPEN {
        world.message(open).await;
        world.raw_message(open).await;
        world.scope(open).await;
    }
    let mut costs: [Costs; OPEN.len()] = Default::default();
    for _ in 0..ROUNDS {
        for (costs, open) in costs.iter_mut().zip(OPEN) {
            costs.message.push(world.message(open).await);
            costs.raw.push(world.raw_message(open).await);
            costs.scope.push(world.scope(open).await);
        }
    }
    world.stage.close().await;
    let (beyond_raw, scope) = print(&costs);
    let messages = choreo_benches::has_not_grown(
        "a message, beyond the raw one",
        beyond_raw,
        MAY_GROW_BEYOND_RAW,
    );
    let scopes = choreo_benches::has_not_grown("a whole scope", scope, MAY_GROW);
    choreo_benches::ending(messages && scopes)
}

/// Of each round, at one number of open scopes.
#[derive(Default)]
struct Costs {
    message: Vec<Duration>,
    raw: Vec<Duration>,
    scope: Vec<Duration>,
}

/// Prints the table, and gives what has grown most: a message's cost in that of a raw one, and a scope's.
fn print(costs: &[Costs]) -> (f64, f64) {
    println!(
        "cost on NATS and Redis, and its growth from one open scope, medians of {ROUNDS} rounds"
    );
    println!(
        "{:>6} {:>20} {:>20} {:>15} {:>22}",
        "open", "message", "raw message", "message / raw", "whole scope"
    );
    let first = &costs[0];
    let in_raw = |costs: &Costs| ratios(&costs.message, &costs.raw);
    let (mut most_beyond_raw, mut most_of_scope) = (0.0_f64, 0.0_f64);
    for (costs, open) in costs.iter().zip(OPEN) {
        print!("{open:>6}");
        for (series, base, width) in [
            (&costs.message, &first.message, 9),
            (&costs.raw, &first.raw, 9),
        ] {
            let grown = middle(ratios(series, base));
            print!(" {:>width$.2} µs {grown:>6.2}x", micros(series));
        }
        let beyond_raw = in_raw(costs).into_iter().zip(in_raw(first));
        let beyond_raw = middle(beyond_raw.map(|(now, one)| now / one).collect());
        print!(" {:>6.2} {beyond_raw:>6.2}x", middle(in_raw(costs)));
        let scope = middle(ratios(&costs.scope, &first.scope));
        println!(" {:>11.1} µs {scope:>6.2}x", micros(&costs.scope));
        most_beyond_raw = most_beyond_raw.max(beyond_raw);
        most_of_scope = most_of_scope.max(scope);
    }
    (most_beyond_raw, most_of_scope)
}

fn micros(series: &[Duration]) -> f64 {
    median(series.to_vec()).as_secs_f64() * 1e6
}

/// Of each round, so that a drift of the machine is in both.
fn ratios(series: &[Duration], base: &[Duration]) -> Vec<f64> {
    let pairs = series.iter().zip(base);
    pairs
        .map(|(cost, base)| cost.as_secs_f64() / base.as_secs_f64())
        .collect()
}

fn middle(mut ratios: Vec<f64>) -> f64 {
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}
