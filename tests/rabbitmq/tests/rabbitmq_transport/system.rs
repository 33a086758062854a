//! Exchanges and queues of the system under test: every kind, copies, watching, dead letters, requests.

use std::sync::Arc;

use choreo::json;
use choreo::transport::rabbitmq::Rabbit;
use choreo::transport::{Connection, Headers, Outgoing, TransportError};
use choreo_test_brokers::RabbitServer;
use lapin::options::{
    BasicConsumeOptions, BasicGetOptions, BasicPublishOptions, BasicRejectOptions,
    ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, ExchangeKind};

use super::support::{
    Cases, TestError, connect, declare, delivery, events, message, own, shared, system,
};

pub(crate) async fn all() -> Result<(), TestError> {
    let server = shared()?;
    Cases::new()
        .case("kinds_of_exchanges", kinds(server.clone()))
        .case("existing_exchange", existing_exchange(server.clone()))
        .case("exchange_that_differs", different_exchange(server.clone()))
        .case("copy", copy(server.clone()))
        .case("copy_of_headers", copy_of_headers(server.clone()))
        .case("consume", consume(server.clone()))
        .case("watch", watch(server.clone()))
        .case("parallel_watchers", parallel_watchers(server.clone()))
        .case("dead_letters", dead_letters(server.clone()))
        .case("missing", missing(server.clone()))
        .case("unroutable", unroutable(server.clone()))
        .case("too_large", too_large(server.clone()))
        .case("requests", requests(server.clone()))
        .case("deleted_queue", deleted_queue(server.clone()))
        .judge()
        .await
}

async fn exchange(channel: &Channel, name: &str, kind: ExchangeKind) -> lapin::Result<()> {
    let options = ExchangeDeclareOptions::default();
    channel
        .exchange_declare(name.into(), kind, options, FieldTable::default())
        .await
}

async fn bind(channel: &Channel, queue: &str, exchange: &str, key: &str) -> lapin::Result<()> {
    let options = QueueBindOptions::default();
    channel
        .queue_bind(
            queue.into(),
            exchange.into(),
            key.into(),
            options,
            FieldTable::default(),
        )
        .await
}

/// The next message of a queue, taken from it.
async fn get(channel: &Channel, queue: &str) -> lapin::Result<Option<Vec<u8>>> {
    let options = BasicGetOptions { no_ack: true };
    let message = channel.basic_get(queue.into(), options).await?;
    Ok(message.map(|message| message.delivery.data))
}

async fn kinds(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let system = system(&server).await?;
    exchange(&system, "k.direct", ExchangeKind::Direct).await?;
    exchange(&system, "k.fanout", ExchangeKind::Fanout).await?;
    exchange(&system, "k.headers", ExchangeKind::Headers).await?;
    let connection = own(&server, "kinds").await?;
    for (subscribed, published, shown) in [
        (
            "exchange:k.direct/blue",
            "exchange:k.direct/blue",
            "exchange:k.direct/blue",
        ),
        (
            "exchange:k.fanout",
            "exchange:k.fanout/any",
            "exchange:k.fanout/any",
        ),
        (
            "exchange:k.headers",
            "exchange:k.headers",
            "exchange:k.headers/",
        ),
        (
            "exchange:amq.topic/a.*",
            "exchange:amq.topic/a.b",
            "exchange:amq.topic/a.b",
        ),
    ] {
        let (delivery, mut seen) = delivery();
        let _subscription = connection.subscribe(subscribed, delivery).await?;
        let mut headers = Headers::new();
        headers.append("format", "pdf");
        connection
            .publish(Outgoing {
                headers,
                ..message(published, "1")
            })
            .await?;
        let received = seen.next().await;
        assert_eq!(&*received.topic, shown);
        assert_eq!(received.headers.get("format"), Some("pdf"));
    }
    // The default exchange: straight into a queue.
    declare(&system, "k.queue", FieldTable::default()).await?;
    connection.publish(message("queue:k.queue", "2")).await?;
    assert_eq!(get(&system, "k.queue").await?, Some(b"2".to_vec()));
    Ok(())
}

