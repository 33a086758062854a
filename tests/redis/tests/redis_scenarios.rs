//! Scenarios over a real redis-server: what a test sees when the broker works, and when it does not.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::process::ExitCode;
use std::time::Duration;

use choreo::ScenarioErrorKind;
use choreo::prelude::*;
use choreo::transport::Transport;
use choreo_test_brokers::scenarios::{self, disturbed, echo};
use choreo_test_brokers::{BrokerTests, RedisServer, TestError, broker_test_main};

/// A credential that must show nowhere.
const SENTINEL: &str = "s3ntinel-p4ssword";

fn main() -> ExitCode {
    broker_test_main(
        BrokerTests::needing("redis-server")
            .test("scenarios_pass_one_after_the_other", sequential)
            .test("a_thousand_scenarios_at_once_do_not_meet", concurrent)
            .test("replies_cross_channels", channel_replies)
            .test("replies_and_headers_cross_streams", stream_replies)
            .test("flat_fields_are_expected_as_text", flat_fields)
            .test("a_killed_server_is_error_within_a_second", killed)
            .test("scenarios_recover_after_a_restart", restarted)
            .test("a_payload_over_the_limit_is_error", too_large)
            .test("a_forbidden_topic_is_error_in_the_servers_words", forbidden)
            .test("a_wildcard_over_streams_is_error", wildcard)
            .test("a_wrong_password_is_one_clear_message", wrong_password)
            .test("a_wrong_password_shows_in_no_output", wrong_password_run)
            .test("unused_subscriptions_end_on_the_server", unsubscribed)
            .test(
                "a_slip_of_a_service_is_told_where_topics_are_watched",
                watched,
            ),
    )
}

async fn harness(transport: impl Transport) -> choreo::Result<Harness> {
    Harness::builder(transport)
        .correlation(FieldCorrelation::new("correlation_id"))
        .timeout(Duration::from_secs(10))
        .connect()
        .await
}

/// A harness for each transport.
async fn both(server: &RedisServer) -> choreo::Result<[Harness; 2]> {
    Ok([
        harness(Redis::new(server.url())).await?,
        harness(RedisStreams::new(server.url())).await?,
    ])
}

async fn watched() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    let redis = || Redis::new(server.url());
    scenarios::slip_of_a_service(redis(), redis(), "orders.*").await?;
    // Streams have no wildcards.
    let streams = || RedisStreams::new(server.url());
    scenarios::slip_of_a_service(streams(), streams(), "orders.procesed").await
}

async fn sequential() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    for harness in both(&server).await? {
        for number in 0..200 {
            echo(&harness, "echo", number).await.assert_passed();
        }
        assert_eq!(harness.registration_count(), 0);
        assert_eq!(harness.surprises().0, []);
        harness.close().await;
    }
    Ok(())
}

async fn concurrent() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    for harness in both(&server).await? {
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
    }
    Ok(())
}

async fn channel_replies() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    let harness = harness(Redis::new(server.url())).await?;
    let mut scope = harness.scenario("fraud check").open();
    let s = scope.arrange();
    reply!(s, "fraud.check.*" => "fraud.result", |check| json!({ "id": check["id"], "ok": true }));
    expect!(s, "fraud.result", { id: 7, ok: true });
    publish!(s, "fraud.check.eu", { id: 7 });
    settle!(s).assert_passed();
    Ok(())
}

async fn stream_replies() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    let harness = Harness::builder(RedisStreams::new(server.url()))
        .correlation(HeaderCorrelation::new("Correlation-Id"))
        .connect()
        .await?;
    let mut scope = harness.scenario("fraud check").open();
    let s = scope.arrange();
    reply!(s, "fraud.check" => "fraud.result", |check| json!({ "id": check["id"], "ok": true }));
    let result = expect!(s, "fraud.result", { id: 7, ok: true });
    publish!(s, "fraud.check", { id: 7 }, headers { "x-source": "test" });
    let results = settle!(s);
    results.assert_passed();
    let envelope = results[result].envelope().unwrap();
    assert!(envelope.headers.get("correlation-id").is_some());
    assert!(envelope.metadata.get("id").is_some());
    Ok(())
}

async fn flat_fields() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    let harness = harness(RedisStreams::new(server.url()).fields_as_json()).await?;
    let mut scope = harness.scenario("flat").open();
    let s = scope.arrange();
    expect!(s, "orders", { order: "ORD-1", count: "3" });
    publish!(s, "orders", { order: "ORD-1", count: 3 });
    settle!(s).assert_passed();
    Ok(())
}

async fn killed() -> Result<(), TestError> {
    for (number, name) in ["Redis", "Redis Streams"].iter().enumerate() {
        let mut server = RedisServer::builder().start()?;
        let harness = &both(&server).await?[number];
        let (result, took) = disturbed(harness, || Ok(server.kill()?)).await?;
        assert_eq!(result.outcome(), Outcome::Error);
        assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Lost);
        let text = result.failure_text();
        let expected = format!("the connection to {name} was lost");
        assert!(text.contains(&expected), "{text}");
        // The bound; the test waits 60 s for it otherwise.
        assert!(took < Duration::from_secs(1), "{took:?}");
    }
    Ok(())
}

