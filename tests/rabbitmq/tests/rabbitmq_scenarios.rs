//! Scenarios over a real RabbitMQ: what a test sees when the broker works, and when it does not.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use choreo::prelude::*;
use choreo::transport::{ConnectionEvents, Transport};
use choreo::{ScenarioErrorKind, ScenarioResult};
use choreo_test_brokers::scenarios::{self, disturbed, echo};
use choreo_test_brokers::{
    BrokerTests, RabbitServer, RabbitUser, StartError, TestError, broker_test_main,
};
use futures_util::StreamExt as _;
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, QueueBindOptions, QueueDeclareOptions,
    QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel};

/// A credential that must show nowhere.
const SENTINEL: &str = "s3ntinel-p4ssword";

static SHARED: Mutex<Option<Arc<RabbitServer>>> = Mutex::new(None);

fn main() -> ExitCode {
    let code = broker_test_main(
        BrokerTests::needing("rabbitmq-server")
            .test("working", working)
            .test("requests", requests)
            .test("refusing", refusing)
            .test("a_wrong_password_shows_in_no_output", wrong_password_run)
            .test("failing", failing)
            .test(
                "a_slip_of_a_service_is_told_where_topics_are_watched",
                watched,
            ),
    );
    // Statics are not dropped.
    drop(SHARED.lock().unwrap().take());
    code
}

fn shared() -> Result<Arc<RabbitServer>, StartError> {
    let mut shared = SHARED.lock().unwrap();
    if let Some(server) = &*shared {
        return Ok(Arc::clone(server));
    }
    let restricted = RabbitUser::new("me", SENTINEL).may(
        "^(choreo|amq\\.gen.*)$",
        "^(choreo|amq\\.gen.*)$",
        "^(choreo|amq\\.gen.*)$",
    );
    let server = RabbitServer::builder()
        .user(RabbitUser::new("guest", "guest"))
        .user(restricted)
        .max_message_size(10_000)
        .start()?;
    Ok(Arc::clone(shared.insert(Arc::new(server))))
}

async fn harness(rabbit: Rabbit) -> choreo::Result<Harness> {
    Harness::builder(rabbit)
        .correlation(FieldCorrelation::new("correlation_id"))
        .timeout(Duration::from_secs(20))
        .connect()
        .await
}

async fn watched() -> Result<(), TestError> {
    let server = shared()?;
    let rabbit = || Rabbit::new(server.url());
    scenarios::slip_of_a_service(rabbit(), rabbit(), "orders.#").await
}

