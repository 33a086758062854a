//! Headers, keys and metadata: sent, expected, refused.

use std::sync::Arc;

use choreo::codec::TextCodec;
use choreo::prelude::*;
use choreo::transport::{
    Capabilities, Connection, ConnectionEvents, Delivery, Endpoint, Headers, Ordering, Outgoing,
    Transport, TransportError,
};
use choreo::{ScenarioErrorKind, ScenarioResult, Value};

use crate::support::world;

#[tokio::test]
async fn what_is_around_a_payload_is_sent_and_expected() {
    let world = world().await;
    let mut scope = world.scope(5_000);
    let s = scope.arrange();
    let order = "ORD-42";
    let created = expect!(
        s, "orders", { count: > 0 }, within 5s,
        headers { "X-Source": "test", "x-trace": =~ "^t-", "x-none": absent },
        key (order),
        metadata { partition: in [1, 2], priority: > 4, offset: absent },
    );
    expect!(s, "orders", headers { "x-source": in ["test", "live"] }, key =~ "^ORD");
    let source = "test";
    publish!(
        s, "orders", { count: 1 },
        headers { "x-source": source, "x-trace": "t-1" },
        key "ORD-42",
        metadata { partition: 1 + 1, priority: 5 },
    );
    let result = settle!(s);
    result.assert_passed();
    let envelope = result[created].envelope().unwrap();
    assert_eq!(envelope.headers.get("X-TRACE"), Some("t-1"));
    assert_eq!(envelope.key.as_deref(), Some(b"ORD-42".as_slice()));
    assert_eq!(envelope.metadata.get("partition"), Some(&json!(2)));
}

#[tokio::test]
async fn a_header_that_repeats_matches_with_one_of_its_values() {
    let world = world().await;
    let mut scope = world.scope(5_000);
    let s = scope.arrange();
    expect!(s, "orders", headers { tag: "b" });
    expect!(s, "orders", headers { tag: "a" & !"b" });
    let id = s.correlation_id().unwrap().to_string();
    begin!(s);
    let mut headers = Headers::new();
    headers.append("Tag", "a");
    headers.append("tag", "b");
    let payload = json!({ "correlation_id": id }).to_string();
    let client = world.broker.client();
    client
        .publish_with("orders", payload, headers)
        .await
        .unwrap();
    settle!(s).assert_passed();
}

