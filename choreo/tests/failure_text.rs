//! What a person reads when a scenario fails, as a whole. Times and ids are replaced.
#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

use std::sync::Arc;
use std::time::Duration;

use choreo::prelude::*;
use choreo::{ScenarioResult, Value};

async fn harness(broker: &Memory) -> Harness {
    Harness::builder(broker.clone())
        .correlation(FieldCorrelation::new("correlation_id"))
        .timeout(Duration::from_millis(50))
        .connect()
        .await
        .unwrap()
}

/// A service that answers `orders.created` on `to` with what the function makes of the order.
async fn service(broker: &Memory, to: &'static str, answer: fn(Value) -> Value) {
    let client = broker.client();
    let mut orders = client.subscribe("orders.created").await.unwrap();
    tokio::spawn(async move {
        while let Some(order) = orders.next().await {
            let order = choreo::serde_json::from_slice(&order.payload).unwrap();
            client.publish(to, answer(order).to_string()).await.unwrap();
        }
    });
}

fn text_of(result: &Arc<ScenarioResult>) -> String {
    let text = result.failure_text();
    let durations = regex::Regex::new(r" *\+?\d+(\.\d+)? (ns|µs|ms|s)\b").unwrap();
    let text = durations.replace_all(&text, " <time>");
    let ids = regex::Regex::new("[0-9a-f]{32}").unwrap();
    let text = ids.replace_all(&text, "<id>");
    let places = regex::Regex::new(r"failure_text\.rs:\d+").unwrap();
    places
        .replace_all(&text, "failure_text.rs:<line>")
        .into_owned()
}

#[tokio::test]
async fn what_came_could_not_be_decoded() {
    let broker = Memory::new();
    let harness = harness(&broker).await;
    let mut scope = harness.scenario("an order is processed").open();
    let s = scope.arrange();
    expect!(s, "orders.processed", { status: "COMPLETED" });
    publish!(s, "orders.created", { count: 1 });
    let client = broker.client();
    for payload in ["<order/>", "status=COMPLETED"] {
        client.publish("orders.processed", payload).await.unwrap();
    }
    insta::assert_snapshot!(text_of(&settle!(s)));
}

#[tokio::test]
async fn something_wrong_came() {
    let broker = Memory::new();
    let harness = harness(&broker).await;
    service(&broker, "orders.processed", |order| {
        json!({
            "status": "REJECTED",
            "order": { "item_id": order["item_id"], "count": 0 },
            "steps": [{ "state": "NEW" }, { "state": "LOST" }],
            "error": "out of stock",
            "correlation_id": order["correlation_id"],
        })
    })
    .await;
    let mut scope = harness.scenario("an order is processed").open();
    let s = scope.arrange();
    expect!(s, "orders.processed", {
        status: "COMPLETED",
        order: { item_id: =~ r"^ITEM-\d+$", count: > 0, .. },
        steps: every { state: in ["NEW", "PART"] },
        error: absent,
    }, within 50ms);
    expect!(s, "orders.created", _);
    publish!(s, "orders.created", { item_id: "ITEM-42" });
    insta::assert_snapshot!(text_of(&settle!(s)));
}

#[tokio::test]
async fn nothing_came_and_why() {
    let broker = Memory::new();
    let harness = harness(&broker).await;
    service(
        &broker,
        "orders.processed",
        |order| json!({ "item_id": order["item_id"] }),
    )
    .await;
    service(&broker, "orders.procesed", |order| order).await;
    let mut scope = harness.scenario("an order is processed").open();
    let s = scope.arrange();
    expect!(s, "orders.processed", { item_id: "ITEM-42" });
    expect!(s, "orders.procesed");
    reply!(s, "fraud.check" => "fraud.result", { ok: true });
    publish!(s, "orders.created", { item_id: "ITEM-42" });
    insta::assert_snapshot!(text_of(&settle!(s)));
}

/// One that carries no id may be the answer, and then the timeout is none too short.
#[tokio::test]
async fn messages_of_ended_scenarios_came() {
    let broker = Memory::new();
    let harness = harness(&broker).await;
    let client = broker.client();
    let mut scope = harness.scenario("an order is late").open();
    let s = scope.arrange();
    expect!(s, "orders.processed");
    let late = json!({ "correlation_id": s.correlation_id().unwrap().as_str() }).to_string();
    publish!(s, "orders.created", {});
    settle!(s);
    drop(scope);
    let had_ended = "on this topic 1 message belonged to scenarios that had ended";
    for (others, says) in [(0, ": is the timeout too short?\n"), (1, "\n")] {
        let mut scope = harness.scenario("an order is processed").open();
        let s = scope.arrange();
        expect!(s, "orders.processed");
        publish!(s, "orders.created", {});
        for payload in std::iter::repeat_n("{}", others).chain([&*late]) {
            client
                .publish("orders.processed", payload.to_owned())
                .await
                .unwrap();
        }
        let text = text_of(&settle!(s));
        assert!(text.contains(&format!("{had_ended}{says}")), "{text}");
    }
}

