//! What a message costs while many scenarios are open on its topic: the target is at most 1.5 times the
//! cost with one, at 10 000 open.
//!
//! `cargo bench -p choreo-benches --bench open_scenarios`
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot run should say so and stop"
)]

use std::time::{Duration, Instant};

use choreo::prelude::*;
use choreo::{Scope, Value, json};
use choreo_benches::{median, rate, resident_bytes};

const MESSAGES: usize = 100_000;
const ROUNDS: usize = 5;

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

    /// Scenarios that wait on one topic for what never comes, and their ids.
    async fn open(&self, count: usize) -> Vec<(Scope, String)> {
        let mut scopes = Vec::with_capacity(count);
        for _ in 0..count {
            let mut scope = self
                .harness
                .scenario("open")
                .timeout(Duration::from_secs(600))
                .open();
            let s = scope.arrange();
            let id = s
                .correlation_id()
                .expect("the policy routes")
                .as_str()
                .to_owned();
            expect!(s, "topic", { status: "NEVER" });
            begin!(s);
            let _ = s;
            scopes.push((scope, id));
        }
        scopes
    }

    /// From the first publish to the delivery of the last message.
    async fn deliver(&self, payloads: &[String], messages: usize) -> Duration {
        let client = self.broker.client();
        let mut end = client.subscribe("end").await.expect("a valid topic");
        let start = Instant::now();
        for payload in payloads.iter().cycle().take(messages) {
            client
                .publish("topic", payload.clone())
                .await
                .expect("a valid topic");
        }
        client.publish("end", "").await.expect("a valid topic");
        end.next().await.expect("the broker is there");
        start.elapsed()
    }
}

fn payload(id: &str) -> String {
    let value: Value =
        json!({ "status": "OK", "id": 7, "pad": "x".repeat(20), "correlation_id": id });
    value.to_string()
}

#[tokio::main]
async fn main() {
    println!(
        "{:>8} {:>14} {:>10} {:>14} {:>10} {:>16}",
        "open", "own id", "ratio", "foreign id", "ratio", "bytes/scenario"
    );
    let (mut own_base, mut foreign_base) = (None, None);
    for open in [1, 100, 1_000, 10_000] {
        let world = World::new().await;
        let before = resident_bytes();
        let scopes = world.open(open).await;
        let after = resident_bytes();
        let own: Vec<_> = scopes.iter().map(|(_, id)| payload(id)).collect();
        let foreign = [payload("of nobody")];
        world.deliver(&own, MESSAGES / 10).await;
        let (mut own_times, mut foreign_times) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            own_times.push(world.deliver(&own, MESSAGES).await);
            foreign_times.push(world.deliver(&foreign, MESSAGES).await);
        }
        let (own, foreign) = (median(own_times), median(foreign_times));
        let own_ratio = own.as_secs_f64() / own_base.get_or_insert(own).as_secs_f64();
        let foreign_ratio =
            foreign.as_secs_f64() / foreign_base.get_or_insert(foreign).as_secs_f64();
        let bytes = match (before, after) {
            (Some(before), Some(after)) if open >= 1_000 => {
                format!("{}", (after - before) / open as u64)
            }
            _ => "-".to_owned(),
        };
        println!(
            "{open:>8} {:>12.0}/s {own_ratio:>9.2}x {:>12.0}/s {foreign_ratio:>9.2}x {bytes:>16}",
            rate(MESSAGES, own),
            rate(MESSAGES, foreign),
        );
    }
}