#[tokio::test]
async fn keys_that_are_no_text_have_bytes() {
    let world = world().await;
    let mut scope = world.scope(50);
    let s = scope.arrange();
    let raw = expect!(s, "frames", key bytes b"\xff\x01");
    let text = expect!(s, "frames", key "k");
    publish!(s, "frames", {}, key b"\xff\x01".as_slice());
    let result = settle!(s);
    assert_eq!(result[raw].outcome(), Outcome::Pass);
    assert_eq!(result[text].outcome(), Outcome::Fail);
    let text = result.failure_text();
    assert!(
        text.contains(r#"key  expected "k"  got a key that is not UTF-8: b"\xff\x01""#),
        "{text}"
    );
}

#[tokio::test]
async fn typed_payloads_have_headers_too() {
    #[derive(Serialize, Deserialize, Message)]
    #[message(topic = "orders")]
    struct Order {
        count: u32,
    }

    let world = world().await;
    let mut scope = world.scope(50);
    let s = scope.arrange();
    let right = expect!(s, Order { count: 3 }, headers { source: "test" }, within 5s);
    let wrong = expect!(s, Order { count: 4 }, key "k", headers { source: "live" });
    publish!(
        s,
        Order { count: 3 },
        headers { source: "test" },
        metadata { app_id: "a" }
    );
    let result = settle!(s);
    assert_eq!(result[right].message().count, 3);
    let paths: Vec<_> = result[wrong].near_misses()[0]
        .mismatch()
        .children
        .iter()
        .map(|child| child.path.to_string())
        .collect();
    assert_eq!(paths, ["count", "headers.source", "key"]);
}

#[tokio::test]
async fn a_closed_object_refuses_other_headers() {
    let world = world().await;
    let mut scope = world.scope(50);
    let s = scope.arrange();
    let handle = expect!(s, "orders", headers { a: _; exact });
    publish!(s, "orders", {}, headers { a: "1", b: "2" });
    let result = settle!(s);
    let mismatch = result[handle].near_misses()[0].mismatch();
    assert_eq!(mismatch.children[0].path.to_string(), "headers.b");
}

#[tokio::test]
async fn replies_answer_by_header_key_and_metadata() {
    let world = world().await;
    let mut scope = world.scope(5_000);
    let s = scope.arrange();
    reply!(s, "ask", headers { kind: "a" } => "answer", { from: "a" });
    reply!(s, "ask", { n: 2 }, key "k", metadata { priority: 1 } => "answer", { from: "b" });
    let a = expect!(s, "answer", { from: "a" });
    let b = expect!(s, "answer", { from: "b" });
    begin!(s);
    publish!(s, "ask", { n: 1 }, headers { kind: "a" });
    publish!(s, "ask", { n: 2 }, key "k", metadata { priority: 1 }, headers { kind: "b" });
    let result = settle!(s);
    assert_eq!(result[a].outcome(), Outcome::Pass, "{result}");
    assert_eq!(result[b].outcome(), Outcome::Pass, "{result}");
}

#[tokio::test]
async fn a_tombstone_is_null_whatever_the_codec() {
    let broker = Memory::new();
    let harness = Harness::builder(broker.clone())
        .codec(TextCodec)
        .connect()
        .await
        .unwrap();
    let mut scope = harness.scenario("a deletion").open();
    let s = scope.arrange();
    let deleted = expect!(s, "users", null, key "u-1", metadata { tombstone: true });
    publish!(s, "users", null, key "u-1", metadata { tombstone: true });
    let result = settle!(s);
    result.assert_passed();
    assert_eq!(result[deleted].message(), &Value::Null);
    assert!(result[deleted].envelope().unwrap().payload.is_empty());

    let mut scope = harness.scenario("a deletion").open();
    let s = scope.arrange();
    expect!(s, "users");
    publish!(s, "users", "text", metadata { tombstone: true });
    let text = settle!(s).failure_text();
    assert!(text.contains("a tombstone has no value"), "{text}");
}

/// A broker that can do nothing but take topics and payloads, and must never be asked.
struct Plain(Capabilities);

struct PlainConnection;

impl Transport for Plain {
    type Connection = PlainConnection;

    fn name(&self) -> &str {
        "Plain"
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        Vec::new()
    }

    fn capabilities(&self) -> Capabilities {
        self.0
    }

    async fn connect(&self, _: ConnectionEvents) -> Result<PlainConnection, TransportError> {
        Ok(PlainConnection)
    }
}

impl Connection for PlainConnection {
    type Subscription = ();

    async fn subscribe(&self, topic: &str, _: Delivery) -> Result<(), TransportError> {
        assert_eq!(topic, "answers", "refused before the broker is asked");
        Ok(())
    }

    async fn publish(&self, _: Outgoing) -> Result<(), TransportError> {
        Err(TransportError::Lost {
            reason: "nothing is to be published".to_owned(),
        })
    }

    async fn close(&self) {}
}

#[track_caller]
fn assert_refused(result: &Arc<ScenarioResult>, kind: ScenarioErrorKind, text: &str) {
    let error = result.error().expect("the scenario ends as error");
    assert_eq!(error.text, text);
    assert_eq!(error.kind, kind);
    assert_eq!(result.outcome(), Outcome::Error);
}

#[tokio::test]
async fn what_the_transport_lacks_is_refused_where_it_is_written() {
    use ScenarioErrorKind::{Publish, Unsupported};

    let plain = Harness::builder(Plain(Capabilities::plain()))
        .connect()
        .await
        .unwrap();
    let watching = Harness::builder(Plain(Capabilities::plain())).watch("orders.*");
    let refusal = watching.connect().await.unwrap_err().to_string();
    let text =
        "cannot subscribe to `orders.*`: Plain has no wildcards; watch each topic by its name";
    assert_eq!(refusal, text);
    macro_rules! refused {
        ($kind:ident, $text:literal, |$s:ident| $($steps:tt)*) => {
            let mut scope = plain.scenario("test").open();
            let $s = scope.arrange();
            $($steps)*
            assert_refused(&settle!($s), $kind, $text);
        };
    }
    refused!(
        Unsupported,
        "what is expected on `orders` can never come: messages of Plain have no headers; put the \
         value into the payload",
        |s| expect!(s, "orders", headers { a: "1" });
        publish!(s, "orders", {});
    );
    refused!(
        Unsupported,
        "what is expected on `orders` can never come: messages of Plain have no keys; use a field of \
         the payload",
        |s| expect!(s, "orders", { a: 1 }, key "k");
        begin!(s);
    );
    refused!(
        Unsupported,
        "what is expected on `orders` can never come: messages of Plain have no metadata; use a field \
         of the payload",
        |s| reply!(s, "orders", metadata { partition: 1 } => "answers", {});
        begin!(s);
    );
    refused!(
        Publish,
        "publishing to `orders` failed: messages of Plain have no headers; put the value into the \
         payload",
        |s| expect!(s, "answers");
        publish!(s, "orders", {}, headers { a: "1" });
    );
    refused!(
        Publish,
        "publishing to `orders` failed: metadata cannot be set on messages of Plain; use a field of \
         the payload",
        |s| expect!(s, "answers");
        publish!(s, "orders", {}, metadata { partition: 1 });
    );
    refused!(
        Unsupported,
        "Plain has no requests, so a scenario has no inbox on it; publish the question with \
         `publish!`, and expect the answer on the topic that the service sends it to",
        |s| expect!(s, s.inbox(), { price: > 0 });
        request!(s, "prices.get", {});
    );
    refused!(
        Unsupported,
        "cannot send a request to `prices.get`: Plain has no requests, so a scenario has no inbox on \
         it; publish the question with `publish!`, and expect the answer on the topic that the \
         service sends it to",
        |s| expect!(s, "answers");
        request!(s, "prices.get", {});
    );
    refused!(
        Unsupported,
        "cannot answer whoever asks on `prices.get`: Plain has no requests; write the topic of the \
         answer instead of `_`",
        |s| reply!(s, "prices.get" => _, { price: 1 });
        begin!(s);
    );

    refused!(
        Unsupported,
        "cannot subscribe to `orders.*`: Plain has no wildcards; write a step of its own for each topic",
        |s| expect!(s, "orders.*");
        publish!(s, "orders", {});
    );
    refused!(
        Unsupported,
        "cannot subscribe to `orders/#`: Plain has no wildcards; write a step of its own for each topic",
        |s| reply!(s, "orders/#" => "answers", {});
        begin!(s);
    );

    let plain = Harness::builder(Plain(Capabilities::plain()))
        .correlation(HeaderCorrelation::new("x-id"))
        .connect()
        .await
        .unwrap();
    let mut scope = plain.scenario("test").open();
    let s = scope.arrange();
    expect!(s, "answers");
    publish!(s, "orders", {});
    assert_refused(
        &settle!(s),
        Publish,
        "publishing to `orders` failed: the correlation policy (header `x-id`) cannot be used here: \
         messages of Plain have no headers; use one whose id is in the payload, such as \
         `FieldCorrelation`",
    );
}

#[tokio::test]
async fn an_order_is_refused_that_the_transport_does_not_keep() {
    const WITHIN_KEYS: &str = "cannot be judged by the order of arrival: Plain keeps it only among messages \
         of one key or one partition; say which: `key \"…\"` or `metadata { partition: 0 }`";
    const NONE: &str = "cannot be judged by the order of arrival: Plain keeps none; expect the messages in \
         any order, or in acts of their own";

    let can = Capabilities::plain()
        .with_keys()
        .with_metadata(&[], &["partition"]);
    let partitioned = Plain(can.with_ordering(Ordering::Partition));
    let partitioned = Harness::builder(partitioned).connect().await.unwrap();
    let loose = Plain(can.with_ordering(Ordering::None));
    let loose = Harness::builder(loose).connect().await.unwrap();
    type Steps = fn(&Scenario<'_>);
    let by_value: Steps = |s| {
        expect!(s, "answers", times 2, ordered_by n);
    };
    let pairs: Steps = |s| {
        let first = expect!(s, "answers", { n: 1 }, key "a");
        let second = expect!(s, "answers", { n: 2 }, key "b", metadata { partition: > 0 });
        in_order!(s, first, second);
    };
    let by_value_within_a_key: Steps = |s| {
        expect!(s, "answers", times 2, ordered_by n, key "a");
    };
    let pairs_within_a_partition: Steps = |s| {
        let first = expect!(s, "answers", { n: 1 }, metadata { partition: 1 });
        let second =
            expect!(s, "answers", unordered [{ n: 2 }, { n: 3 }], metadata { partition: 1 });
        in_order!(s, first, second);
    };
    for (harness, steps, refusal) in [
        (&partitioned, by_value, Some(("ordered_by", WITHIN_KEYS))),
        (&partitioned, pairs, Some(("in_order!", WITHIN_KEYS))),
        (&partitioned, by_value_within_a_key, None),
        (&partitioned, pairs_within_a_partition, None),
        (&loose, by_value_within_a_key, Some(("ordered_by", NONE))),
        (&loose, pairs_within_a_partition, Some(("in_order!", NONE))),
    ] {
        let mut scope = harness.scenario("test").open();
        let s = scope.arrange();
        steps(&s);
        publish!(s, "orders", {});
        let result = settle!(s);
        match refusal {
            Some((what, why)) => assert_refused(
                &result,
                ScenarioErrorKind::Unsupported,
                &format!("`{what}` on `answers` {why}"),
            ),
            // Nothing can be published there.
            None => assert_eq!(result.error().unwrap().kind, ScenarioErrorKind::Publish),
        }
    }
}

#[tokio::test]
async fn an_unknown_name_of_metadata_is_refused_with_the_known_ones() {
    let world = world().await;
    let mut scope = world.scope(5_000);
    let s = scope.arrange();
    expect!(s, "orders", metadata { partitoin: 0 });
    publish!(s, "orders", {});
    let text = settle!(s).error().unwrap().text.clone();
    assert!(
        text.starts_with(
            "what is expected on `orders` can never come: messages of Memory have no metadata \
             `partitoin` (did you mean `partition`?); what they have is `partition`, `timestamp`, "
        ),
        "{text}"
    );

    let mut scope = world.scope(5_000);
    let s = scope.arrange();
    expect!(s, "orders");
    publish!(s, "orders", {}, metadata { offset: 5 });
    let text = settle!(s).error().unwrap().text.clone();
    assert!(
        text.starts_with(
            "publishing to `orders` failed: the metadata `offset` of Memory can be read and not set; \
             what can be set is `partition`, "
        ),
        "{text}"
    );
}
