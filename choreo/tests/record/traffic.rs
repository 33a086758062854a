//! What else was on the topics of a scenario: payloads that do not decode, and messages of others.

use choreo::__private::{BodyEnd, BoxFuture, HarnessFn, body_end, connect_with};
use choreo::Value;
use choreo::codec::RawCodec;
use choreo::prelude::*;
use choreo_report::model::Outcome;

use crate::support::{Told, broker, connect, run, run_on, run_with};

async fn send(topic: &str, payload: &str) {
    let sent = broker().client().publish(topic, payload.to_owned()).await;
    sent.expect("the broker takes it");
}

fn traffic(told: &Told, handle: usize) -> &Value {
    &told.json["handles"][handle]["traffic"]
}

#[tokio::test]
async fn what_does_not_decode_is_counted_and_is_the_cause() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "xml.done", { ok: true });
            expect!(s, "mixed.done", { ok: true });
            expect!(s, "xml.*");
            publish!(s, "xml.new", {});
            send("xml.done", "<ok/>").await;
            send("xml.done", "").await;
            send("mixed.done", "<ok/>").await;
            send("mixed.done", "{}").await;
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    assert_eq!(
        traffic(&told, 0),
        &json!({ "received": 2, "without_id": 2, "undecodable": 2 })
    );
    assert_eq!(
        traffic(&told, 1),
        &json!({ "received": 2, "without_id": 2, "undecodable": 1 })
    );
    // Its own message came through it as well.
    assert_eq!(
        traffic(&told, 2),
        &json!({ "received": 3, "without_id": 2, "undecodable": 2 })
    );
    let all = "wrong_type: `xml.new` went out, and nothing of this scenario came back on `xml.done` within <time>: \
               2 messages there could not be decoded as JSON";
    let some = "routing: `xml.new` went out, and nothing of this scenario came back on `mixed.done` within <time>: \
                2 messages there carried no correlation id";
    assert_eq!(told.causes(), [all, all, some]);
}

#[tokio::test]
async fn a_message_that_reached_nobody_on_a_similar_topic_is_told() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "slips.done");
            publish!(s, "slips.dne", {});
            let _ = s;
            body_end(())
        })
    }
    let cause = "routing: `slips.dne` went out, and nothing came back on `slips.done` within <time>: \
                 a message on `slips.dne` reached nobody";
    assert_eq!(run(body).await.causes(), [cause, cause]);
}

#[tokio::test]
async fn of_many_that_nobody_expected_the_last_are_shown_and_all_counted() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "busy.done");
            publish!(s, "busy.new", {});
            for _ in 0..40 {
                send("busy.done", "{}").await;
            }
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let record = &told.record;
    assert_eq!(
        (record.surprises.len(), record.surprises_dropped),
        (32, Some(8))
    );
}

#[tokio::test]
async fn those_that_the_log_of_a_connection_has_dropped_are_counted_too() {
    /// More than it keeps.
    const MANY: u64 = 1_100;
    fn crowded(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "crowd.new");
            reply!(s, "crowd.asked" => "crowd.answered", |_| json!({}));
            publish!(s, "crowd.new", {});
            for _ in 0..40 {
                send("crowd.new", "{}").await;
                send("crowd.asked", "{}").await;
            }
            let s = next_act!(s);
            expect!(s, "crowd.second");
            publish!(s, "crowd.new", {});
            for _ in 0..MANY {
                send("crowd.second", "{}").await;
            }
            let _ = s;
            body_end(())
        })
    }
    fn quiet(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "quiet.done");
            publish!(s, "quiet.new", {});
            for _ in 0..3 {
                send("quiet.done", "{}").await;
            }
            let _ = s;
            body_end(())
        })
    }
    let harness = HarnessFn::new("h", "record", file!(), line!(), connect);
    let harness = Box::leak(Box::new(harness));
    let crowded = run_on(harness, crowded).await.record;
    let shown = crowded.surprises.len() as u64;
    assert_eq!(
        crowded.surprises_dropped,
        Some(2 * 40 + MANY - shown),
        "those of both acts, of expectations and replies"
    );
    // What is dropped for its messages is not of its topics.
    let quiet = run_on(harness, quiet).await.record;
    assert_eq!((quiet.surprises.len(), quiet.surprises_dropped), (3, None));
}

/// Ids in headers: what does not decode reaches the scenario.
fn by_header() -> BoxFuture<'static, choreo::Result<Harness>> {
    connect_with(async {
        Harness::builder(broker())
            .correlation(HeaderCorrelation::new("x-id"))
            .connect()
            .await
    })
}

