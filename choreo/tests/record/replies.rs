//! Parts of the system that a scenario plays.

use choreo::__private::{BodyEnd, BoxFuture, body_end};
use choreo::prelude::*;
use choreo_report::model::{ReplyState, ReplyStep};

use crate::support::{run, service};

#[tokio::test]
async fn a_question_its_answer_and_what_follows() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            reply!(s, "chain.check" => "chain.checked", { ok: true });
            expect!(s, "chain.done", { ok: true });
            publish!(s, "chain.new", { id: 7 });
            let _ = s;
            body_end(())
        })
    }
    service("chain.new", "chain.check", |order| {
        vec![json!({ "id": order["id"] })]
    })
    .await;
    service("chain.checked", "chain.done", |check| {
        vec![json!({ "ok": check["ok"] })]
    })
    .await;
    let told = run(body).await;
    assert_eq!(
        told.edges(),
        [
            "ready",
            "published chain.new m1 <- ready",
            "received chain.check m2 <- published chain.new m1",
            "replied chain.check m3 <- received chain.check m2",
            "received chain.done m4 <- published chain.new m1",
            "matched chain.done m4 <- received chain.done m4",
        ]
    );
    let reply = &told.record.replies[0];
    assert_eq!(reply.state, ReplyState::Replied);
    assert_eq!(
        (&reply.trigger_messages[..], &reply.response_messages[..]),
        (&["m2".into()][..], &["m3".into()][..])
    );
    assert_eq!(told.message("m3")["topic"], "chain.checked");
    assert_eq!(told.json["timeline"][3]["reply"], "r1");
    assert!(told.causes().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_expected_comes_from_the_reply() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            reply!(s, "ask" => "answer", |ask| json!({ "id": ask["id"] }));
            expect!(s, "answer", { id: 7 });
            begin!(s);
            publish!(s, "ask", { id: 7 });
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    assert_eq!(
        told.edges(),
        [
            "ready",
            "began <- ready",
            "published ask m1",
            "received ask m2 <- published ask m1",
            "replied ask m3 <- received ask m2",
            "received answer m4 <- replied ask m3",
            "matched answer m4 <- received answer m4",
        ]
    );
}

#[tokio::test]
async fn an_answer_without_the_scenarios_id() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            reply!(s, "own.ask" => "own.answer", { correlation_id: "another's" });
            reply!(s, "own.ask" => "own.answer", {});
            expect!(s, "own.answer");
            publish!(s, "own.ask", {});
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let overridden: Vec<_> = told
        .record
        .replies
        .iter()
        .map(|reply| reply.correlation_overridden)
        .collect();
    assert_eq!(overridden, [true, false]);
}

#[tokio::test]
async fn a_reply_that_fails() {
    #[derive(Debug)]
    struct Broken;
    impl std::fmt::Display for Broken {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("out of order")
        }
    }
    impl std::error::Error for Broken {}

    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            reply!(s, "broken.ask" => "broken.answer", |_ask| Err::<choreo::Value, _>(Broken));
            expect!(s, "broken.answer");
            publish!(s, "broken.ask", {});
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let reply = &told.record.replies[0];
    assert_eq!(reply.state, ReplyState::ReplyFailed);
    assert!(reply.builder_error.as_deref().unwrap().ends_with("Broken"));
    assert_eq!(reply.failed_at, Some(ReplyStep::Build));
    let causes = told.causes();
    assert!(
        causes[0]
            .starts_with("reply_failed: the reply to `broken.ask` on `broken.answer` failed: "),
        "{causes:?}"
    );
    assert!(
        causes[0].ends_with("; `broken.answer` had not come"),
        "{causes:?}"
    );
    assert_eq!(reply.trigger_messages, ["m2"]);
    assert_eq!(reply.response_messages, [""; 0]);
    assert!(
        causes[2].starts_with(
            "reply_failed: the reply to `broken.ask` failed: its answer could not be built"
        ),
        "{causes:?}"
    );
    let edges = told.edges();
    let failed = "reply_failed broken.ask m2 <- received broken.ask m2".to_owned();
    assert!(edges.contains(&failed), "{edges:?}");
}

#[tokio::test]
async fn an_answer_that_is_built_and_cannot_be_sent() {
    fn nowhere(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            reply!(s, "nowhere.ask" => _, { ok: true });
            publish!(s, "nowhere.ask", {});
            let _ = s;
            body_end(())
        })
    }
    fn refused(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            reply!(s, "refused.ask" => "refused.*", { ok: true });
            publish!(s, "refused.ask", {});
            let _ = s;
            body_end(())
        })
    }
    let told = [run(nowhere).await, run(refused).await];
    let replies = told.iter().map(|told| &told.json["replies"][0]);
    let errors: Vec<_> = replies
        .map(|reply| (&reply["failed_at"], &reply["builder_error"]))
        .collect();
    let (at, error) = (json!("send"), json!("TransportError"));
    assert_eq!(errors, [(&at, &json!("NoReplyAddress")), (&at, &error)]);
}

#[tokio::test]
async fn replies_that_are_owed() {
    fn silent(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            reply!(s, "owed.ask" => "owed.answer", {}, required);
            expect!(s, "owed.new");
            publish!(s, "owed.new", {});
            let _ = s;
            body_end(())
        })
    }
    fn wrong(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            reply!(s, "wrong.ask", { id: 1 } => "wrong.answer", {}, required);
            publish!(s, "wrong.ask", { id: 2 });
            let _ = s;
            body_end(())
        })
    }
    fn few(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            reply!(s, "few.ask" => "few.answer", {}, times 2, required);
            publish!(s, "few.ask", {});
            let _ = s;
            body_end(())
        })
    }
    let told = run(silent).await;
    let cause = "routing: no message came on `owed.ask` for the reply to answer";
    assert_eq!(told.causes(), [cause, cause]);
    let edges = told.edges();
    assert_eq!(
        edges.last().unwrap(),
        "deadline owed.ask <- published owed.new m1"
    );

    let told = run(wrong).await;
    let cause = "wrong_value: in the message on `wrong.ask` for the reply, `id` was 2, expected 1";
    assert_eq!(told.causes(), [cause, cause]);
    assert_eq!(told.json["replies"][0]["near_misses"][0]["message"], "m2");

    let told = run(few).await;
    let cause = "too_few: the reply to `few.ask` answered 1 of 2 messages";
    assert_eq!(told.causes(), [cause, cause]);
}

#[tokio::test]
async fn a_request_is_the_cause_of_what_comes_to_the_inbox() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, s.inbox(), { level: 3 });
            reply!(s, "stock.get" => _, { level: 3 });
            begin!(s);
            publish!(s, "stock.noise", {});
            request!(s, "stock.get", {});
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let edges = told.edges();
    assert!(
        edges
            .iter()
            .any(|edge| edge.starts_with("received inbox ") && edge.contains(" <- ")),
        "{edges:?}"
    );
}