async fn restarted() -> Result<(), TestError> {
    for number in 0..2 {
        let mut server = RedisServer::builder().start()?;
        let harness = &both(&server).await?[number];
        echo(harness, "echo", 1).await.assert_passed();
        let (result, _) = disturbed(harness, || Ok(server.restart()?)).await?;
        assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Lost);
        echo(harness, "echo", 2).await.assert_passed();
    }
    Ok(())
}

async fn too_large() -> Result<(), TestError> {
    let server = RedisServer::builder()
        .proto_max_bulk_len(1_048_576)
        .start()?;
    for harness in both(&server).await? {
        let mut scope = harness.scenario("large").open();
        let s = scope.arrange();
        expect!(s, "large");
        publish!(s, "large", { pad: "x".repeat(1_048_576) });
        let result = settle!(s);
        assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Publish);
        let text = result.failure_text();
        assert!(text.contains("proto-max-bulk-len"), "{text}");
    }
    Ok(())
}

async fn forbidden() -> Result<(), TestError> {
    let server = RedisServer::builder()
        .user("me", SENTINEL, "~open.* &open.* +@all")
        .start()?;
    let auth = RedisAuth::user_password("me", SENTINEL);
    for harness in [
        harness(Redis::new(server.url()).auth(auth.clone())).await?,
        harness(RedisStreams::new(server.url()).auth(auth)).await?,
    ] {
        let mut scope = harness.scenario("forbidden subscription").open();
        let s = scope.arrange();
        expect!(s, "closed.topic");
        publish!(s, "open.topic", { n: 1 });
        let result = settle!(s);
        assert_eq!(result.outcome(), Outcome::Error);
        let text = result.failure_text();
        assert!(text.contains("NOPERM"), "{text}");
        assert!(!text.contains(SENTINEL), "{text}");

        let mut scope = harness.scenario("forbidden publication").open();
        let s = scope.arrange();
        expect!(s, "open.answer");
        publish!(s, "closed.topic", { n: 1 });
        let result = settle!(s);
        assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Publish);
        let text = result.failure_text();
        assert!(text.contains("NOPERM"), "{text}");
    }
    Ok(())
}

async fn wildcard() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    let harness = harness(RedisStreams::new(server.url())).await?;
    let mut scope = harness.scenario("wildcard").open();
    let s = scope.arrange();
    expect!(s, "orders.*");
    publish!(s, "orders.new", { n: 1 });
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Error);
    let text = result.failure_text();
    assert!(text.contains("no wildcards"), "{text}");
    Ok(())
}

async fn wrong_password() -> Result<(), TestError> {
    let server = RedisServer::builder()
        .user_password("me", &format!("right-{SENTINEL}"))
        .start()?;
    let auth = RedisAuth::user_password("me", SENTINEL);
    let redis = Harness::builder(Redis::new(server.url()).auth(auth.clone()));
    let streams = Harness::builder(RedisStreams::new(server.url()).auth(auth));
    for builder in [redis, streams] {
        let shown = format!("{builder:?}");
        let error = builder.connect().await.unwrap_err();
        let text = format!("{error} {error:?} {shown}");
        assert!(text.contains("refused the credentials"), "{text}");
        assert!(text.contains("WRONGPASS"), "{text}");
        assert!(!text.contains(SENTINEL), "{text}");
    }
    Ok(())
}

async fn wrong_password_run() -> Result<(), TestError> {
    let server = RedisServer::builder()
        .user_password("me", &format!("right-{SENTINEL}"))
        .start()?;
    scenarios::wrong_password_run(env!("CARGO_BIN_EXE_redis-wrong-password"), &server.url()).await
}

async fn unsubscribed() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    unsubscribes(&server, Redis::new(server.url())).await?;
    unsubscribes(&server, RedisStreams::new(server.url())).await?;
    unsubscribes(&server, RedisStreams::new(server.url()).group("g")).await
}

async fn unsubscribes(server: &RedisServer, transport: impl Transport) -> Result<(), TestError> {
    let harness = Harness::builder(transport)
        .correlation(test_namespace())
        .linger(Duration::from_millis(1))
        .connect()
        .await?;
    let connections = server.connections()?;
    for number in 0..20 {
        echo(&harness, &format!("topic.{number}"), number)
            .await
            .assert_passed();
    }
    let gone = async {
        while harness.subscription_count() > 0
            || server.subscriptions()? > 0
            || server.connections()? > connections
        {
            tokio::task::yield_now().await;
        }
        Ok::<_, TestError>(())
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await??;
    harness.close().await;
    Ok(())
}