async fn existing_exchange(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let rabbit = Rabbit::new(server.url()).existing_exchange("e.direct");
    let error = connect(&rabbit).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, TransportError::Connect { .. }), "{text}");
    assert!(
        text.contains("NOT_FOUND - no exchange 'e.direct'"),
        "{text}"
    );

    let system = system(&server).await?;
    exchange(&system, "e.direct", ExchangeKind::Direct).await?;
    let connection = connect(&rabbit).await?;
    let (delivery, mut seen) = delivery();
    // A direct exchange knows no wildcards: these are letters.
    let _subscription = connection.subscribe("a*", delivery).await?;
    connection.publish(message("a*", "1")).await?;
    assert_eq!(&*seen.next().await.topic, "a*");
    Ok(())
}

async fn different_exchange(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let system = system(&server).await?;
    exchange(&system, "d.fanout", ExchangeKind::Fanout).await?;
    let error = own(&server, "d.fanout").await.unwrap_err().to_string();
    for part in [
        "PRECONDITION_FAILED",
        "d.fanout",
        ".existing_exchange(\"d.fanout\")",
    ] {
        assert!(error.contains(part), "{error}");
    }
    Ok(())
}

/// The system under test keeps its messages, and its consumer stays undisturbed.
async fn copy(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let system = system(&server).await?;
    exchange(&system, "c.shop", ExchangeKind::Direct).await?;
    declare(&system, "c.orders", FieldTable::default()).await?;
    bind(&system, "c.orders", "c.shop", "new").await?;
    bind(&system, "c.orders", "c.shop", "changed").await?;
    let rabbit = Rabbit::new(server.url())
        .exchange("copy")
        .binding("c.orders", "exchange:c.shop/new")
        .binding("c.orders", "exchange:c.shop/changed");
    let connection = connect(&rabbit).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("queue:c.orders", delivery).await?;
    for key in ["new", "changed"] {
        let topic = format!("exchange:c.shop/{key}");
        connection.publish(message(&topic, key)).await?;
        let received = seen.next().await;
        assert_eq!(&*received.topic, "queue:c.orders");
        assert_eq!(received.metadata.get("routing_key"), Some(&json!(key)));
        assert_eq!(get(&system, "c.orders").await?, Some(key.into()));
    }
    Ok(())
}

/// A copy gets what the queue gets, also where the exchange chooses by headers.
async fn copy_of_headers(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let system = system(&server).await?;
    exchange(&system, "h.docs", ExchangeKind::Headers).await?;
    declare(&system, "h.eu", FieldTable::default()).await?;
    let mut arguments = FieldTable::default();
    for (name, value) in [("x-match", "all"), ("region", "EU")] {
        arguments.insert(name.into(), AMQPValue::LongString(value.into()));
    }
    arguments.insert("level".into(), AMQPValue::LongInt(3));
    let options = QueueBindOptions::default();
    system
        .queue_bind(
            "h.eu".into(),
            "h.docs".into(),
            "".into(),
            options,
            arguments.clone(),
        )
        .await?;

    let rabbit = Rabbit::new(server.url()).exchange("copy_of_headers");
    let without = rabbit.clone().binding("h.eu", "exchange:h.docs");
    let error = connect(&without)
        .await?
        .subscribe("queue:h.eu", delivery().0)
        .await
        .unwrap_err()
        .to_string();
    for part in [
        "`h.docs` is a headers exchange",
        ".binding_with(\"h.eu\", \"exchange:h.docs/\", [(\"x-match\", \"all\"), …])",
    ] {
        assert!(error.contains(part), "{error}");
    }

    let connection = connect(&rabbit.binding_with(
        "h.eu",
        "exchange:h.docs",
        [
            ("x-match", json!("all")),
            ("region", json!("EU")),
            ("level", json!(3)),
        ],
    ))
    .await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("queue:h.eu", delivery).await?;
    for (region, payload) in [("US", "foreign"), ("EU", "ours")] {
        arguments.insert("region".into(), AMQPValue::LongString(region.into()));
        system
            .basic_publish(
                "h.docs".into(),
                "".into(),
                BasicPublishOptions::default(),
                payload.as_bytes(),
                BasicProperties::default().with_headers(arguments.clone()),
            )
            .await?;
    }
    // In their order: the other one would have come before.
    assert_eq!(seen.next().await.payload, "ours");
    assert_eq!(get(&system, "h.eu").await?, Some(b"ours".to_vec()));
    assert!(seen.is_empty());
    Ok(())
}

