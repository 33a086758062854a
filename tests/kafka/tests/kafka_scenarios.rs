//! Scenarios over Kafka: what a test sees when the broker works, and when it does not.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::process::ExitCode;
use std::time::Duration;

use choreo::ScenarioErrorKind;
use choreo::prelude::*;
use choreo_test_brokers::scenarios::{self, disturbed, echo};
use choreo_test_brokers::{BrokerTests, KafkaMock, KafkaServer, TestError, broker_test_main};

fn main() -> ExitCode {
    broker_test_main(
        BrokerTests::needing("choreo-kafka-broker")
            .embedded_test("scenarios_pass_one_after_the_other", || async {
                let mock = KafkaMock::start()?;
                sequential(&harness(&mock.url()).await?).await
            })
            .test("scenarios_pass_on_a_broker_process", || async {
                let server = KafkaServer::builder().start()?;
                sequential(&harness(&server.url()).await?).await
            })
            .embedded_test("a_thousand_scenarios_at_once_do_not_meet", concurrent)
            .embedded_test("replies_keys_and_headers_cross_the_broker", replies)
            .test("a_killed_broker_is_error_within_a_second", killed)
            .test("a_suspended_broker_is_error", suspended)
            .embedded_test("silence_of_a_leader_that_hangs_is_error", hanging_leader)
            .test("scenarios_recover_after_a_restart", restarted)
            .embedded_test("a_payload_over_the_limit_is_error", too_large)
            .embedded_test("a_forbidden_topic_is_error", forbidden)
            .test("a_wrong_password_shows_in_no_output", wrong_password_run)
            .embedded_test("unused_subscriptions_end", unsubscribed)
            .embedded_test(
                "a_slip_of_a_service_is_told_where_topics_are_watched",
                watched,
            ),
    )
}

async fn harness(url: &str) -> choreo::Result<Harness> {
    Harness::builder(Kafka::new(url))
        .correlation(FieldCorrelation::new("correlation_id"))
        .timeout(Duration::from_secs(10))
        .connect()
        .await
}

async fn watched() -> Result<(), TestError> {
    let mock = KafkaMock::start()?;
    let kafka = || Kafka::new(mock.url());
    scenarios::slip_of_a_service(kafka(), kafka(), "^orders\\..*").await
}

async fn sequential(harness: &Harness) -> Result<(), TestError> {
    for number in 0..200 {
        echo(harness, "echo", number).await.assert_passed();
    }
    assert_eq!(harness.registration_count(), 0);
    assert_eq!(harness.surprises().0, []);
    harness.close().await;
    Ok(())
}

async fn concurrent() -> Result<(), TestError> {
    let mock = KafkaMock::start()?;
    let harness = harness(&mock.url()).await?;
    let tasks: Vec<_> = (0..1000)
        .map(|number| {
            let harness = harness.clone();
            tokio::spawn(async move { echo(&harness, "echo", number).await })
        })
        .collect();
    for task in tasks {
        let result = task.await?;
        result.assert_passed();
    }
    assert_eq!(harness.surprises().0, []);
    Ok(())
}

async fn replies() -> Result<(), TestError> {
    let mock = KafkaMock::start()?;
    let harness = Harness::builder(Kafka::new(mock.url()))
        .correlation(HeaderCorrelation::new("Correlation-Id"))
        .connect()
        .await?;
    let mut scope = harness.scenario("fraud check").open();
    let s = scope.arrange();
    reply!(s, "fraud.check.eu" => "fraud.result", |check| json!({ "id": check["id"], "ok": true }));
    let result = expect!(s, "fraud.result", { id: 7, ok: true });
    publish!(s, "fraud.check.eu", { id: 7 }, headers { "x-source": "test" }, key "7");
    let results = settle!(s);
    results.assert_passed();
    let envelope = results[result].envelope().unwrap();
    assert!(envelope.headers.get("correlation-id").is_some());
    assert!(envelope.metadata.get("offset").is_some());
    Ok(())
}

