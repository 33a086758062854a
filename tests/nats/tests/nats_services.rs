//! Replies that behave like services, over a real nats-server; the bundles are another crate's.

use std::process::ExitCode;
use std::time::Duration;

use choreo::prelude::*;
use choreo::{Outcome, ReplyState};
use choreo_test_brokers::{BrokerTests, NatsServer, broker_test_main};
use choreo_test_nats::services;

type TestError = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    broker_test_main(
        BrokerTests::needing("nats-server")
            .test("a_bundle_of_another_crate_answers", bundle)
            .test("a_hundred_scenarios_have_services_of_their_own", concurrent)
            .test("what_is_dropped_and_wrong_adds_up", unreliable)
            .test("a_required_reply_that_is_never_asked_is_timeout", missing)
            .test("a_bundle_answers_on_a_stage", staged),
    )
}

fn builder(server: &NatsServer) -> choreo::HarnessBuilder {
    Harness::builder(Nats::new(server.url()))
        .correlation(FieldCorrelation::new("correlation_id"))
        .timeout(Duration::from_secs(10))
}

async fn bought(harness: &Harness) -> std::sync::Arc<choreo::ScenarioResult> {
    let mut scope = harness.scenario("an order is bought").open();
    let s = scope.arrange();
    services::shop(&s);
    expect!(s, "stock.level", { left: 9 });
    expect!(s, "stock.level", { left: 8 });
    expect!(s, "payment.done", { error: "busy" });
    expect!(s, "payment.done", { paid: 7 });
    begin!(s);
    publish!(s, "stock.get", {});
    publish!(s, "stock.refresh", {});
    publish!(s, "payment.new", { amount: 7 });
    publish!(s, "payment.new", { amount: 7 });
    settle!(s)
}

async fn bundle() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let harness = builder(&server).connect().await?;
    let result = bought(&harness).await;
    result.assert_passed();
    let counts: Vec<_> = result.replies().iter().map(|r| r.reply_count).collect();
    assert_eq!(counts, [2, 2]);
    harness.close().await;
    Ok(())
}

async fn concurrent() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let harness = builder(&server).connect().await?;
    let scenarios = (0..100).map(|_| {
        let harness = harness.clone();
        tokio::spawn(async move { bought(&harness).await })
    });
    for scenario in scenarios.collect::<Vec<_>>() {
        scenario.await?.assert_passed();
    }
    assert_eq!(harness.surprises().0, []);
    harness.close().await;
    Ok(())
}

async fn unreliable() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let harness = builder(&server).connect().await?;
    let mut reports = Vec::new();
    for _ in 0..2 {
        let mut scope = harness.scenario("a bad day").open();
        let s = scope.arrange();
        reply!(s, "ask" => "answer", { ok: true }, always,
            error_rate 0.5 => { error: "busy" }, drop_rate 0.3, seed 42);
        reply!(s, "ask", { n: 49 } => "all", {}, required);
        expect!(s, "answer", { ok: true });
        expect!(s, "answer", { error: "busy" });
        begin!(s);
        for n in 0..50 {
            publish!(s, "ask", { n: n });
        }
        let result = settle!(s);
        result.assert_passed();
        let report = &result.replies()[0];
        assert_eq!(report.candidate_count, 50);
        assert_eq!(report.seed, Some(42));
        reports.push(report.dropped_count);
    }
    assert!(reports[0] > 0 && reports[0] == reports[1], "{reports:?}");
    harness.close().await;
    Ok(())
}

async fn missing() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let harness = builder(&server).connect().await?;
    let scenario = harness.scenario("nobody asks");
    let mut scope = scenario.timeout(Duration::from_millis(200)).open();
    let s = scope.arrange();
    services::warehouse(&s);
    expect!(s, "orders.new");
    publish!(s, "orders.new", {});
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Timeout);
    assert_eq!(result.replies()[0].state, ReplyState::ArmedNoMatch);
    let text = result.failure_text();
    assert!(
        text.contains("armed, and no trigger came, and it is required"),
        "{text}"
    );
    harness.close().await;
    Ok(())
}

#[derive(Stage)]
struct Shop {
    front: Harness,
    back: Harness,
}

fn payment(s: &Scenario<'_, Shop>) {
    reply!(s.front, "pay" => s.back, "paid", { ok: true }, drop_first 1, required);
}

async fn staged() -> Result<(), TestError> {
    let (front, back) = (
        NatsServer::builder().start()?,
        NatsServer::builder().start()?,
    );
    let stage = Stage::<Shop>::builder(ShopBuilder {
        front: builder(&front),
        back: builder(&back),
    })
    .connect()
    .await?;
    let mut scope = stage.scenario("paying").open().await?;
    let s = scope.arrange();
    payment(&s);
    expect!(s.back, "paid", { ok: true });
    begin!(s);
    publish!(s.front, "pay", {});
    publish!(s.front, "pay", {});
    let result = settle!(s);
    result.assert_passed();
    assert_eq!(result.replies()[0].dropped_count, 1);
    drop(scope);
    stage.close().await;
    Ok(())
}
