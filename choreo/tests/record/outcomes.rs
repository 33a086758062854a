//! One expectation, each outcome.

use choreo::__private::{BodyEnd, BoxFuture, body_end};
use choreo::Value;
use choreo::prelude::*;
use choreo::transport::Headers;
use choreo_report::model::{HandleOutcome, Outcome};

use crate::support::{broker, run, service};

#[tokio::test]
async fn pass() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "pass.done", { count: > 0 }, within 50s);
            publish!(s, "pass.new", { count: 3 }, headers { "x-a": "1", "x-a": "2" }, key "k");
            let _ = s;
            body_end(())
        })
    }
    service("pass.new", "pass.done", |order| {
        vec![json!({ "count": order["count"] })]
    })
    .await;
    let told = run(body).await;
    assert_eq!(
        told.edges(),
        [
            "ready",
            "published pass.new m1 <- ready",
            "received pass.done m2 <- published pass.new m1",
            "matched pass.done m2 <- received pass.done m2",
        ]
    );
    assert!(told.causes().is_empty());
    let record = &told.record;
    assert_eq!(record.verdict, Some(Outcome::Pass));
    assert!(record.completed_normally);
    let id = record.correlation_id.as_deref().unwrap();
    assert!(id.starts_with("sha256:") && id.len() == 23, "{id}");
    let handle = &record.handles[0];
    assert_eq!(handle.matched, ["m2"]);
    assert_eq!(handle.matcher_description, "{ count: > 0, .. }");
    assert!(handle.latency_ms < handle.budget_ms);
    let sent = told.message("m1");
    assert_eq!(sent["direction"], "out");
    assert_eq!(sent["payload"], json!({ "count": 3, "correlation_id": id }));
    assert_eq!(sent["headers"], json!({ "x-a": ["1", "2"] }));
    assert_eq!(
        (&sent["key"], &sent["transport"]),
        (&json!("k"), &json!("memory"))
    );
    assert_eq!(told.json["transports"][0]["kind"], "memory");
    assert_eq!(told.json["timeline"][3]["handle"], "h1");
    assert_eq!(told.json["handles"][0]["location"]["file"], file!());
}

#[tokio::test]
async fn slow() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "slow", within 1ns);
            publish!(s, "slow", {});
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let cause = "late: the message on `slow` took <time>, <time> over its budget of <time>";
    assert_eq!(told.causes(), [cause, cause]);
    let detail = told.json["timeline"][3]["detail"].as_str().unwrap();
    assert!(detail.ends_with(" over its budget of 1 ns"), "{detail}");
    // The message itself came back.
    assert_eq!(told.edges()[2], "received slow m2 <- published slow m1");
}

#[tokio::test]
async fn fail() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "fail.filled", { qty: 1000, state: "DONE" });
            publish!(s, "fail.new", {});
            let _ = s;
            body_end(())
        })
    }
    service("fail.new", "fail.filled", |_| {
        vec![
            json!({ "state": "NEW" }),
            json!({ "qty": 300, "state": "DONE" }),
            json!({ "qty": "1000", "state": "DONE" }),
        ]
    })
    .await;
    let told = run(body).await;
    let cause = "wrong_value: 3 messages came on `fail.filled`; in the closest, `qty` was 300, expected 1000";
    assert_eq!(told.causes(), [cause, cause]);
    assert_eq!(
        told.edges(),
        [
            "ready",
            "published fail.new m1 <- ready",
            "received fail.filled m2 <- published fail.new m1",
            "mismatched fail.filled m2 <- received fail.filled m2",
            "received fail.filled m3 <- published fail.new m1",
            "mismatched fail.filled m3 <- received fail.filled m3",
            "received fail.filled m4 <- published fail.new m1",
            "mismatched fail.filled m4 <- received fail.filled m4",
            "deadline fail.filled <- published fail.new m1",
        ]
    );
    let misses = told.json["handles"][0]["near_misses"].as_array().unwrap();
    let order: Vec<_> = misses.iter().map(|miss| &miss["message"]).collect();
    assert_eq!(order, ["m3", "m4", "m2"], "the closest first");
    assert_eq!(
        misses[1]["differences"],
        json!([{ "path": "qty", "kind": "type_mismatch", "expected": "1000", "actual": "1000" }])
    );
    assert_eq!(misses[2]["differences"].as_array().unwrap().len(), 2);
    assert!(misses.is_sorted_by_key(|miss| miss["score"].as_u64()));
    assert_eq!(told.json["handles"][0]["actual"]["qty"], 300);
}

