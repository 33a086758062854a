//! The test plays the fraud check: it answers the checkout's questions with `reply!`.
//!
//! ```sh
//! cargo test -p request-reply
//! ```

use choreo::ReplyState;
use choreo::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(topic = "fraud.check")]
struct FraudCheck {
    order_id: String,
    amount_cents: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(topic = "fraud.result")]
struct FraudResult {
    order_id: String,
    decision: Decision,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Decision {
    Approve,
    Decline,
}

/// The checkout as a task on a broker in memory.
#[choreo::harness]
async fn shop() -> Result<Harness> {
    let broker = Memory::new();
    for topic in ["orders.created", "fraud.result"] {
        let client = broker.client();
        let mut messages = client.subscribe(topic).await?;
        tokio::spawn(async move {
            while let Some(message) = messages.next().await {
                if let Ok((topic, payload)) =
                    request_reply::on_message(&message.topic, &message.payload)
                {
                    // The broker is gone only when the run is over.
                    let _ = client.publish(topic, payload).await;
                }
            }
        });
    }
    Harness::builder(broker)
        .correlation(FieldCorrelation::new("correlation_id"))
        .connect()
        .await
}

/// Typed: the closure's types name both topics.
#[choreo::scenario(shop, timeout = 500ms)]
async fn a_small_order_is_accepted(s: Scenario<'_>) {
    reply!(s, |check: FraudCheck| FraudResult {
        decision: if check.amount_cents < 100_000 {
            Decision::Approve
        } else {
            Decision::Decline
        },
        order_id: check.order_id,
    });
    expect!(s, "orders.decided", { order_id: "ORD-1", accepted: true }, within 50ms);

    publish!(s, "orders.created", { order_id: "ORD-1", amount_cents: 4_200 });
}

/// Dynamic: topics by name, an answer only to what the pattern accepts.
#[choreo::scenario(shop, timeout = 500ms)]
async fn a_suspicious_order_is_refused(s: Scenario<'_>) {
    reply!(s, "fraud.check", { amount_cents: >= 100_000 } => "fraud.result", |check| {
        json!({ "order_id": check["order_id"], "decision": "DECLINE" })
    });
    expect!(s, "orders.decided", { order_id: "ORD-2", accepted: false }, within 50ms);

    publish!(s, "orders.created", { order_id: "ORD-2", amount_cents: 250_000 });
}

/// A reply answers once unless it says otherwise. The result tells what became of it.
#[choreo::scenario(shop, timeout = 500ms)]
async fn two_orders_of_one_customer(s: Scenario<'_>) {
    reply!(s, "fraud.check" => "fraud.result", |check| {
        json!({ "order_id": check["order_id"], "decision": "APPROVE" })
    }, times 2);
    expect!(s, "orders.decided", { order_id: "ORD-3" });
    expect!(s, "orders.decided", { order_id: "ORD-4" });

    publish!(s, "orders.created", { order_id: "ORD-3", amount_cents: 100 });
    publish!(s, "orders.created", { order_id: "ORD-4", amount_cents: 100 });

    let result = settle!(s);
    let reply = &result.replies()[0];
    assert_eq!(reply.state, ReplyState::Replied);
    assert_eq!((reply.candidate_count, reply.reply_count), (2, 2));
}

/// The reply's pattern refuses the question, so nobody answers: the failure text says so.
#[choreo::scenario(shop, timeout = 200ms, should_fail = "the fraud check is played for large orders only")]
async fn a_small_order_that_nobody_checks(s: Scenario<'_>) {
    reply!(s, "fraud.check", { amount_cents: >= 100_000 } => "fraud.result", { decision: "DECLINE", order_id: "ORD-5" });
    expect!(s, "orders.decided", { order_id: "ORD-5" });

    publish!(s, "orders.created", { order_id: "ORD-5", amount_cents: 4_200 });
}

fn main() {
    choreo::main!()
}