async fn consume(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let system = system(&server).await?;
    declare(&system, "w.work", FieldTable::default()).await?;
    let connection = connect(
        &Rabbit::new(server.url())
            .exchange("consume")
            .consume("w.work"),
    )
    .await?;
    connection.publish(message("queue:w.work", "1")).await?;
    let (delivery, mut seen) = delivery();
    let subscription = connection.subscribe("queue:w.work", delivery).await?;
    assert_eq!(seen.next().await.payload, "1");
    connection.publish(message("queue:w.work", "2")).await?;
    assert_eq!(seen.next().await.payload, "2");
    drop(subscription);
    connection.close().await;
    assert_eq!(get(&system, "w.work").await?, None);
    Ok(())
}

async fn watch(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let system = system(&server).await?;
    declare(&system, "v.dead", FieldTable::default()).await?;
    let connection = own(&server, "watch").await?;
    connection
        .publish(message("queue:v.dead", "before"))
        .await?;
    let (sink, mut seen) = delivery();
    let subscription = connection.subscribe("queue:v.dead", sink).await?;
    connection.publish(message("queue:v.dead", "1")).await?;
    let received = seen.next().await;
    assert_eq!(
        (&*received.topic, &received.payload[..]),
        ("queue:v.dead", &b"1"[..])
    );
    drop(subscription);
    // Watched again and again, also before the broker has let go of the last watcher.
    for round in 0..20 {
        let (sink, mut seen) = delivery();
        let _subscription = connection.subscribe("queue:v.dead", sink).await?;
        let mut again = message("queue:v.dead", round.to_string());
        // Gone by itself when nobody holds it any more.
        again.metadata.set("expiration", 1);
        connection.publish(again).await?;
        assert_eq!(seen.next().await.payload, round.to_string());
    }
    connection.close().await;
    // Everything lies in it as before, in its order.
    assert_eq!(get(&system, "v.dead").await?, Some(b"before".to_vec()));
    assert_eq!(get(&system, "v.dead").await?, Some(b"1".to_vec()));

    let options = BasicConsumeOptions::default();
    let _consumer = system
        .basic_consume("v.dead".into(), "".into(), options, FieldTable::default())
        .await?;
    let connection = own(&server, "watch").await?;
    let error = connection
        .subscribe("queue:v.dead", delivery().0)
        .await
        .unwrap_err()
        .to_string();
    for part in [
        "has 1 consumer",
        ".binding(\"v.dead\"",
        ".consume(\"v.dead\")",
    ] {
        assert!(error.contains(part), "{error}");
    }
    Ok(())
}

/// Tests of several processes that begin to watch a queue at the same time: one at most does, and gets
/// every message; the others are told.
async fn parallel_watchers(server: Arc<RabbitServer>) -> Result<(), TestError> {
    const PROCESSES: usize = 4;
    let system = system(&server).await?;
    declare(&system, "p.dead", FieldTable::default()).await?;
    let mut connections = Vec::new();
    for _ in 0..PROCESSES {
        connections.push(Arc::new(own(&server, "parallel_watchers").await?));
    }
    for round in 0..10 {
        let tasks: Vec<_> = connections
            .iter()
            .map(|connection| {
                let connection = Arc::clone(connection);
                tokio::spawn(async move {
                    let (sink, seen) = delivery();
                    let subscribed = connection.subscribe("queue:p.dead", sink).await;
                    subscribed.map(|subscription| (subscription, seen))
                })
            })
            .collect();
        let mut watching = Vec::new();
        for task in tasks {
            match task.await? {
                Ok(watcher) => watching.push(watcher),
                Err(error) => {
                    let error = error.to_string();
                    for part in ["consumer", "A test in another process that watches"] {
                        assert!(error.contains(part), "{error}");
                    }
                }
            }
        }
        assert!(
            watching.len() <= 1,
            "round {round}: {} watch",
            watching.len()
        );
        if let Some((_subscription, mut seen)) = watching.pop() {
            for _ in 0..PROCESSES {
                let mut again = message("queue:p.dead", round.to_string());
                again.metadata.set("expiration", 1);
                connections[0].publish(again).await?;
                assert_eq!(seen.next().await.payload, round.to_string());
            }
        }
    }
    Ok(())
}