#[tokio::test]
async fn the_connection_was_lost() {
    let broker = Memory::new();
    let harness = harness(&broker).await;
    let mut scope = harness.scenario("an order is processed").open();
    let s = scope.arrange();
    expect!(s, "orders.processed", { item_id: "ITEM-42" });
    publish!(s, "orders.created", { item_id: "ITEM-42" });
    broker.break_connections("the broker was killed");
    insta::assert_snapshot!(text_of(&settle!(s)));
}

#[tokio::test]
async fn something_around_the_payload_was_wrong() {
    let broker = Memory::new();
    let harness = harness(&broker).await;
    let mut scope = harness.scenario("an order is stored").open();
    let s = scope.arrange();
    expect!(
        s, "orders.stored", { status: "STORED", count: > 0 }, within 50ms,
        headers { "x-source": "test", "x-trace": =~ "^t-" },
        key "ORD-42",
        metadata { partition: 2 },
    );
    expect!(s, "orders.lost", { status: _ }, headers { "x-source": in ["test", "load"] }, key _);
    publish!(
        s, "orders.stored", { status: "STORED", count: 0 },
        headers { "x-sorce": "test", "X-Trace": "s-1", "x-token": "sentinel" },
        key "ORD-43",
        metadata { partition: 1, app_id: "shop" },
    );
    let text = text_of(&settle!(s));
    assert!(!text.contains("sentinel"), "{text}");
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn no_answer_came_to_the_inbox() {
    let broker = Memory::new();
    let harness = harness(&broker).await;
    service(&broker, "prices", |_| json!({ "price": 7 })).await;
    let mut scope = harness.scenario("a price is asked").open();
    let s = scope.arrange();
    expect!(s, s.inbox(), { price: > 0 }, within 50ms);
    reply!(s, "stock.get" => _, { level: 3 });
    request!(s, "orders.created", { item_id: "ITEM-42" });
    insta::assert_snapshot!(text_of(&settle!(s)));
}

#[tokio::test]
async fn the_second_act_failed() {
    let broker = Memory::new();
    let harness = harness(&broker).await;
    service(
        &broker,
        "orders.processed",
        |order| json!({ "id": "ORD-1", "correlation_id": order["correlation_id"] }),
    )
    .await;
    let mut scope = harness.scenario("an order is paid").open();
    let s = scope.arrange();
    expect!(s, "orders.processed", { id: _ });
    publish!(s, "orders.created", { item_id: "ITEM-42" });
    let s = next_act!(s);
    expect!(s, "orders.paid", { id: "ORD-1" });
    expect!(s, "orders.pay", { id: "ORD-2" });
    publish!(s, "orders.pay", { id: "ORD-1" });
    let s = next_act!(s);
    expect!(s, "orders.sent");
    publish!(s, "orders.send", {});
    insta::assert_snapshot!(text_of(&settle!(s)));
}

#[tokio::test]
async fn values_were_not_as_described() {
    let broker = Memory::new();
    let harness = harness(&broker).await;
    let mut scope = harness.scenario("an order is described").open();
    let s = scope.arrange();
    expect!(s, "orders", {
        id: capture id: String & prefix "ORD-",
        file: suffix ".pdf",
        state: ignore_case "new",
        price: approx 9.95 +- 0.01,
        at: after "2026-01-31T12:00:00Z",
        paid: approx "2026-01-31T12:00:00Z" +- 5s,
        lines: unordered [{ sku: "A", count: 1 }, { sku: "B", count: 2 }],
        size: => choreo::matchers::satisfies("an even number", |size: &u32| size.is_multiple_of(2)),
    });
    expect!(s, "orders", at "/lines/1/sku" "C" & at "/lines/7" _);
    publish!(s, "orders", {
        id: 42,
        file: "invoice.txt",
        state: "OLD",
        price: 3.2,
        at: "2026-01-31T12:30:00+01:00",
        paid: "yesterday",
        lines: [{ sku: "B", count: 3 }, { sku: "A", count: 1 }],
        size: 3,
    });
    insta::assert_snapshot!(text_of(&settle!(s)));
}
