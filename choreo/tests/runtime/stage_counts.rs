//! Absence, counts and order over two transports.

use std::time::Duration;

use choreo::prelude::*;

#[derive(Stage)]
struct Gateway {
    nats: Harness,
    kafka: Harness,
}

async fn stage() -> Stage<Gateway> {
    Stage::<Gateway>::builder(GatewayBuilder {
        nats: Harness::builder(Memory::new()).correlation(FieldCorrelation::new("correlation_id")),
        kafka: Harness::builder(Memory::new())
            .correlation(HeaderCorrelation::new("x-correlation-id")),
    })
    .connect()
    .await
    .unwrap()
}

#[tokio::test]
async fn everything_holds_on_two_transports() {
    let stage = stage().await;
    let mut scope = stage.scenario("all of it").open().await.unwrap();
    let s = scope.arrange();
    let orders = expect!(s.nats, "orders", { n: _ }, times 2..=3, ordered_by n, for 30ms);
    let parcels = expect!(s.kafka, "parcels", unordered [{ n: 1.. }, { n: 1 }]);
    let once = expect!(s.kafka, "orders", exactly_once, for 30ms);
    let none = never!(s.kafka, "refunds", for 30ms);
    never!(s.nats, "parcels", for 30ms, since once);
    in_order!(s, orders, once);
    begin!(s);
    publish!(s.nats, "orders", { n: 1 });
    publish!(s.nats, "orders", { n: 2 });
    publish!(s.kafka, "parcels", { n: 1 });
    publish!(s.kafka, "parcels", { n: 2 });
    tokio::task::yield_now().await;
    publish!(s.kafka, "orders", { n: 1 });
    let result = settle!(s);
    result.assert_passed();
    assert_eq!((result[orders].count(), result[parcels].count()), (2, 2));
    assert_eq!(result[none].outcome(), Outcome::Pass);
    stage.close().await;
}

#[tokio::test]
async fn a_violation_names_the_transport_and_ends_everything() {
    let stage = stage().await;
    let mut scope = stage
        .scenario("a refund")
        .timeout(Duration::from_secs(60))
        .open()
        .await
        .unwrap();
    let s = scope.arrange();
    let open = expect!(s.nats, "orders", times 2);
    let none = never!(s.kafka, "refunds", { id: 1 }, for 60s);
    begin!(s);
    publish!(s.nats, "orders", { n: 1 });
    publish!(s.kafka, "refunds", { id: 1 });
    let settled = tokio::time::timeout(Duration::from_secs(20), async { settle!(s) });
    let result = settled.await.expect("it ends at once");
    assert_eq!(result.outcome(), Outcome::Fail);
    assert!(result[none].offender().is_some());
    assert!(result[open].count() <= 1);
    let text = result.failure_text();
    assert!(
        text.contains("✗ refunds on kafka  fail: a message came"),
        "{text}"
    );
    stage.close().await;
}

#[tokio::test]
async fn the_order_of_handles_spans_transports() {
    let stage = stage().await;
    let mut scope = stage.scenario("order").open().await.unwrap();
    let s = scope.arrange();
    let first = expect!(s.nats, "orders");
    let second = expect!(s.kafka, "parcels");
    let seen = expect!(s.kafka, "parcels", at_least 1);
    in_order!(s, first, second);
    begin!(s);
    publish!(s.kafka, "parcels", {});
    // The parcel is there before the order goes out.
    let parcel = async {
        while s.elapsed() < Duration::from_millis(20) {
            tokio::task::yield_now().await;
        }
    };
    parcel.await;
    publish!(s.nats, "orders", {});
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Fail);
    assert_eq!(result[seen].count(), 1);
    let text = result.failure_text();
    assert!(
        text.contains("✗ order  fail: `parcels` on kafka (stage_counts.rs:"),
        "{text}"
    );
    assert!(
        text.contains("before `orders` on nats (stage_counts.rs:"),
        "{text}"
    );
    stage.close().await;
}