/// A worker rejects a message: the dead-letter queue, and the exchange before it, show why.
async fn dead_letters(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let system = system(&server).await?;
    exchange(&system, "x.dlx", ExchangeKind::Fanout).await?;
    declare(&system, "x.dead", FieldTable::default()).await?;
    bind(&system, "x.dead", "x.dlx", "").await?;
    let mut arguments = FieldTable::default();
    arguments.insert(
        "x-dead-letter-exchange".into(),
        AMQPValue::LongString("x.dlx".into()),
    );
    declare(&system, "x.work", arguments).await?;
    let connection = own(&server, "dead_letters").await?;
    let (on_queue, mut dead) = delivery();
    let _queue = connection.subscribe("queue:x.dead", on_queue).await?;
    let (on_exchange, mut copies) = delivery();
    let _exchange = connection.subscribe("exchange:x.dlx", on_exchange).await?;
    connection.publish(message("queue:x.work", "bad")).await?;
    let taken = system
        .basic_get("x.work".into(), BasicGetOptions::default())
        .await?
        .expect("a message");
    taken.reject(BasicRejectOptions { requeue: false }).await?;
    for received in [dead.next().await, copies.next().await] {
        assert_eq!(received.payload, "bad");
        let deaths = received.metadata.get("x_death").expect("deaths");
        for (field, value) in [
            ("reason", json!("rejected")),
            ("queue", json!("x.work")),
            ("exchange", json!("")),
            ("count", json!(1)),
            ("routing_keys", json!(["x.work"])),
        ] {
            assert_eq!(deaths[0][field], value, "{deaths}");
        }
        assert_eq!(
            received.headers.get("x-first-death-reason"),
            Some("rejected")
        );
        assert_eq!(received.headers.get("x-death"), None);
    }
    Ok(())
}

