//! What a message costs while many scenarios are open on its topic: the target is at most 1.5 times the
//! cost with one, at 10 000 open. Beside it: what an open scenario takes in memory.
//!
//! Times are those of the one processor that runs it all, broker included: what else the machine does adds little.
//! Each kind of message meets scenarios in the same state, however many are open: the message that a scenario
//! waits for, near misses that it keeps, near misses after those, and messages of nobody. The target is for the
//! first and the last, and where it is missed the program ends with an error; near misses touch more of a
//! scenario, which no cache holds of 10 000.
//!
//! `cargo bench -p choreo-benches --bench open_scenarios`
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot run should say so and stop"
)]

use std::process::{Command, ExitCode};
use std::time::Duration;

use choreo::prelude::*;
use choreo::{Scope, json};
use choreo_benches::{median, rate, resident_bytes};

/// Messages of one round and kind, at the least: at 10 000 open scenarios, one for each.
const MESSAGES: usize = 10_000;
/// Near misses that a scenario keeps of one expectation; it counts the others.
const KEPT: usize = 20;
const ROUNDS: usize = 15;
const OPEN: [usize; 4] = [1, 100, 1_000, 10_000];
/// Of the kinds of messages, in the order of the columns.
const WITH_TARGET: [bool; 4] = [true, false, false, true];
/// What the cost may be at the largest number, against one.
const MAY_GROW: f64 = 1.5;

struct World {
    broker: Memory,
    harness: Harness,
}

impl World {
    async fn new() -> Self {
        let broker = Memory::new();
        let harness = Harness::builder(broker.clone())
            .correlation(FieldCorrelation::new("correlation_id"))
            .connect()
            .await
            .expect("a memory broker is always there");
        Self { broker, harness }
    }

    /// Scenarios that wait on one topic for a message with a status, and a payload for each.
    async fn open(&self, count: usize, status: &str) -> Vec<(Scope, String)> {
        let mut scopes = Vec::with_capacity(count);
        for _ in 0..count {
            let timeout = Duration::from_secs(600);
            let mut scope = self.harness.scenario("open").timeout(timeout).open();
            let s = scope.arrange();
            let id = s
                .correlation_id()
                .expect("the policy routes")
                .as_str()
                .to_owned();
            expect!(s, "topic", { status: (status) });
            begin!(s);
            assert!(!s.elapsed().is_zero());
            scopes.push((scope, payload(&id)));
        }
        scopes
    }

    /// From the first publish to the delivery of the last message.
    async fn deliver(&self, payloads: impl Iterator<Item = &String>) -> Duration {
        let client = self.broker.client();
        let mut end = client.subscribe("end").await.expect("a valid topic");
        let start = cpu_time();
        for payload in payloads {
            client
                .publish("topic", payload.clone())
                .await
                .expect("a valid topic");
        }
        client.publish("end", "").await.expect("a valid topic");
        end.next().await.expect("the broker is there");
        cpu_time() - start
    }

    /// One round in which every message is awaited: groups of scenarios that are open together, each
    /// gets the one message that it waits for and settles. Opening them is not in the time.
    async fn matching(open: usize) -> Duration {
        let world = Self::new().await;
        let client = world.broker.client();
        let mut time = Duration::ZERO;
        for _ in 0..MESSAGES / open {
            let mut scopes: Vec<_> = (0..open)
                .map(|_| {
                    world
                        .harness
                        .scenario("open")
                        .timeout(Duration::from_secs(600))
                        .open()
                })
                .collect();
            let mut scenarios = Vec::with_capacity(open);
            for scope in &mut scopes {
                let s = scope.arrange();
                expect!(s, "topic", { status: "OK" });
                begin!(s);
                let id = s.correlation_id().expect("the policy routes").as_str();
                scenarios.push((s, payload(id)));
            }
            let start = cpu_time();
            for (_, payload) in &scenarios {
                client
                    .publish("topic", payload.clone())
                    .await
                    .expect("a valid topic");
            }
            for (s, _) in scenarios {
                settle!(s).assert_passed();
            }
            time += cpu_time() - start;
        }
        time
    }

    /// Per message: near misses that are kept, and the same number of near misses more.
    async fn near_misses(open: usize) -> [Duration; 2] {
        let (mut kept, mut more) = (Duration::ZERO, Duration::ZERO);
        let messages = MESSAGES.max(open * KEPT);
        for _ in 0..messages / (open * KEPT) {
            let world = Self::new().await;
            let scopes = world.open(open, "NEVER").await;
            let misses = || {
                let payloads = scopes.iter().map(|(_, payload)| payload);
                payloads.cycle().take(open * KEPT)
            };
            kept += world.deliver(misses()).await;
            more += world.deliver(misses()).await;
        }
        [kept, more].map(|time| per_message(time, messages))
    }

    /// One round of messages that belong to nobody.
    async fn foreign(open: usize) -> Duration {
        let world = Self::new().await;
        let _scopes = world.open(open, "OK").await;
        let nobodys = payload("of nobody");
        world.deliver(std::iter::repeat_n(&nobodys, MESSAGES)).await
    }
}

/// The time that this thread has run: other work on the machine takes none of it.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("a thread's time is not negative")
}

fn per_message(time: Duration, messages: usize) -> Duration {
    time / u32::try_from(messages).expect("they are few")
}

fn payload(id: &str) -> String {
    json!({ "status": "OK", "id": 7, "pad": "x".repeat(20), "correlation_id": id }).to_string()
}

/// In a process of its own, so that memory which an earlier round gave back does not hide the growth.
fn bytes_per_scenario() -> Option<u64> {
    let this = std::env::current_exe().ok()?;
    let output = Command::new(this).arg("--memory").output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

async fn measure_memory() {
    let count = 10_000;
    let world = World::new().await;
    let _warm = world.open(100, "OK").await;
    if let Some(before) = resident_bytes() {
        let _scopes = world.open(count, "OK").await;
        let after = resident_bytes().unwrap_or(before);
        println!("{}", (after - before) / count as u64);
    }
}

// One thread: what a message costs, and not how two threads meet.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == "--memory") {
        measure_memory().await;
        return ExitCode::SUCCESS;
    }
    println!(
        "messages per second of processor time and cost against one open scenario, medians of {ROUNDS} rounds"
    );
    println!(
        "{:>6} {:>19} {:>19} {:>19} {:>19}",
        "open", "matching", "near miss", "near miss, not kept", "foreign id"
    );
    let mut base: Option<[Duration; 4]> = None;
    let mut most: f64 = 0.0;
    for open in OPEN {
        let mut times: [Vec<Duration>; 4] = Default::default();
        for _ in 0..ROUNDS {
            let [kept, more] = World::near_misses(open).await;
            let round = [
                per_message(World::matching(open).await, MESSAGES),
                kept,
                more,
                per_message(World::foreign(open).await, MESSAGES),
            ];
            for (times, time) in times.iter_mut().zip(round) {
                times.push(time);
            }
        }
        let medians = times.map(median);
        let base = base.get_or_insert(medians);
        print!("{open:>6}");
        for (kind, (time, base)) in medians.iter().zip(base).enumerate() {
            let ratio = time.as_secs_f64() / base.as_secs_f64();
            if WITH_TARGET[kind] {
                most = most.max(ratio);
            }
            print!(" {:>9.0}/s {ratio:>6.2}x", rate(1, *time));
        }
        println!();
    }
    if let Some(bytes) = bytes_per_scenario() {
        println!("an open scenario takes {bytes} bytes of resident memory");
    }
    choreo_benches::ending(choreo_benches::has_not_grown("a message", most, MAY_GROW))
}