async fn killed() -> Result<(), TestError> {
    let mut server = KafkaServer::builder().start()?;
    let harness = harness(&server.url()).await?;
    let (result, took) = disturbed(&harness, || Ok(server.kill()?)).await?;
    assert_eq!(result.outcome(), Outcome::Error);
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Lost);
    let text = result.failure_text();
    assert!(text.contains("the connection to Kafka was lost"), "{text}");
    // The bound; the test waits 60 s for it otherwise.
    assert!(took < Duration::from_secs(1), "{took:?}");
    harness.close().await;
    Ok(())
}

async fn suspended() -> Result<(), TestError> {
    let server = KafkaServer::builder().start()?;
    let harness = harness(&server.url()).await?;
    let (result, took) = disturbed(&harness, || Ok(server.suspend()?)).await?;
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Lost);
    // Far below the timeout of 60 s.
    assert!(took < Duration::from_secs(10), "{took:?}");
    harness.close().await;
    Ok(())
}

async fn hanging_leader() -> Result<(), TestError> {
    let mock = KafkaMock::start_with(3)?;
    mock.create_topic("quiet", 1)?;
    mock.lead("quiet", 0, 3)?;
    let harness = harness(&mock.url()).await?;
    for hangs in [false, true] {
        if hangs {
            mock.delay(Some(3), Duration::from_secs(60))?;
        }
        let mut scope = harness.scenario("quiet").open();
        let s = scope.arrange();
        never!(s, "quiet", for 10ms);
        begin!(s);
        let result = settle!(s);
        if !hangs {
            result.assert_passed();
            continue;
        }
        assert_eq!(result.outcome(), Outcome::Error);
        let text = result.failure_text();
        assert!(text.contains("a leader of partitions"), "{text}");
    }
    harness.close().await;
    Ok(())
}

async fn restarted() -> Result<(), TestError> {
    let mut server = KafkaServer::builder().start()?;
    let harness = harness(&server.url()).await?;
    echo(&harness, "echo", 1).await.assert_passed();
    let (result, _) = disturbed(&harness, || Ok(server.restart()?)).await?;
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Lost);
    echo(&harness, "echo", 2).await.assert_passed();
    harness.close().await;
    Ok(())
}

async fn too_large() -> Result<(), TestError> {
    let mock = KafkaMock::start()?;
    let kafka = Kafka::new(mock.url()).max_message_bytes(2_000);
    let harness = Harness::builder(kafka)
        .correlation(test_namespace())
        .connect()
        .await?;
    let mut scope = harness.scenario("large").open();
    let s = scope.arrange();
    expect!(s, "large");
    publish!(s, "large", { pad: "x".repeat(3_000) });
    let result = settle!(s);
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Publish);
    let text = result.failure_text();
    assert!(text.contains("Message size too large"), "{text}");
    Ok(())
}

async fn forbidden() -> Result<(), TestError> {
    let mock = KafkaMock::start()?;
    let harness = Harness::builder(Kafka::new(mock.url()).create_topics(false))
        .correlation(test_namespace())
        .connect()
        .await?;
    let mut scope = harness.scenario("no topic").open();
    let s = scope.arrange();
    expect!(s, "missing");
    publish!(s, "missing", { n: 1 });
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Error);
    let text = result.failure_text();
    assert!(text.contains("there is no such topic"), "{text}");
    Ok(())
}

/// The broker process keeps no users: every password is wrong.
async fn wrong_password_run() -> Result<(), TestError> {
    let server = KafkaServer::builder().authentication().start()?;
    scenarios::wrong_password_run(env!("CARGO_BIN_EXE_kafka-wrong-password"), &server.url()).await
}

async fn unsubscribed() -> Result<(), TestError> {
    let mock = KafkaMock::start()?;
    let harness = Harness::builder(Kafka::new(mock.url()))
        .correlation(test_namespace())
        .linger(Duration::from_millis(1))
        .connect()
        .await?;
    for number in 0..20 {
        echo(&harness, &format!("topic.{number}"), number)
            .await
            .assert_passed();
    }
    let gone = async {
        while harness.subscription_count() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await?;
    // A message that nobody subscribes to any more reaches no receive task.
    let before = harness.surprises().0.len();
    echo(&harness, "other", 1).await.assert_passed();
    assert_eq!(harness.surprises().0.len(), before);
    Ok(())
}
