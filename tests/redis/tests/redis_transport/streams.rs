//! What streams have besides: fields, ids, places to start from, groups.

use bytes::Bytes;
use choreo::transport::redis::RedisStreams;
use choreo::transport::{
    Connection, ConnectionEvent, Headers, Outgoing, Transport, TransportError,
};
use choreo_test_brokers::{BrokerTests, RedisServer};

use super::support::{TestError, connect, delivery, events, eventually, message};

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .test("streams::fields_are_headers", fields)
        .test("streams::flat_fields_are_an_object", flat_fields)
        .test("streams::a_start_is_respected", starts)
        .test("streams::the_database_is_that_of_the_url", databases)
        .test("streams::a_group_is_read_and_acknowledged", group)
        .test("streams::a_group_that_goes_is_made_again", lost_group)
        .test("streams::without_a_group_nothing_is_taken_away", peeking)
        .test("streams::publishing_cuts_the_stream", max_len)
        .test("streams::what_is_no_stream_is_an_error", wrong_type)
        .test("streams::a_reader_that_is_refused_is_told", refused_reader)
}

async fn fields() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    let streams = RedisStreams::new(server.url());
    let connection = connect(&streams).await?;
    let (sink, mut seen) = delivery();
    let _subscription = connection.subscribe("fields", sink).await?;
    let mut headers = Headers::new();
    headers.append("X-Trace", "a: b, ü\r\n");
    headers.append("multi", "1");
    headers.append("multi", "2");
    connection
        .publish(Outgoing {
            headers: headers.clone(),
            ..message("fields", "body")
        })
        .await?;
    let envelope = seen.next().await;
    assert_eq!(envelope.payload, "body");
    assert_eq!(envelope.headers, headers);
    let id = envelope.metadata.get("id").and_then(|id| id.as_str());
    let id = id.expect("an id").to_owned();
    let stored = server.execute(&["XRANGE", "fields", "-", "+"])?;
    assert_eq!(stored[0][0], id);
    let expected = [
        "X-Trace",
        "a: b, ü\r\n",
        "multi",
        "1",
        "multi",
        "2",
        "payload",
        "body",
    ];
    assert_eq!(stored[0][1], serde_json_array(&expected));

    // As a service writes it that calls its payload otherwise.
    server.execute(&["XADD", "fields", "*", "data", "1", "kind", "x"])?;
    let envelope = seen.next().await;
    assert!(envelope.payload.is_empty());
    assert_eq!(envelope.headers.get("data"), Some("1"));
    let named = connect(&streams.payload_field("data")).await?;
    let (sink, mut seen) = delivery();
    let _subscription = named.subscribe("fields", sink).await?;
    server.execute(&["XADD", "fields", "*", "data", "1", "kind", "x"])?;
    let envelope = seen.next().await;
    assert_eq!(envelope.payload, "1");
    assert_eq!(envelope.headers.get("kind"), Some("x"));

    let mut headers = Headers::new();
    headers.append("data", "secret");
    let clash = Outgoing {
        headers,
        ..message("fields", "")
    };
    let error = named.publish(clash).await.unwrap_err().to_string();
    assert!(
        error.contains("`data`") && !error.contains("secret"),
        "{error}"
    );
    Ok(())
}

fn serde_json_array(texts: &[&str]) -> choreo::serde_json::Value {
    texts.iter().copied().collect()
}

async fn flat_fields() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    let connection = connect(&RedisStreams::new(server.url()).fields_as_json()).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("flat", delivery).await?;
    server.execute(&["XADD", "flat", "*", "order", "ORD-1", "count", "3"])?;
    let envelope = seen.next().await;
    assert_eq!(envelope.payload, r#"{"count":"3","order":"ORD-1"}"#);
    assert!(envelope.headers.is_empty());
    connection
        .publish(message(
            "flat",
            r#"{"order":"ORD-2","count":3,"tags":["a"]}"#,
        ))
        .await?;
    let expected = r#"{"count":"3","order":"ORD-2","tags":"[\"a\"]"}"#;
    assert_eq!(seen.next().await.payload, expected);
    let error = connection
        .publish(message("flat", "[1]"))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("must be a JSON object"),
        "{error}"
    );
    Ok(())
}

async fn starts() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    for id in ["1-1", "2-1", "3-1"] {
        server.execute(&["XADD", "old", id, "payload", id])?;
    }
    // The last one is gone, and yet its id is the one to begin after.
    server.execute(&["XDEL", "old", "3-1"])?;
    let streams = RedisStreams::new(server.url());
    for (streams, expected) in [
        (streams.clone(), vec!["9-1"]),
        (streams.clone().from_first(), vec!["1-1", "2-1", "9-1"]),
        (streams.clone().after_id("1-1"), vec!["2-1", "9-1"]),
        (streams.clone().after_id("1"), vec!["1-1", "2-1", "9-1"]),
    ] {
        let connection = connect(&streams).await?;
        let (delivery, mut seen) = delivery();
        let _subscription = connection.subscribe("old", delivery).await?;
        server.execute(&["XADD", "old", "9-1", "payload", "9-1"])?;
        for id in expected {
            assert_eq!(seen.next().await.payload, id);
        }
        assert!(seen.is_empty());
        connection.close().await;
        server.execute(&["XDEL", "old", "9-1"])?;
        server.execute(&["XSETID", "old", "3-1"])?;
    }
    let error = connect(&streams.after_id("$")).await.unwrap_err();
    assert!(error.to_string().contains("MILLISECONDS-NUMBER"), "{error}");
    Ok(())
}

