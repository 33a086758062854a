//! Scenarios over a real nats-server: what a test sees when the broker works, and when it does not.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::process::ExitCode;
use std::time::Duration;

use choreo::ScenarioErrorKind;
use choreo::prelude::*;
use choreo_test_brokers::scenarios::{self, disturbed, echo};
use choreo_test_brokers::{BrokerTests, NatsServer, TestError, User, broker_test_main};

/// A credential that must show nowhere.
const SENTINEL: &str = "s3ntinel-p4ssword";

fn main() -> ExitCode {
    broker_test_main(
        BrokerTests::needing("nats-server")
            .test("scenarios_pass_one_after_the_other", sequential)
            .test("a_thousand_scenarios_at_once_do_not_meet", concurrent)
            .test("replies_and_headers_cross_the_broker", replies)
            .test("a_killed_server_is_error_within_a_second", killed)
            .test("scenarios_recover_after_a_restart", restarted)
            .test("a_payload_over_the_limit_is_error", too_large)
            .test("a_forbidden_topic_is_error_in_the_servers_words", forbidden)
            .test("a_wrong_password_is_one_clear_message", wrong_password)
            .test("a_wrong_password_shows_in_no_output", wrong_password_run)
            .test("unused_subscriptions_end_on_the_server", unsubscribed)
            .test(
                "a_slip_of_a_service_is_told_where_topics_are_watched",
                watched,
            ),
    )
}

async fn harness(server: &NatsServer) -> choreo::Result<Harness> {
    Harness::builder(Nats::new(server.url()))
        .correlation(FieldCorrelation::new("correlation_id"))
        .timeout(Duration::from_secs(10))
        .connect()
        .await
}

async fn watched() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let nats = || Nats::new(server.url());
    scenarios::slip_of_a_service(nats(), nats(), "orders.>").await
}

async fn sequential() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let harness = harness(&server).await?;
    for number in 0..200 {
        echo(&harness, "echo", number).await.assert_passed();
    }
    assert_eq!(harness.registration_count(), 0);
    assert_eq!(harness.surprises().0, []);
    harness.close().await;
    Ok(())
}

async fn concurrent() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let harness = harness(&server).await?;
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
    let server = NatsServer::builder().start()?;
    let harness = Harness::builder(Nats::new(server.url()))
        .correlation(HeaderCorrelation::new("Correlation-Id"))
        .connect()
        .await?;
    let mut scope = harness.scenario("fraud check").open();
    let s = scope.arrange();
    reply!(s, "fraud.check.*" => "fraud.result", |check| json!({ "id": check["id"], "ok": true }));
    let result = expect!(s, "fraud.result", { id: 7, ok: true });
    publish!(s, "fraud.check.eu", { id: 7 }, headers { "x-source": "test" });
    let results = settle!(s);
    results.assert_passed();
    assert!(
        results[result]
            .envelope()
            .unwrap()
            .headers
            .get("correlation-id")
            .is_some()
    );
    Ok(())
}

async fn killed() -> Result<(), TestError> {
    let mut server = NatsServer::builder().start()?;
    let harness = harness(&server).await?;
    let (result, took) = disturbed(&harness, || Ok(server.kill()?)).await?;
    assert_eq!(result.outcome(), Outcome::Error);
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Lost);
    let text = result.failure_text();
    assert!(text.contains("the connection to NATS was lost"), "{text}");
    // The bound; the test waits 60 s for it otherwise.
    assert!(took < Duration::from_secs(1), "{took:?}");
    Ok(())
}

async fn restarted() -> Result<(), TestError> {
    let mut server = NatsServer::builder().start()?;
    let harness = harness(&server).await?;
    echo(&harness, "echo", 1).await.assert_passed();
    let (result, _) = disturbed(&harness, || Ok(server.restart()?)).await?;
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Lost);
    echo(&harness, "echo", 2).await.assert_passed();
    Ok(())
}

async fn too_large() -> Result<(), TestError> {
    let server = NatsServer::builder().max_payload(1024).start()?;
    let harness = harness(&server).await?;
    let mut scope = harness.scenario("large").open();
    let s = scope.arrange();
    expect!(s, "large");
    publish!(s, "large", { pad: "x".repeat(2000) });
    let result = settle!(s);
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Publish);
    let text = result.failure_text();
    assert!(text.contains("1024"), "{text}");
    Ok(())
}

async fn forbidden() -> Result<(), TestError> {
    let user = User::password("me", SENTINEL)
        .may_publish(&["open.>", "_INBOX.>"])
        .may_subscribe(&["open.>", "_INBOX.>"]);
    let server = NatsServer::builder().user(user).start()?;
    let harness =
        Harness::builder(Nats::new(server.url()).auth(NatsAuth::user_password("me", SENTINEL)))
            .correlation(test_namespace())
            .connect()
            .await?;
    let mut scope = harness.scenario("forbidden subscription").open();
    let s = scope.arrange();
    expect!(s, "closed.topic");
    publish!(s, "open.topic", { n: 1 });
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Error);
    let text = result.failure_text();
    assert!(text.contains("Permissions Violation"), "{text}");
    assert!(!text.contains(SENTINEL), "{text}");

    let mut bystander = harness.scenario("bystander").open();
    let waiting = bystander.arrange();
    expect!(waiting, "open.answer", { n: 2 });
    begin!(waiting);
    let mut scope = harness
        .scenario("forbidden publication")
        .timeout(Duration::from_secs(60))
        .open();
    let s = scope.arrange();
    expect!(s, "open.answer");
    publish!(s, "closed.topic", { n: 1 });
    let result = settle!(s);
    publish!(waiting, "open.answer", { n: 2 });
    settle!(waiting).assert_passed();
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Refused);
    let text = result.failure_text();
    assert!(text.contains("Permissions Violation"), "{text}");
    Ok(())
}

async fn wrong_password() -> Result<(), TestError> {
    let server = NatsServer::builder()
        .user_password("me", &format!("right-{SENTINEL}"))
        .start()?;
    let nats = Nats::new(server.url()).auth(NatsAuth::user_password("me", SENTINEL));
    let builder = Harness::builder(nats);
    let shown = format!("{builder:?}");
    let error = builder.connect().await.unwrap_err();
    let text = format!("{error} {error:?} {shown}");
    assert!(text.contains("refused the credentials"), "{text}");
    assert!(!text.contains(SENTINEL), "{text}");
    Ok(())
}

async fn wrong_password_run() -> Result<(), TestError> {
    let server = NatsServer::builder()
        .user_password("me", &format!("right-{SENTINEL}"))
        .start()?;
    scenarios::wrong_password_run(env!("CARGO_BIN_EXE_wrong-password"), &server.url()).await
}

async fn unsubscribed() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let harness = Harness::builder(Nats::new(server.url()))
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