/// One after the other, a thousand at once, replies, headers, and an end without subscriptions.
async fn working() -> Result<(), TestError> {
    let server = shared()?;
    let harness = harness(Rabbit::new(server.url()).exchange("working")).await?;
    for number in 0..200 {
        echo(&harness, "echo", number).await.assert_passed();
    }
    let tasks: Vec<_> = (0..1000)
        .map(|number| {
            let harness = harness.clone();
            tokio::spawn(async move { echo(&harness, "echo", number).await })
        })
        .collect();
    for task in tasks {
        task.await?.assert_passed();
    }
    assert_eq!(harness.registration_count(), 0);
    assert_eq!(harness.surprises().0, []);
    harness.close().await;

    let harness = Harness::builder(Rabbit::new(server.url()).exchange("replies"))
        .correlation(HeaderCorrelation::new("Correlation-Id"))
        .linger(Duration::from_millis(1))
        .connect()
        .await?;
    let mut scope = harness.scenario("fraud check").open();
    let s = scope.arrange();
    reply!(s, "fraud.check.*" => "fraud.result", |check| json!({ "id": check["id"], "ok": true }));
    let result = expect!(s, "fraud.result", { id: 7, ok: true });
    publish!(s, "fraud.check.eu", { id: 7 }, headers { "x-source": "test" });
    let results = settle!(s);
    results.assert_passed();
    let received = results[result].envelope().unwrap();
    assert!(received.headers.get("correlation-id").is_some());
    drop(scope);
    let gone = async {
        while harness.subscription_count() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await?;
    harness.close().await;
    Ok(())
}

/// The test asks a service, and the test is the service, by AMQP's reply-to.
async fn requests() -> Result<(), TestError> {
    let server = shared()?;
    let harness = harness(Rabbit::new(server.url()).exchange("requests")).await?;
    let properties = lapin::ConnectionProperties::default();
    let connection = lapin::Connection::connect(&server.url(), properties).await?;
    let channel = connection.create_channel().await?;
    asked(&harness, &channel).await?;
    answered(&harness, &channel).await?;
    assert_eq!(harness.surprises().0, []);
    harness.close().await;
    Ok(())
}

/// Answers know nothing of correlation ids, and two hundred scenarios at once get each its own.
async fn asked(harness: &Harness, channel: &Channel) -> Result<(), TestError> {
    let queue = own_queue(channel).await?;
    let (binding, none) = (QueueBindOptions::default(), FieldTable::default());
    channel
        .queue_bind(
            queue.clone(),
            "requests".into(),
            "prices.get".into(),
            binding,
            none,
        )
        .await?;
    let mut questions = consume(channel, queue.clone()).await?;
    let answers = channel.clone();
    let service = tokio::spawn(async move {
        while let Some(question) = questions.next().await {
            let question = question.unwrap();
            let asked: choreo::Value = choreo::serde_json::from_slice(&question.data).unwrap();
            let answer = json!({ "price": asked["item"] }).to_string();
            let asker = question.properties.reply_to().clone();
            let asker = asker.expect("every question is a request");
            publish(&answers, "", asker, answer, BasicProperties::default())
                .await
                .unwrap();
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
    service.abort();
    // Nobody takes the questions of the test that comes next.
    channel
        .queue_delete(queue, QueueDeleteOptions::default())
        .await?;
    Ok(())
}

/// To a queue of the one who asks, and to what RabbitMQ has in place of one.
async fn answered(harness: &Harness, channel: &Channel) -> Result<(), TestError> {
    for answers in [own_queue(channel).await?, "amq.rabbitmq.reply-to".into()] {
        let mut scope = harness.scenario("the test is the service").open();
        let s = scope.arrange();
        reply!(s, "prices.get", headers { "x-source": "shop" } => _, |question| {
            json!({ "price": 7, "of": question["item"] })
        });
        let id = s.correlation_id().unwrap().to_string();
        begin!(s);
        let mut received = consume(channel, answers.clone()).await?;
        let mut headers = FieldTable::default();
        headers.insert("x-source".into(), AMQPValue::LongString("shop".into()));
        let properties = BasicProperties::default()
            .with_headers(headers)
            .with_reply_to(answers);
        let question = json!({ "item": "ITEM-42", "correlation_id": id }).to_string();
        publish(
            channel,
            "requests",
            "prices.get".into(),
            question,
            properties,
        )
        .await?;
        let answer = tokio::time::timeout(Duration::from_secs(10), received.next()).await?;
        let answer = answer.expect("an open channel")?;
        let answer: choreo::Value = choreo::serde_json::from_slice(&answer.data)?;
        assert_eq!(answer["of"], "ITEM-42");
        settle!(s).assert_passed();
    }
    Ok(())
}

async fn own_queue(channel: &Channel) -> lapin::Result<ShortString> {
    let options = QueueDeclareOptions {
        exclusive: true,
        ..QueueDeclareOptions::default()
    };
    let queue = channel
        .queue_declare("".into(), options, FieldTable::default())
        .await?;
    Ok(queue.name().clone())
}

async fn consume(channel: &Channel, queue: ShortString) -> lapin::Result<lapin::Consumer> {
    let options = BasicConsumeOptions {
        no_ack: true,
        ..BasicConsumeOptions::default()
    };
    channel
        .basic_consume(queue, "".into(), options, FieldTable::default())
        .await
}

async fn publish(
    channel: &Channel,
    exchange: &str,
    key: ShortString,
    payload: String,
    properties: BasicProperties,
) -> lapin::Result<()> {
    let options = BasicPublishOptions::default();
    channel
        .basic_publish(
            exchange.into(),
            key,
            options,
            payload.as_bytes(),
            properties,
        )
        .await
        .map(drop)
}

/// What the broker does not take is an error with its words, not a timeout.
async fn refusing() -> Result<(), TestError> {
    let server = shared()?;
    let harness =
        harness(Rabbit::new(server.url()).auth(RabbitAuth::password("me", SENTINEL))).await?;
    let judged = |result: &ScenarioResult, kind: ScenarioErrorKind, parts: &[&str]| {
        let text = result.failure_text();
        assert_eq!(result.outcome(), Outcome::Error, "{text}");
        assert_eq!(result.error().unwrap().kind, kind, "{text}");
        for part in parts {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains(SENTINEL), "{text}");
    };

    let mut scope = harness.scenario("large").open();
    let s = scope.arrange();
    expect!(s, "large");
    publish!(s, "large", { pad: "x".repeat(20_000) });
    let result = settle!(s);
    judged(
        &result,
        ScenarioErrorKind::Publish,
        &["PRECONDITION_FAILED", "10000"],
    );

    let mut scope = harness.scenario("nobody listens").open();
    let s = scope.arrange();
    expect!(s, "answer");
    publish!(s, "question", { n: 1 });
    let result = settle!(s);
    judged(
        &result,
        ScenarioErrorKind::Publish,
        &["no queue is bound to exchange `choreo`"],
    );

    let mut scope = harness.scenario("no such queue").open();
    let s = scope.arrange();
    expect!(s, "queue:amq.gen.none");
    publish!(s, "question", { n: 1 });
    let result = settle!(s);
    let text = result.failure_text();
    assert_eq!(result.outcome(), Outcome::Error, "{text}");
    assert!(
        text.contains("NOT_FOUND - no queue 'amq.gen.none'"),
        "{text}"
    );

    let mut scope = harness.scenario("forbidden").open();
    let s = scope.arrange();
    expect!(s, "exchange:amq.topic/x");
    publish!(s, "question", { n: 1 });
    let result = settle!(s);
    let text = result.failure_text();
    assert_eq!(result.outcome(), Outcome::Error, "{text}");
    assert!(text.contains("ACCESS_REFUSED"), "{text}");

    // None of it disturbs the next one.
    echo(&harness, "echo", 1).await.assert_passed();
    harness.close().await;

    let wrong = Rabbit::new(server.url()).auth(RabbitAuth::password("me", "s3ntinel-wrong"));
    let builder = Harness::builder(wrong);
    let shown = format!("{builder:?}");
    let error = builder.connect().await.unwrap_err();
    let text = format!("{error} {error:?} {shown}");
    assert!(text.contains("refused the credentials"), "{text}");
    assert!(!text.contains("s3ntinel"), "{text}");
    Ok(())
}

async fn wrong_password_run() -> Result<(), TestError> {
    let server = shared()?;
    scenarios::wrong_password_run(env!("CARGO_BIN_EXE_rabbitmq-wrong-password"), &server.url())
        .await
}

/// A broker that is killed ends the scenario within a second; started again, the next ones pass.
async fn failing() -> Result<(), TestError> {
    let mut server = RabbitServer::builder().start()?;
    let harness = harness(Rabbit::new(server.url()).mandatory(false)).await?;
    echo(&harness, "echo", 1).await.assert_passed();
    let (result, took) = disturbed(&harness, || Ok(server.kill()?)).await?;
    assert_eq!(result.outcome(), Outcome::Error);
    assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Lost);
    let text = result.failure_text();
    assert!(
        text.contains("the connection to RabbitMQ was lost"),
        "{text}"
    );
    // The bound; the test waits 50 s for it otherwise.
    assert!(took < Duration::from_secs(1), "{took:?}");

    server.restart()?;
    // The scenarios' own connection comes back some milliseconds after the broker.
    let rabbit = Rabbit::new(server.url());
    let (sender, _) = std::sync::mpsc::channel();
    drop(
        rabbit
            .connect(ConnectionEvents::new(move |event| drop(sender.send(event))))
            .await?,
    );
    let recovered = async {
        while echo(&harness, "echo", 2).await.outcome() == Outcome::Error {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), recovered).await?;
    echo(&harness, "echo", 3).await.assert_passed();
    Ok(())
}