/// Of bytes nobody expects that they decode.
fn raw() -> BoxFuture<'static, choreo::Result<Harness>> {
    connect_with(async {
        Harness::builder(broker())
            .correlation(HeaderCorrelation::new("x-id"))
            .codec(RawCodec)
            .connect()
            .await
    })
}

#[tokio::test]
async fn what_does_not_decode_and_reaches_the_scenario() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "order", { ok: true });
            begin!(s);
            publish!(s, "order", bytes b"<order/>");
            publish!(s, "order", bytes b"none");
            let _ = s;
            body_end(())
        })
    }
    let connect = by_header;
    let told = run_with(
        HarnessFn::new("h", "record", file!(), line!(), connect),
        body,
    )
    .await;
    assert_eq!(traffic(&told, 0), &json!({ "received": 2 }));
    let cause = "wrong_type: 2 messages came on `order`; none could be decoded: the payload is not JSON: expected \
                 value at line 1 column 1";
    assert_eq!(told.causes(), [cause, cause]);
}

/// Whether they were right there, or were not.
#[tokio::test]
async fn what_does_not_decode_and_reaches_another_scenario() {
    fn waits(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "orders.done", { ok: true });
            publish!(s, "ask", {});
            let _ = s;
            body_end(())
        })
    }
    fn has_some(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "orders.done", bytes b"<order/>");
            expect!(s, "orders.done", { ok: true });
            begin!(s);
            publish!(s, "orders.done", bytes b"<order/>");
            let _ = s;
            body_end(())
        })
    }
    let harness = HarnessFn::new("h", "record", file!(), line!(), by_header);
    let harness = Box::leak(Box::new(harness));
    let (told, other) = tokio::join!(run_on(harness, waits), run_on(harness, has_some));
    assert_eq!(other.record.handles[0].verdict, Some(Outcome::Pass));
    assert_eq!(other.record.handles[1].verdict, Some(Outcome::Fail));
    assert_eq!(traffic(&told, 0), &json!({ "received": 1 }));
    let cause = "routing: `ask` went out, and nothing came back on `orders.done` within <time>";
    assert_eq!(told.causes(), [cause, cause]);
    let text = &told.record.summary_text;
    assert!(
        text.contains("1 message on this topic went to other scenarios"),
        "{text}"
    );
    assert!(!text.contains("decoded"), "{text}");
}

#[tokio::test]
async fn a_codec_that_never_decodes_has_nothing_to_count() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "order", contains "order");
            expect!(s, "order", bytes b"other");
            publish!(s, "order", bytes b"<order/>");
            let _ = s;
            body_end(())
        })
    }
    let told = run_with(HarnessFn::new("h", "record", file!(), line!(), raw), body).await;
    assert_eq!(told.record.handles[0].verdict, Some(Outcome::Pass));
    assert_eq!(traffic(&told, 1), &json!({ "received": 1 }));
    let cause = &told.causes()[0];
    assert!(!cause.contains("decoded"), "{cause}");
}

#[tokio::test]
async fn what_came_through_a_wildcard_is_a_surprise_of_its_handle() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "wild.*.done", { ok: true });
            reply!(s, "ask.>" => "answer", {});
            publish!(s, "wild.new", {});
            let foreign = json!({ "correlation_id": "somebody-else" }).to_string();
            for topic in ["wild.a.done", "wild.b.done", "wild.b.other", "ask.a.b"] {
                send(topic, &foreign).await;
            }
            send("wild.c.done", "{}").await;
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let surprises = told.record.surprises.iter();
    let surprises: Vec<_> = surprises
        .map(|one| (one.topic.as_str(), one.class.as_str()))
        .collect();
    assert_eq!(
        surprises,
        [
            ("wild.a.done", "unknown_id"),
            ("wild.b.done", "unknown_id"),
            ("ask.a.b", "unknown_id"),
            ("wild.c.done", "without_id"),
        ]
    );
    assert_eq!(
        traffic(&told, 0),
        &json!({ "received": 3, "other_ids": 2, "without_id": 1 })
    );
    // Those that were waited for in vain.
    let mut skipped = told.edges();
    skipped.retain(|edge| edge.starts_with("correlation_skipped"));
    assert_eq!(
        skipped,
        ["wild.a.done", "wild.b.done", "wild.c.done"]
            .map(|topic| format!("correlation_skipped {topic}"))
    );
}