async fn databases() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    let connection = connect(&RedisStreams::new(format!("{}/3", server.url()))).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("here", delivery).await?;
    server.execute(&["XADD", "here", "*", "payload", "elsewhere"])?;
    connection.publish(message("here", "1")).await?;
    assert_eq!(seen.next().await.payload, "1");
    let error = connect(&RedisStreams::new(format!("{}/99", server.url())))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("DB index is out of range"),
        "{error}"
    );
    Ok(())
}

async fn group() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    server.execute(&["XADD", "tasks", "*", "payload", "old"])?;
    let streams = RedisStreams::new(server.url()).group("workers");
    let connection = connect(&streams).await?;
    let (sink, mut seen) = delivery();
    let subscription = connection.subscribe("tasks", sink).await?;
    for number in 0..1000 {
        connection
            .publish(message("tasks", number.to_string()))
            .await?;
    }
    for number in 0..1000 {
        assert_eq!(seen.next().await.payload, number.to_string());
    }
    eventually("all is acknowledged", || {
        server.execute(&["XPENDING", "tasks", "workers"]).unwrap()[0] == 0
    })
    .await;
    drop(subscription);
    eventually("the member has left", || consumers(&server).is_empty()).await;

    // An existing group goes on where it was.
    connection.publish(message("tasks", "later")).await?;
    let (sink, mut seen) = delivery();
    let _subscription = connection.subscribe("tasks", sink).await?;
    assert_eq!(seen.next().await.payload, "later");
    assert_eq!(consumers(&server).len(), 1);
    connection.close().await;
    assert!(consumers(&server).is_empty());
    Ok(())
}

/// The members of the group `workers` of the stream `tasks`.
fn consumers(server: &RedisServer) -> Vec<choreo::serde_json::Value> {
    let answer = server.execute(&["XINFO", "CONSUMERS", "tasks", "workers"]);
    answer.unwrap().as_array().unwrap().clone()
}

async fn lost_group() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    let connection = connect(&RedisStreams::new(server.url()).group("workers")).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("tasks", delivery).await?;
    server.execute(&["XADD", "tasks", "1-1", "payload", "1"])?;
    assert_eq!(seen.next().await.payload, "1");
    server.execute(&["DEL", "tasks"])?;
    connection.publish(message("tasks", "2")).await?;
    assert_eq!(seen.next().await.payload, "2");
    Ok(())
}

async fn peeking() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    server.execute(&["XGROUP", "CREATE", "tasks", "workers", "$", "MKSTREAM"])?;
    let connection = connect(&RedisStreams::new(server.url())).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("tasks", delivery).await?;
    connection.publish(message("tasks", "1")).await?;
    assert_eq!(seen.next().await.payload, "1");
    let read = server.execute(&[
        "XREADGROUP",
        "GROUP",
        "workers",
        "one",
        "STREAMS",
        "tasks",
        ">",
    ])?;
    assert_eq!(read[0][1].as_array().unwrap().len(), 1);
    Ok(())
}

async fn max_len() -> Result<(), TestError> {
    let server = RedisServer::builder()
        .setting("stream-node-max-entries 10")
        .start()?;
    let connection = connect(&RedisStreams::new(server.url()).max_len(50)).await?;
    for number in 0..1000 {
        connection
            .publish(message("cut", number.to_string()))
            .await?;
    }
    let length = server.execute(&["XLEN", "cut"])?.as_u64().unwrap();
    assert!((50..100).contains(&length), "{length}");
    Ok(())
}

async fn wrong_type() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    server.execute(&["SET", "text", "1"])?;
    let connection = connect(&RedisStreams::new(server.url())).await?;
    let error = connection
        .subscribe("text", delivery().0)
        .await
        .unwrap_err();
    assert!(matches!(error, TransportError::Subscribe { .. }), "{error}");
    assert!(error.to_string().contains("WRONGTYPE"), "{error}");
    let error = connection.publish(message("text", Bytes::new())).await;
    let error = error.unwrap_err();
    assert!(matches!(error, TransportError::Publish { .. }), "{error}");
    assert!(error.to_string().contains("WRONGTYPE"), "{error}");
    Ok(())
}

async fn refused_reader() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    let (sink, mut told) = events();
    let connection = RedisStreams::new(server.url()).connect(sink).await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("odd", delivery).await?;
    server.execute(&["SET", "odd", "1"])?;
    match told.next().await {
        ConnectionEvent::Refused { reason } => {
            assert!(
                reason.contains("`odd`") && reason.contains("WRONGTYPE"),
                "{reason}"
            );
        }
        other => panic!("{other:?}"),
    }
    server.execute(&["DEL", "odd"])?;
    connection.publish(message("odd", "1")).await?;
    assert_eq!(seen.next().await.payload, "1");
    assert!(told.is_empty(), "a refusal is told once");
    Ok(())
}
