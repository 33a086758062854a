//! What was expected, as data.

use choreo::__private::{BodyEnd, BoxFuture, body_end};
use choreo::prelude::*;

use crate::support::run;

#[tokio::test]
async fn patterns_are_data() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            let id = s
                .correlation_id()
                .expect("there is one")
                .as_str()
                .to_owned();
            expect!(s, "shape", { status: "DONE", order: { count: > 0, id: =~ r"^O-" }, error: absent });
            expect!(s, "shape");
            expect!(s, "shape", { correlation_id: (id) });
            expect!(s, "shape", null | _, headers { "x-source": "test" }, key prefix "O-");
            expect!(s, "shape", unordered [{ n: 1 }, { n: 2 }]);
            publish!(s, "shape", { status: "DONE", order: { count: 3, id: "O-1" } });
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let id = told.record.correlation_id.as_deref().unwrap();
    let shapes: Vec<_> = told.record.handles.iter().map(|it| &it.expected).collect();
    let expected = [
        json!({
            "status": "DONE",
            "order": { "count": { "gt": 0 }, "id": { "matches": "^O-" } },
            "error": { "exists": false },
        }),
        json!({ "anything": true }),
        json!({ "correlation_id": id }),
        json!({
            "payload": { "any_of": [null, { "exists": true }] },
            "headers": { "x-source": "test" },
            "key": { "prefix": "O-" },
        }),
        json!({ "unordered": [{ "n": 1 }, { "n": 2 }] }),
    ];
    assert_eq!(shapes, expected.iter().collect::<Vec<_>>());
    assert!(told.record.handles.iter().all(|handle| !handle.truncated));
}

#[tokio::test]
async fn a_large_pattern_is_cut_and_the_report_says_so() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            let large = "x".repeat(100_000);
            expect!(s, "large", { id: 1, text: (large) });
            publish!(s, "large", { id: 1 });
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let handle = &told.record.handles[0];
    assert!(handle.truncated);
    assert_eq!(handle.expected["id"], 1);
    let cut = handle.expected["text"]["cut"].as_str().unwrap();
    assert!(cut.starts_with("\"xxx") && cut.len() < 200, "{cut}");
}

#[derive(Debug, Serialize, Deserialize, Message)]
#[message(topic = "typed")]
struct Typed {
    count: u32,
}

#[tokio::test]
async fn what_is_no_data_is_a_description_or_nothing() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            let even = choreo::matchers::satisfies("an even number", |n: &i64| n % 2 == 0);
            let silent = choreo::matchers::matcher(Silent);
            expect!(s, Typed { count: 1 });
            expect!(s, Typed { count: 1 }, key "k");
            expect!(s, Typed);
            expect!(s, "typed", { count: => even });
            expect!(s, "other", => silent);
            publish!(s, "typed", { count: 1 });
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let shapes: Vec<_> = told.record.handles.iter().map(|it| &it.expected).collect();
    let expected = [
        json!({ "count": 1 }),
        json!({ "payload": { "count": 1 }, "key": "k" }),
        json!({ "anything": true }),
        json!({ "count": { "matcher": "an even number" } }),
        json!(null),
    ];
    assert_eq!(shapes, expected.iter().collect::<Vec<_>>());
}

#[derive(Debug, Serialize, Deserialize, Message)]
#[message(topic = "rich")]
struct Rich {
    id: String,
    at: i64,
    rate: f64,
    open: bool,
    discount: Option<f64>,
    note: Option<String>,
    status: Status,
    inner: Option<Inner>,
    items: Vec<Inner>,
    tags: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Status {
    New,
    Part(u32),
}

#[derive(Debug, Serialize, Deserialize)]
struct Inner {
    gt: i32,
}

#[tokio::test]
async fn typed_patterns_are_data_as_far_as_they_are_literals() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            let limit = 7;
            expect!(s, Rich {
                id: "a \"quoted\" \n text",
                at: >= -5,
                rate: 1.0..=2.5,
                open: true,
                discount: None,
                note: Some(=~ r"^\d+$"),
                status: Status::New | Status::Part(_),
                inner: Some(Inner { gt: < limit }),
                items: [Inner { gt: 1 }, ..],
                tags: len > 2,
            });
            expect!(s, Rich { tags: every contains "x", at: _, id: !in ["a", "b"], inner: absent, .. });
            begin!(s);
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let shapes: Vec<_> = told.record.handles.iter().map(|it| &it.expected).collect();
    let expected = [
        json!({
            "id": "a \"quoted\" \n text",
            "at": { "ge": -5 },
            "rate": { "ge": 1.0, "le": 2.5 },
            "open": true,
            "discount": { "exists": false },
            "note": { "matches": r"^\d+$" },
            "status": { "any_of": [{ "matcher": "Status::New" }, { "matcher": "Status::Part(_)" }] },
            "inner": { "object": { "gt": { "lt": { "matcher": "limit" } } } },
            "items": [{ "object": { "gt": 1 } }, { "rest": true }],
            "tags": { "len": { "gt": 2 } },
        }),
        json!({
            "tags": { "every": { "contains": "x" } },
            "id": { "not": { "in": ["a", "b"] } },
            "inner": { "exists": false },
        }),
    ];
    assert_eq!(shapes, expected.iter().collect::<Vec<_>>());
}

/// A matcher that panics instead of saying what it wants.
struct Silent;

impl choreo::matcher::Matcher for Silent {
    fn describe(&self) -> String {
        panic!("it says nothing")
    }

    fn check(&self, _: choreo::matcher::Subject<'_>) -> choreo::matcher::Verdict {
        Ok(())
    }
}
