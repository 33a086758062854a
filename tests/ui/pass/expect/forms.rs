//! Every form of the language, in a crate that denies warnings.
#![deny(warnings, clippy::all)]
#![forbid(unsafe_code)]

use choreo::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Message)]
#[message(topic = "orders.processed")]
struct Order {
    id: String,
    status: Status,
    r#type: Option<f64>,
    items: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Status {
    Completed,
    Rejected { reason: String },
    Retried(u32),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Item {
    sku: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Message)]
#[message(topic = "events")]
enum Event {
    Opened { by: String },
    Closed(u32),
    Lost,
}

/// No `Debug`: a struct that is only taken apart needs none.
#[derive(Serialize, Deserialize, Message)]
#[message(topic = "silent")]
struct Silent {
    count: u32,
}

const TOPIC: &str = "orders.constant";

fn topic() -> String {
    "orders.computed".to_owned()
}

fn body(s: Scenario<'_>) {
    let limit = 5;
    let first = expect!(s, "orders");
    expect!(s, "orders", within 50ms);
    expect!(s, "orders", {}, within 50ms, since first,);
    expect!(s, TOPIC, _);
    expect!(s, topic(), 5);
    expect!(s, format!("orders.{limit}"), null, within std::time::Duration::from_millis(5));
    expect!(s, "orders", {
        a: 1, b: -1.5, c: "x", d: true, e: (limit + 1), f: > limit, g: >= 1, h: < 2.5, i: <= limit, j: != "x",
        k: 1..5, l: 1..=limit, m: 1.., n: ..5, o: ..=5, p: "a".."b",
        q: =~ r"^a\d", r: in ["A", "B"], s: _, t: absent, u: null,
        v: { "odd key": 1, type: 2, .. }, w: { in: 1; exact }, x: {}, y: { .. },
        z: [], aa: [1, 2], ab: [1, ..], ac: [.., 1], ad: [.., 1, .., 2, ..], ae: [..],
        af: every > 0, ag: any { id: 1 }, ah: len > 0 & any 1, ai: > 0 & < 5 | null, aj: !"x" & !(1 | null),
        ak: contains "x", al: => pattern!(> 5), am: Item { sku: _ }, an: Status::Completed, ao: 'c',
    });
    expect!(s, "orders", { a: (> 5 | absent) & !("A" | "B"), b: !(Status::Completed | Status::Retried(_)) });
    let frame = vec![0_u8, 1];
    expect!(s, "orders", bytes (frame));
    expect!(s, "orders", bytes b"abc" | contains "x");
    expect!(s, "orders", bytes "abc");
    let (id, ids) = ("A".to_owned(), vec![1, 2]);
    expect!(s, "orders", { id: (id), other: != id, ids: (ids), more: in [(id), "B"] });
    // Dynamic patterns only look at values.
    drop((id, ids));
    let (order, trace) = ("ORD-42".to_owned(), "t-1");
    expect!(s, "orders", headers { "x-source": "test", trace: (trace), type: _, "x-gone": absent, .. });
    expect!(s, "orders", { a: 1 }, within 50ms, key (order), headers { a: != "x" & =~ "^a"; exact }, since first);
    expect!(s, "orders", key "a" | "b", metadata { partition: in [0, 1], "x_death": [{ reason: "expired" }, ..] });
    expect!(s, "orders", key bytes b"\xff");
    expect!(s, Order, key absent, headers {}, metadata { offset: > limit });
    expect!(s, s.inbox(), Silent { count: 1 }, headers { a: in ["x", (trace)] });
    drop(order);
    expect!(s, Order);
    expect!(s, Order { .. });
    expect!(s, Order { id: "ORD", status: Status::Completed, r#type: > 0, items: _ }, within 1.5s);
    expect!(s, Order {
        id: (format!("ORD-{limit}")),
        status: Status::Rejected { reason: contains "x" } | Status::Retried(> limit),
        r#type: absent | 0.5 | Some(0.5),
        items: [Item { .. }, ..] & every Item { sku: =~ "^A" } & len 1..5 & any (Item { sku: "A".into() }),
    });
    expect!(s, Order { items: => pattern!([..]), id: in ["A", "B"], status: (Status::Completed), .. });
    expect!(s, Event::Opened { by: "me" });
    expect!(s, Event::Closed(7) | Event::Lost);
    expect!(s, !Event::Lost);
    expect!(s, Silent { count: 1 });
}

fn main() {
    let _ = body;
}