#[tokio::test]
async fn a_number_that_is_a_text() {
    fn literal(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "text", { qty: 1000 });
            publish!(s, "text", { qty: "1000" });
            let _ = s;
            body_end(())
        })
    }
    fn comparison(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "text", { qty: > 0 });
            publish!(s, "text", { qty: null });
            let _ = s;
            body_end(())
        })
    }
    fn whole(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "text", [1]);
            publish!(s, "text", { qty: 1 });
            let _ = s;
            body_end(())
        })
    }
    let cause = |told: crate::support::Told| told.causes()[0].clone();
    assert_eq!(
        cause(run(literal).await),
        "wrong_type: in the message on `text`, `qty` was the string \"1000\", expected the number 1000"
    );
    assert_eq!(
        cause(run(comparison).await),
        "wrong_type: in the message on `text`, `qty` was null, expected > 0"
    );
    let cause = cause(run(whole).await);
    assert!(
        cause.starts_with("wrong_type: the message on `text` was the object {"),
        "{cause}"
    );
    assert!(cause.ends_with(", expected the list [1]"), "{cause}");
}

#[tokio::test]
async fn timeout() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "timeout.done");
            expect!(s, "timeout.don");
            publish!(s, "timeout.new", {});
            // Without the id nobody can claim it.
            let foreign = json!({ "correlation_id": "somebody-else" }).to_string();
            broker()
                .client()
                .publish("timeout.done", foreign)
                .await
                .expect("the broker takes it");
            let _ = s;
            body_end(())
        })
    }
    service("timeout.new", "timeout.don", |_| vec![json!({})]).await;
    let told = run(body).await;
    let cause = "routing: `timeout.new` went out, and nothing of this scenario came back on `timeout.done` within <time>: \
                 1 message there carried an unknown correlation id";
    assert_eq!(told.causes(), [cause, cause]);
    let edges = told.edges();
    assert_eq!(
        edges.last().unwrap(),
        "deadline timeout.done <- published timeout.new m1"
    );
    let surprise = &told.record.surprises[0];
    assert_eq!(
        (surprise.topic.as_str(), surprise.class.as_str()),
        ("timeout.done", "unknown_id")
    );
    assert!(surprise.id.as_deref().unwrap().starts_with("sha256:"));
    assert_eq!(told.json["handles"][0]["traffic"]["other_ids"], 1);
}

#[tokio::test]
async fn deadline() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            reply!(s, "deadline.new" => "deadline.done", {}, delay 40ms);
            expect!(s, "deadline.done", { n: absent }, deadline 20ms);
            expect!(s, "deadline.silence", deadline 30ms, within 10ms);
            expect!(s, "deadline.done");
            publish!(s, "deadline.new", {});
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let late = "late: the message on `deadline.done` came <time> after its deadline of <time>";
    let silent = "routing: `deadline.new` went out, and nothing came back on `deadline.silence` by its deadline of <time>";
    assert_eq!(told.causes(), [late, late, silent]);
    let handles = &told.json["handles"];
    for (index, limit) in [(0, 20), (1, 30)] {
        let handle = &handles[index];
        assert_eq!(handle["outcome"], "timeout");
        assert_eq!(handle["deadline_ms"].as_f64(), Some(f64::from(limit)));
        assert_eq!(handle["diagnosis"]["deadline_ms"], handle["deadline_ms"]);
    }
    assert_eq!(handles[2].get("deadline_ms"), None);
    // The message that was right is named, and counts as none.
    let misses = &handles[0]["near_misses"];
    assert_eq!(misses[0]["differences"], json!([]));
    assert!(misses[0]["message"].is_string(), "{misses}");
    assert_eq!(
        (&handles[0]["near_miss_count"], &handles[0]["attempts"]),
        (&json!(0), &json!(0))
    );
    let edges = told.edges();
    let deadlines = edges.iter().filter(|edge| edge.starts_with("deadline"));
    assert_eq!(
        deadlines.collect::<Vec<_>>(),
        [
            "deadline deadline.done <- published deadline.new m1",
            "deadline deadline.silence <- published deadline.new m1",
        ]
    );
}

#[tokio::test]
async fn fail_fast() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "fast", { state: "DONE" }, fail_fast);
            expect!(s, "fast.silence");
            publish!(s, "fast", { state: "LOST" });
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let cause = "wrong_value: in the message on `fast`, `state` was \"LOST\", expected \"DONE\"";
    let open = "interrupted: `fast.silence`: the scenario ended before it was decided";
    assert_eq!(told.causes(), [cause, cause, open]);
    let handle = &told.json["handles"][0];
    assert_eq!(
        (&handle["outcome"], &handle["verdict"]),
        (&json!("fail"), &json!("fail"))
    );
    assert_eq!(handle["near_misses"][0]["message"], "m2");
}

