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
            .test("one_answer_too_many_is_shown", surplus)
            .test("a_duplicate_is_found", duplicate)
            .test(
                "silence_passes_and_a_forbidden_message_ends_at_once",
                absence,
            )
            .test("parts_come_in_their_order", ordered)
            .test("a_set_comes_in_any_order", set)
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

async fn surplus() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let (harness, service) = (harness(&server).await?, splitter(&server).await?);
    let mut scope = harness.scenario("two parts").open();
    let s = scope.arrange();
    let parts = expect!(s, "orders.part", times 1..=2, for 10s);
    publish!(s, "orders.new", { parts: [1, 2, 3] });
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Fail);
    assert_eq!(result[parts].count(), 2);
    let text = result.failure_text();
    assert!(text.contains("one too many: message 3 came"), "{text}");
    assert!(text.contains("\"part\":3"), "{text}");

    let mut scope = harness
        .scenario("four parts")
        .timeout(Duration::from_millis(500))
        .open();
    let s = scope.arrange();
    expect!(s, "orders.part", times 4);
    publish!(s, "orders.new", { parts: [1, 2, 3] });
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Fail);
    let text = result.failure_text();
    assert!(
        text.contains("3 of 4 messages came within 500 ms"),
        "{text}"
    );
    harness.close().await;
    service.abort();
    Ok(())
}

async fn duplicate() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let (harness, service) = (harness(&server).await?, splitter(&server).await?);
    let mut scope = harness.scenario("once").open();
    let s = scope.arrange();
    let once = expect!(s, "orders.part", { part: 1 }, exactly_once, for 10s);
    publish!(s, "orders.new", { parts: [1, 2, 1] });
    let result = settle!(s);
    assert_eq!(result[once].outcome(), Outcome::Fail);
    let text = result.failure_text();
    assert!(text.contains("a duplicate came"), "{text}");
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

async fn ordered() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let (harness, service) = (harness(&server).await?, splitter(&server).await?);
    let run = async |parts: [u32; 3]| {
        let mut scope = harness.scenario("parts in order").open();
        let s = scope.arrange();
        expect!(s, "orders.part", times 3, ordered_by part);
        publish!(s, "orders.new", { parts: parts });
        settle!(s)
    };
    run([1, 2, 2]).await.assert_passed();
    let result = run([1, 3, 2]).await;
    assert_eq!(result.outcome(), Outcome::Fail);
    let text = result.failure_text();
    assert!(text.contains("`part` of message 3 is 2 after 3"), "{text}");

    let mut scope = harness.scenario("done before its parts").open();
    let s = scope.arrange();
    let done = expect!(s, "orders.done");
    let part = expect!(s, "orders.part");
    in_order!(s, done, part);
    publish!(s, "orders.new", { parts: [1] });
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Fail);
    let text = result.failure_text();
    assert!(text.contains("✗ order  fail: `orders.part`"), "{text}");
    harness.close().await;
    service.abort();
    Ok(())
}

async fn set() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let (harness, service) = (harness(&server).await?, splitter(&server).await?);
    let run = async |parts: &[u32]| {
        let mut scope = harness
            .scenario("any order")
            .timeout(Duration::from_millis(500))
            .open();
        let s = scope.arrange();
        expect!(s, "orders.part", unordered [{ part: 1.. }, { part: 1..=2 }, { part: 1 }]);
        publish!(s, "orders.new", { parts: parts });
        settle!(s)
    };
    run(&[1, 2, 3]).await.assert_passed();
    run(&[3, 1, 2]).await.assert_passed();
    let result = run(&[3, 2, 2]).await;
    assert_eq!(result.outcome(), Outcome::Fail);
    let text = result.failure_text();
    assert!(text.contains("missing  { part: 1, .. }"), "{text}");
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