/// What is not there is said in the broker's words, and the rest of the connection works on.
async fn missing(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let (sink, seen_events) = events();
    let rabbit = Rabbit::new(server.url())
        .exchange("missing")
        .binding("m.queue", "m.#");
    let connection = choreo::transport::Transport::connect(&rabbit, sink).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("live", delivery).await?;
    for (topic, part) in [
        ("queue:m.other", "NOT_FOUND - no queue 'm.other'"),
        ("queue:m.queue", "NOT_FOUND - no queue 'm.queue'"),
        (
            "exchange:m.exchange/x",
            "NOT_FOUND - no exchange 'm.exchange'",
        ),
    ] {
        let sink = super::support::delivery().0;
        let error = connection.subscribe(topic, sink).await.unwrap_err();
        assert!(matches!(error, TransportError::Subscribe { .. }), "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
    for (topic, part) in [
        ("queue:m.other", "there is no queue `m.other`"),
        (
            "exchange:m.exchange/x",
            "NOT_FOUND - no exchange 'm.exchange'",
        ),
    ] {
        let error = connection.publish(message(topic, "1")).await.unwrap_err();
        assert!(matches!(error, TransportError::Publish { .. }), "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
    connection.publish(message("live", "2")).await?;
    assert_eq!(seen.next().await.payload, "2");
    assert!(seen_events.is_empty(), "the callers have the errors");
    Ok(())
}

/// Each publisher hears of its own message, also among others.
async fn unroutable(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let connection = Arc::new(own(&server, "unroutable").await?);
    let (delivery, _seen) = delivery();
    let _subscription = connection.subscribe("routed", delivery).await?;
    let publishing: Vec<_> = (0..200)
        .map(|number| {
            let connection = Arc::clone(&connection);
            let topic = if number % 2 == 0 { "routed" } else { "nowhere" };
            let sent = tokio::spawn(async move { connection.publish(message(topic, "1")).await });
            (topic, sent)
        })
        .collect();
    for (topic, sent) in publishing {
        match (topic, sent.await?) {
            ("routed", Ok(())) => {}
            ("nowhere", Err(error)) => {
                let text = error.to_string();
                for part in [
                    "no queue is bound to exchange `unroutable`",
                    "NO_ROUTE",
                    ".mandatory(false)",
                ] {
                    assert!(text.contains(part), "{text}");
                }
            }
            (topic, result) => panic!("{topic}: {result:?}"),
        }
    }
    let lenient = Rabbit::new(server.url())
        .exchange("unroutable")
        .mandatory(false);
    connect(&lenient)
        .await?
        .publish(message("nowhere", "1"))
        .await?;
    Ok(())
}

async fn too_large(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let connection = own(&server, "too_large").await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("large", delivery).await?;
    let error = connection
        .publish(message("large", vec![7; 2_000_001]))
        .await
        .unwrap_err();
    assert!(matches!(error, TransportError::Publish { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("PRECONDITION_FAILED") && text.contains("2000000"),
        "{text}"
    );
    connection.publish(message("large", "small")).await?;
    assert_eq!(seen.next().await.payload, "small");
    Ok(())
}

async fn requests(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let client = own(&server, "requests").await?;
    let service = own(&server, "requests").await?;
    let (inbox, other) = (client.inbox().unwrap(), client.inbox().unwrap());
    assert_ne!(inbox, other);
    assert_eq!(client.check_topic(&inbox), Ok(()));
    let (answers, mut answered) = delivery();
    let _inbox = client.subscribe(&inbox, answers).await?;
    let (questions, mut asked) = delivery();
    let _questions = service.subscribe("prices.get", questions).await?;
    let mut question = message("prices.get", "?");
    question.reply_to = Some(inbox.as_str().into());
    question.metadata.set("correlation_id", "c-1");
    client.publish(question).await?;
    let question = asked.next().await;
    let mut answer = message(question.reply_to.as_deref().unwrap(), "42");
    let id = question.metadata.get("correlation_id").unwrap().clone();
    answer.metadata.set("correlation_id", id);
    service.publish(answer).await?;
    let answer = answered.next().await;
    assert_eq!((&*answer.topic, &answer.payload[..]), (&*inbox, &b"42"[..]));
    assert_eq!(answer.metadata.get("correlation_id"), Some(&json!("c-1")));

    // Nobody else may listen on it.
    let error = service.subscribe(&inbox, delivery().0).await.unwrap_err();
    assert!(error.to_string().contains("RESOURCE_LOCKED"), "{error}");
    // Answers cannot go to a routing key.
    let mut wrong = message("prices.get", "?");
    wrong.reply_to = Some("prices.answer".into());
    let error = client.publish(wrong).await.unwrap_err().to_string();
    assert!(error.contains("`queue:NAME`"), "{error}");
    Ok(())
}

/// A subscription that the broker ends is told, and comes back with its queue.
async fn deleted_queue(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let system = system(&server).await?;
    declare(&system, "q.gone", FieldTable::default()).await?;
    let (sink, mut seen_events) = events();
    let rabbit = Rabbit::new(server.url()).exchange("deleted_queue");
    let connection = choreo::transport::Transport::connect(&rabbit, sink).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("queue:q.gone", delivery).await?;
    system
        .queue_delete("q.gone".into(), QueueDeleteOptions::default())
        .await?;
    let event = format!("{:?}", seen_events.next().await);
    assert!(
        event.contains("Refused") && event.contains("queue:q.gone"),
        "{event}"
    );
    declare(&system, "q.gone", FieldTable::default()).await?;
    // Watching it again is seen on the broker as a consumer.
    let consumers = async {
        let options = QueueDeclareOptions {
            passive: true,
            ..QueueDeclareOptions::default()
        };
        loop {
            let queue = system
                .queue_declare("q.gone".into(), options, FieldTable::default())
                .await?;
            if queue.consumer_count() == 1 {
                return Ok::<_, lapin::Error>(());
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), consumers).await??;
    connection.publish(message("queue:q.gone", "1")).await?;
    assert_eq!(seen.next().await.payload, "1");
    Ok(())
}
