//! Scenarios over JetStream: what a test sees when the server works, and when it does not.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use choreo::prelude::*;
use choreo::{ScenarioErrorKind, ScenarioResult};
use choreo_test_brokers::scenarios::echo;
use choreo_test_brokers::{BrokerTests, NatsServer, TestError, broker_test_main};
use serde_json::Value;

fn main() -> ExitCode {
    broker_test_main(
        BrokerTests::needing("nats-server")
            .test("scenarios_pass_one_after_the_other", sequential)
            .test("five_hundred_scenarios_at_once_do_not_meet", concurrent)
            .test("replies_and_headers_cross_the_stream", replies)
            .test("a_killed_server_is_error_at_once", killed)
            .test("scenarios_recover_after_a_restart", restarted)
            .test("a_topic_without_a_stream_is_error", no_stream)
            .test("a_full_stream_is_error", full_stream)
            .test("unused_subscriptions_leave_no_consumer", unsubscribed),
    )
}

async fn harness(server: &NatsServer) -> choreo::Result<Harness> {
    Harness::builder(JetStream::new(server.url()).stream("TEST", ["test.>"]))
        .correlation(FieldCorrelation::new("correlation_id"))
        .timeout(Duration::from_secs(10))
        .linger(Duration::from_millis(1))
        .connect()
        .await
}

fn server() -> Result<NatsServer, TestError> {
    Ok(NatsServer::builder().jetstream().start()?)
}

async fn sequential() -> Result<(), TestError> {
    let server = server()?;
    let harness = harness(&server).await?;
    for number in 0..200 {
        echo(&harness, "test.echo", number).await.assert_passed();
    }
    assert_eq!(harness.registration_count(), 0);
    assert_eq!(harness.surprises().0, []);
    harness.close().await;
    assert_eq!(consumers(&server).await?, 0);
    Ok(())
}

async fn concurrent() -> Result<(), TestError> {
    let server = server()?;
    let harness = harness(&server).await?;
    let tasks: Vec<_> = (0..500)
        .map(|number| {
            let harness = harness.clone();
            tokio::spawn(async move { echo(&harness, "test.echo", number).await })
        })
        .collect();
    for task in tasks {
        task.await?.assert_passed();
    }
    assert_eq!(harness.surprises().0, []);
    Ok(())
}

async fn replies() -> Result<(), TestError> {
    let server = server()?;
    let harness = Harness::builder(JetStream::new(server.url()).stream("TEST", ["test.>"]))
        .correlation(HeaderCorrelation::new("Correlation-Id"))
        .connect()
        .await?;
    let mut scope = harness.scenario("fraud check").open();
    let s = scope.arrange();
    reply!(s, "test.check.*" => "test.result", |check| json!({ "id": check["id"], "ok": true }));
    let result = expect!(s, "test.result", { id: 7, ok: true });
    publish!(s, "test.check.eu", { id: 7 }, headers { "x-source": "test" });
    let results = settle!(s);
    results.assert_passed();
    let envelope = results[result].envelope().unwrap();
    assert!(envelope.headers.get("correlation-id").is_some());
    assert_eq!(envelope.metadata.get("stream_sequence"), Some(&json!(2)));
    Ok(())
}

/// A scenario that waits for what never comes, while something happens to the server.
async fn disturbed(
    harness: &Harness,
    disturb: impl FnOnce() -> Result<(), TestError>,
) -> Result<Arc<ScenarioResult>, TestError> {
    let mut scope = harness
        .scenario("disturbed")
        .timeout(Duration::from_secs(60))
        .open();
    let s = scope.arrange();
    expect!(s, "test.never");
    publish!(s, "test.trigger", { n: 1 });
    disturb()?;
    // Below the scenario's own timeout.
    let settled = async move { settle!(s) };
    Ok(tokio::time::timeout(Duration::from_secs(10), settled).await?)
}

async fn killed() -> Result<(), TestError> {
    let mut server = server()?;
    let harness = harness(&server).await?;
    let result = disturbed(&harness, || Ok(server.kill()?)).await?;
    assert_eq!(result.outcome(), Outcome::Error);
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Lost);
    let text = result.failure_text();
    assert!(
        text.contains("the connection to JetStream was lost"),
        "{text}"
    );
    Ok(())
}

async fn restarted() -> Result<(), TestError> {
    let mut server = server()?;
    let harness = harness(&server).await?;
    echo(&harness, "test.echo", 1).await.assert_passed();
    for number in 2..5 {
        let result = disturbed(&harness, || Ok(server.restart()?)).await?;
        assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Lost);
        echo(&harness, "test.echo", number).await.assert_passed();
    }
    Ok(())
}

async fn no_stream() -> Result<(), TestError> {
    let server = server()?;
    let harness = harness(&server).await?;
    let mut scope = harness.scenario("an answer without a stream").open();
    let s = scope.arrange();
    expect!(s, "other.answer");
    publish!(s, "test.question", { n: 1 });
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Error);
    let text = result.failure_text();
    assert!(
        text.contains("no stream keeps messages of `other.answer`"),
        "{text}"
    );

    let mut scope = harness.scenario("a question without a stream").open();
    let s = scope.arrange();
    expect!(s, "test.answer");
    publish!(s, "other.question", { n: 1 });
    let result = settle!(s);
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Publish);
    let text = result.failure_text();
    assert!(
        text.contains("no stream keeps messages of `other.question`"),
        "{text}"
    );
    Ok(())
}

async fn full_stream() -> Result<(), TestError> {
    let server = server()?;
    let raw = async_nats::connect(server.url()).await?;
    let full = json!({
        "name": "FULL", "subjects": ["full"], "storage": "memory", "max_msgs": 1, "discard": "new",
    });
    raw.request("$JS.API.STREAM.CREATE.FULL", full.to_string().into())
        .await?;
    let harness = harness(&server).await?;
    echo(&harness, "full", 1).await.assert_passed();
    let result = echo(&harness, "full", 2).await;
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Publish);
    let text = result.failure_text();
    assert!(text.contains("maximum messages exceeded"), "{text}");
    Ok(())
}

/// How many consumers the server has.
async fn consumers(server: &NatsServer) -> Result<u64, TestError> {
    let raw = async_nats::connect(server.url()).await?;
    let answer = raw.request("$JS.API.INFO", "".into()).await?;
    let account: Value = serde_json::from_slice(&answer.payload)?;
    account["consumers"]
        .as_u64()
        .ok_or_else(|| account.to_string().into())
}

async fn unsubscribed() -> Result<(), TestError> {
    let server = server()?;
    let harness = harness(&server).await?;
    for number in 0..20 {
        echo(&harness, &format!("test.{number}"), number)
            .await
            .assert_passed();
    }
    let gone = async {
        while consumers(&server).await? > 0 {
            tokio::task::yield_now().await;
        }
        Ok::<_, TestError>(())
    };
    // Below the 5 s after which the server deletes by itself.
    tokio::time::timeout(Duration::from_secs(4), gone).await??;
    Ok(())
}
