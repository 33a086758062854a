//! Requests and answers: from this side, and from others.

use bytes::Bytes;
use choreo::transport::nats::Nats;
use choreo::transport::{Connection, Headers, Outgoing, Transport, TransportError};
use choreo_test_brokers::{BrokerTests, NatsServer};
use futures_util::StreamExt as _;

use super::support::{TestError, connect, delivery, message};

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .test("requests::a_service_answers_a_request", asking)
        .test("requests::a_raw_request_is_answered", answering)
        .test("requests::inboxes_are_of_one_connection_only", inboxes)
        .test("requests::a_request_that_nobody_hears_is_told", unheard)
        .test(
            "requests::an_impossible_reply_subject_is_an_error",
            impossible,
        )
}

fn request(topic: &str, inbox: &str, payload: impl Into<Bytes>) -> Outgoing {
    Outgoing {
        reply_to: Some(inbox.into()),
        ..message(topic, payload)
    }
}

async fn asking() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let service = async_nats::connect(server.url()).await?;
    let mut questions = service.subscribe("prices.get").await?;
    service.flush().await?;
    let answering = tokio::spawn(async move {
        while let Some(question) = questions.next().await {
            let answer = [&b"price of "[..], &question.payload].concat();
            let reply = question.reply.expect("a reply subject");
            service
                .publish(reply, answer.into())
                .await
                .expect("a connection");
        }
    });
    let nats = Nats::new(server.url());
    assert!(nats.capabilities().requests);
    let connection = connect(&nats).await?;
    for number in 0..100 {
        let inbox = connection.inbox().unwrap();
        let (delivery, mut seen) = delivery();
        let _subscription = connection.subscribe(&inbox, delivery).await?;
        let mut question = request("prices.get", &inbox, number.to_string());
        // With and without headers are two commands of the protocol.
        if number % 2 == 0 {
            question.headers = Headers::new();
            question.headers.append("x", "y");
        }
        connection.publish(question).await?;
        let answer = seen.next().await;
        assert_eq!(*answer.topic, *inbox);
        assert_eq!(answer.payload, format!("price of {number}"));
        assert!(answer.reply_to.is_none() && answer.metadata.is_empty());
    }
    connection.close().await;
    answering.abort();
    Ok(())
}

async fn answering() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let connection = connect(&Nats::new(server.url())).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("prices.get", delivery).await?;
    let asker = async_nats::connect(server.url()).await?;
    let asking = tokio::spawn(async move { asker.request("prices.get", "X".into()).await });
    let question = seen.next().await;
    assert_eq!(question.payload, "X");
    let reply_to = question.reply_to.unwrap();
    connection.publish(message(&reply_to, "7")).await?;
    assert_eq!(asking.await??.payload, "7");
    Ok(())
}

async fn inboxes() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let nats = Nats::new(server.url());
    let (one, other) = (connect(&nats).await?, connect(&nats).await?);
    let mut all: Vec<_> = (0..100)
        .flat_map(|_| [one.inbox().unwrap(), other.inbox().unwrap()])
        .collect();
    assert!(all.iter().all(|inbox| inbox.starts_with("_INBOX.")));
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 200);
    Ok(())
}

async fn unheard() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let connection = connect(&Nats::new(server.url())).await?;
    let inbox = connection.inbox().unwrap();
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe(&inbox, delivery).await?;
    connection
        .publish(request("prices.get", &inbox, "X"))
        .await?;
    let answer = seen.next().await;
    assert_eq!(answer.payload, "");
    assert_eq!(answer.metadata.get("status"), Some(&503.into()));
    Ok(())
}

async fn impossible() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let connection = connect(&Nats::new(server.url())).await?;
    for inbox in ["", "a b", "a.*", "a\r\nPUB b 0"] {
        let error = connection
            .publish(request("a", inbox, ""))
            .await
            .unwrap_err();
        assert!(matches!(error, TransportError::Publish { .. }), "{error}");
        assert!(error.to_string().contains("reply_to"), "{error}");
    }
    Ok(())
}