#[tokio::test]
async fn error() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "error");
            publish!(s, "error.*", {});
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    assert_eq!(told.record.verdict, Some(Outcome::Error));
    assert_eq!(told.record.error.as_ref().unwrap().kind, "publish");
    let causes = told.causes();
    assert!(causes[0].starts_with("publish_failed: "), "{causes:?}");
    assert_eq!(
        causes[1],
        "interrupted: `error`: the scenario ended before it was decided"
    );
    assert_eq!(told.record.handles[0].outcome, HandleOutcome::Pending);
    assert_eq!(told.record.handles[0].verdict, None);
}

#[tokio::test]
async fn a_body_that_panics() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "panic.done");
            publish!(s, "panic.new", {});
            assert_eq!(s.name(), "another name", "the names differ");
            body_end(())
        })
    }
    let told = run(body).await;
    assert!(!told.record.completed_normally);
    let text = told.record.body_error.as_deref().unwrap();
    assert!(text.contains("the names differ"), "{text}");
    let causes = told.causes();
    assert!(
        causes[0].starts_with("other: the scenario panicked at "),
        "{causes:?}"
    );
    assert!(causes[0].contains("the names differ"), "{causes:?}");
}

#[tokio::test]
async fn a_matcher_that_panics() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            let wrong = choreo::matchers::satisfies("no panic", |_: &Value| panic!("a bug"));
            expect!(s, "matcher", => wrong);
            publish!(s, "matcher", {});
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let cause = "other: the matcher `no panic` panicked: a bug";
    assert_eq!(
        told.causes(),
        [
            cause,
            "other: `matcher`: the matcher `no panic` panicked: a bug"
        ]
    );
    let edges = told.edges();
    assert!(
        edges.contains(&"error matcher m2 <- received matcher m2".to_owned()),
        "{edges:?}"
    );
}

#[tokio::test]
async fn payloads_of_any_kind_are_bounded() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            let inbox = s.inbox().to_owned();
            expect!(s, s.inbox(), bytes "never");
            begin!(s);
            let client = broker().client();
            let large = "ä".repeat(50_000);
            for payload in [
                b"\xff\x00".to_vec(),
                b"no JSON".to_vec(),
                large.into_bytes(),
            ] {
                client
                    .publish(inbox.as_str(), payload)
                    .await
                    .expect("it is taken");
            }
            client
                .publish_with(inbox.as_str(), "1e999", Headers::new())
                .await
                .expect("it is taken");
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let shown = |id: &str| {
        let message = told.message(id);
        (message["encoding"].clone(), message["payload"].clone())
    };
    assert_eq!(shown("m1"), (json!("base64"), json!("/wA=")));
    assert_eq!(shown("m2"), (json!("text"), json!("no JSON")));
    let large = told.message("m3");
    assert_eq!(
        (&large["truncated"], &large["size"]),
        (&json!(true), &json!(100_000))
    );
    assert_eq!(large["payload"].as_str().unwrap().len(), 64 * 1024);
    assert_eq!(shown("m4"), (json!("text"), json!("1e999")));
    assert_eq!(told.json["handles"][0]["topic"], "inbox");
}

#[tokio::test]
async fn an_id_is_hidden_in_bytes_names_and_paths() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            let inbox = s.inbox().to_owned();
            let id = s.correlation_id().expect("it has one").to_string();
            expect!(s, s.inbox(), { done: true; exact });
            begin!(s);
            let client = broker().client();
            let bytes = [b"\xc3".as_slice(), id.as_bytes(), b"\xff", id.as_bytes()].concat();
            let mut headers = Headers::new();
            headers.append(id.as_str(), "1");
            headers.append(id.as_str(), "2");
            let sent = client.publish_with(inbox.as_str(), bytes, headers).await;
            sent.expect("it is taken");
            let fields = json!({ "done": true, id: 1 }).to_string();
            let sent = client.publish(inbox.as_str(), fields).await;
            sent.expect("it is taken");
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let id = told.record.correlation_id.as_deref().unwrap();
    let bytes = told.message("m1");
    let shown = [b"\xc3".as_slice(), id.as_bytes(), b"\xff", id.as_bytes()].concat();
    assert_eq!(bytes["payload"], data_encoding::BASE64.encode(&shown));
    assert_eq!(bytes["headers"], json!({ id: ["1", "2"] }));
    let difference = &told.json["handles"][0]["near_misses"][0]["differences"][0];
    let path = difference["path"].as_str().unwrap();
    assert!(path.contains(id), "{difference}");
}

#[tokio::test]
async fn what_never_began_awaits_nothing() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "never.done");
            let _ = s;
            body_end(())
        })
    }
    let cause = &run(body).await.causes()[0];
    assert!(cause.contains("was never triggered"), "{cause}");
    assert!(!cause.contains("had not come"), "{cause}");
}
