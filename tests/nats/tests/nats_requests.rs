//! Requests over a real nats-server: the test asks, and the test answers.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::process::ExitCode;
use std::time::Duration;

use choreo::Outcome;
use choreo::prelude::*;
use choreo_test_brokers::{BrokerTests, NatsServer, broker_test_main};
use futures_util::StreamExt as _;

type TestError = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    broker_test_main(
        BrokerTests::needing("nats-server")
            .test("a_service_answers_to_the_inbox", asked)
            .test("a_client_gets_the_answer_of_a_reply", answered)
            .test("a_request_without_a_listener_says_so", unheard)
            .test("what_nats_does_not_have_is_refused", refused),
    )
}

async fn harness(server: &NatsServer) -> choreo::Result<Harness> {
    Harness::builder(Nats::new(server.url()))
        .correlation(FieldCorrelation::new("correlation_id"))
        .timeout(Duration::from_secs(10))
        .connect()
        .await
}

/// Answers know nothing of correlation ids, and two hundred scenarios at once get each its own.
async fn asked() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let harness = harness(&server).await?;
    let client = async_nats::connect(server.url()).await?;
    let mut questions = client.subscribe("prices.get").await?;
    client.flush().await?;
    let service = tokio::spawn(async move {
        while let Some(question) = questions.next().await {
            let asked: choreo::Value = choreo::serde_json::from_slice(&question.payload).unwrap();
            let answer = json!({ "price": asked["item"] }).to_string();
            let asker = question.reply.expect("every question is a request");
            client.publish(asker, answer.into()).await.unwrap();
        }
    });
    let scenarios = (0..200_u32).map(|item| {
        let harness = harness.clone();
        tokio::spawn(async move {
            let mut scope = harness.scenario("a price").open();
            let s = scope.arrange();
            expect!(s, s.inbox(), { price: (item) });
            request!(s, "prices.get", { item: item });
            settle!(s)
        })
    });
    for scenario in scenarios.collect::<Vec<_>>() {
        scenario.await?.assert_passed();
    }
    let gone = async {
        while harness.subscription_count() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await?;
    assert_eq!(harness.surprises().0, []);
    harness.close().await;
    service.abort();
    Ok(())
}

async fn answered() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let harness = harness(&server).await?;
    let mut scope = harness.scenario("the test is the service").open();
    let s = scope.arrange();
    reply!(s, "prices.get", headers { "x-source": "shop" } => _, |question| {
        json!({ "price": 7, "of": question["item"] })
    });
    let id = s.correlation_id().unwrap().to_string();
    begin!(s);
    let client = async_nats::connect(server.url()).await?;
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("X-Source", "shop");
    let question = json!({ "item": "ITEM-42", "correlation_id": id }).to_string();
    let answer = client
        .request_with_headers("prices.get", headers, question.into())
        .await?;
    let answer: choreo::Value = choreo::serde_json::from_slice(&answer.payload)?;
    assert_eq!(answer["of"], "ITEM-42");
    settle!(s).assert_passed();
    harness.close().await;
    Ok(())
}

async fn unheard() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let harness = harness(&server).await?;
    let mut scope = harness
        .scenario("nobody listens")
        .timeout(Duration::from_millis(200))
        .open();
    let s = scope.arrange();
    let price = expect!(s, s.inbox(), { price: > 0 });
    let nobody = expect!(s, s.inbox(), metadata { status: 503 });
    request!(s, "prices.get", { item: "ITEM-42" });
    let result = settle!(s);
    assert_eq!(result[price].outcome(), Outcome::Fail);
    assert_eq!(result[nobody].outcome(), Outcome::Pass);
    let text = result.failure_text();
    assert!(
        text.contains("the broker sent it, as nobody listens for the request"),
        "{text}"
    );
    harness.close().await;
    Ok(())
}

async fn refused() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let harness = harness(&server).await?;
    let mut scope = harness.scenario("a key").open();
    let s = scope.arrange();
    expect!(s, "orders", key "ORD-42");
    publish!(s, "orders", {});
    let text = settle!(s).error().unwrap().text.clone();
    assert_eq!(
        text,
        "what is expected on `orders` can never come: messages of NATS have no keys; use a header or a \
         field of the payload"
    );
    harness.close().await;
    Ok(())
}
