use std::time::SystemTime;

use choreo::prelude::*;
use choreo::{Value, matchers};

#[derive(Debug, Serialize, Deserialize, Message)]
#[message(topic = "orders")]
struct Order {
    id: String,
    price: f64,
    at: String,
    lines: Vec<String>,
}

struct Range {
    low: u32,
}

async fn scenario(s: Scenario<'_>) {
    let started = SystemTime::now();
    let (time, price, tolerance) = ("2026-01-31T12:30:00Z".to_owned(), 9.95, 0.01);
    let captured: Value = json!("2026-01-31T12:30:00Z");
    expect!(s, "orders", {
        id: capture order_id: String & prefix "ORD-" & suffix "-A",
        price: approx 9.95 +- 0.01,
        total: approx (price) +- (tolerance) | absent,
        count: approx 3 +- 1,
        at: after (started) & before "2126-01-31T12:30:00+01:00",
        paid: approx (&time) +- 5s,
        sent: approx time +- 1.5s & after (captured),
        state: ignore_case "new",
        note: ignore_case contains "urgent" & ignore_case prefix "a" & ignore_case suffix "z",
        lines: unordered [{ sku: capture sku }, { sku: "B" }],
        tags: unordered ["a", ..],
        item: capture item: choreo::serde_json::Map<String, Value>,
        even: => matchers::satisfies("an even number", |number: &i64| number % 2 == 0),
        kind: capture one & "A" | capture one & "B",
    }, within 50ms);
    expect!(s, "orders", at "/order/lines/0" { sku: capture first });
    expect!(s, "orders", at "/error" absent & at "" _);
    expect!(s, "orders", (unordered [1, 2]));
    expect!(s, "orders", any { id: capture id });
    expect!(s, "orders", prefix "%PDF", key prefix "ORD-", headers { "x-at": before "2126-01-31T12:30:00Z" });
    // Words of the language stay names of fields, variables and functions.
    let at = 1;
    let range = Range { low: 1 };
    expect!(s, "orders", { at: (at), path: 1, capture: 2, prefix: 3, low: range.low..5 });
    expect!(s, Order {
        id: prefix "ORD-",
        price: approx 9.95 +- 0.01,
        at: after "2026-01-31T12:30:00Z",
        lines: unordered ["A", ..],
    });
    reply!(s, "orders", { id: prefix "ORD-" } => "answers", {});
}

fn main() {
    let _ = scenario;
    let _ = choreo::pattern!({ id: capture id });
}
