//! Absence, counts and order over a real nats-server.

use std::process::ExitCode;
use std::time::Duration;

use choreo::prelude::*;
use choreo_test_brokers::{BrokerTests, NatsServer, broker_test_main};
use futures_util::StreamExt as _;

type TestError = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    broker_test_main(
        BrokerTests::needing("nats-server")
            .test("a_service_answers_so_often_and_no_more", counted)
            .test(
                "silence_passes_and_a_forbidden_message_ends_at_once",
                absence,
            )
            .test("absence_without_ids_must_be_allowed", unrouted)
            .test("two_hundred_scenarios_count_their_own", concurrent),
    )
}

async fn harness(server: &NatsServer) -> choreo::Result<Harness> {
    Harness::builder(Nats::new(server.url()))
        .correlation(FieldCorrelation::new("correlation_id"))
        .timeout(Duration::from_secs(10))
        .connect()
        .await
}

async fn unrouted() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let harness = Harness::builder(Nats::new(server.url())).connect().await?;
    for allowed in [false, true] {
        let mut scope = harness.scenario("no refund").open();
        let s = scope.arrange();
        if allowed {
            never!(s, "refunds", for 10ms, unrouted);
        } else {
            never!(s, "refunds", for 10ms);
        }
        begin!(s);
        let result = settle!(s);
        match result.error() {
            None => result.assert_passed(),
            Some(error) => {
                let text = "`refunds`: messages of NATS carry no correlation id here";
                assert!(!allowed && error.text.contains(text), "{error}");
            }
        }
    }
    harness.close().await;
    Ok(())
}

/// Splits every order into as many parts as it asks for, and says when it is done.
async fn splitter(server: &NatsServer) -> Result<tokio::task::JoinHandle<()>, TestError> {
    let client = async_nats::connect(server.url()).await?;
    let mut orders = client.subscribe("orders.new").await?;
    client.flush().await?;
    Ok(tokio::spawn(async move {
        while let Some(order) = orders.next().await {
            let order: choreo::Value =
                choreo::serde_json::from_slice(&order.payload).expect("orders are JSON");
            let id = &order["correlation_id"];
            let parts = order["parts"].as_array().expect("an order has parts");
            for part in parts {
                let part = json!({ "part": part, "correlation_id": id }).to_string();
                let sent = client.publish("orders.part", part.into()).await;
                sent.expect("the server is there");
            }
            let done = json!({ "parts": parts.len(), "correlation_id": id }).to_string();
            let sent = client.publish("orders.done", done.into()).await;
            sent.expect("the server is there");
        }
    }))
}

async fn counted() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let (harness, service) = (harness(&server).await?, splitter(&server).await?);
    let mut scope = harness.scenario("three parts").open();
    let s = scope.arrange();
    let parts = expect!(s, "orders.part", { part: _ }, times 3, within 5s);
    let done = expect!(s, "orders.done", { parts: 3 }, exactly_once);
    in_order!(s, parts, done);
    never!(s, "orders.lost", for 50ms);
    publish!(s, "orders.new", { parts: [1, 2, 3] });
    let result = settle!(s);
    result.assert_passed();
    assert_eq!(result[parts].count(), 3);
    let seen = result[parts].messages();
    assert_eq!((&seen[0]["part"], &seen[2]["part"]), (&json!(1), &json!(3)));
    harness.close().await;
    service.abort();
    Ok(())
}

async fn absence() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let (harness, service) = (harness(&server).await?, splitter(&server).await?);
    let mut scope = harness.scenario("no ninth part").open();
    let s = scope.arrange();
    let done = expect!(s, "orders.done");
    let none = never!(s, "orders.part", { part: 9 }, for 50ms);
    let after = never!(s, "orders.>", { part: _ }, for 50ms, since done);
    publish!(s, "orders.new", { parts: [1, 2] });
    let result = settle!(s);
    result.assert_passed();
    assert_eq!(result[none].outcome(), Outcome::Pass);
    assert_eq!(result[after].outcome(), Outcome::Pass);

    let mut scope = harness.scenario("a ninth part").open();
    let s = scope.arrange();
    let none = never!(s, "orders.*", { part: 9 }, for 60s);
    publish!(s, "orders.new", { parts: [1, 9] });
    let result = tokio::time::timeout(Duration::from_secs(30), async { settle!(s) }).await?;
    assert_eq!(result.outcome(), Outcome::Fail);
    let offender = result[none].offender().ok_or("it is shown")?;
    assert_eq!(&*offender.topic, "orders.part");
    harness.close().await;
    service.abort();
    Ok(())
}

/// Each sees its own messages on the topics of all: as many as it asked for, and none that it forbids.
async fn concurrent() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let (harness, service) = (harness(&server).await?, splitter(&server).await?);
    let scenarios = (0..200_u32).map(|number| {
        let harness = harness.clone();
        tokio::spawn(async move {
            let mut scope = harness.scenario("its own").open();
            let s = scope.arrange();
            let parts = expect!(s, "orders.part", { part: (number) }, times 2, for 200ms);
            never!(s, "orders.part", { part: != number }, for 200ms);
            publish!(s, "orders.new", { parts: [number, number] });
            let result = settle!(s);
            result.assert_passed();
            result[parts].count()
        })
    });
    for scenario in scenarios.collect::<Vec<_>>() {
        assert_eq!(scenario.await?, 2);
    }
    assert_eq!(harness.registration_count(), 0);
    assert_eq!(harness.surprises().0, []);
    harness.close().await;
    service.abort();
    Ok(())
}
