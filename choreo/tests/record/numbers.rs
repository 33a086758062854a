//! Numbers, absences, sets and orders.

use choreo::__private::{BodyEnd, BoxFuture, body_end};
use choreo::prelude::*;

use crate::support::run;

#[tokio::test]
async fn a_message_that_must_not_come() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "never.done");
            never!(s, "never.new", { id: 1 }, for 20s);
            publish!(s, "never.new", { id: 1 });
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let cause = "forbidden: a message came on `never.new` <time> into the <time> in which none may";
    assert_eq!(
        told.causes(),
        [
            cause,
            "interrupted: `never.done`: the scenario ended before it was decided",
            cause,
        ]
    );
    let handle = &told.json["handles"][1];
    assert_eq!(handle["kind"], "never");
    assert_eq!(
        handle["wants"],
        json!({ "least": 0, "most": 0, "window_ms": 20_000.0 })
    );
    assert_eq!(handle["violation"]["message"], "m2");
    let edges = told.edges();
    assert_eq!(edges[3], "violation never.new m2 <- received never.new m2");
}

#[tokio::test]
async fn too_few_too_many_and_out_of_order() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "few", times 3);
            begin!(s);
            publish!(s, "few", {});
            publish!(s, "few", {});
            let _ = s;
            body_end(())
        })
    }
    fn many(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "many", exactly_once);
            begin!(s);
            publish!(s, "many", {});
            publish!(s, "many", {});
            let _ = s;
            body_end(())
        })
    }
    fn order(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "order", times 3, ordered_by seq);
            begin!(s);
            publish!(s, "order", { seq: 2 });
            publish!(s, "order", { seq: 1 });
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let cause = "too_few: 2 of 3 messages came on `few` within <time>";
    assert_eq!(told.causes(), [cause, cause]);
    // Each came back from the one that was sent, and neither from the other.
    let edges = told.edges();
    let came: Vec<_> = edges
        .iter()
        .filter(|edge| edge.starts_with("received"))
        .filter_map(|edge| edge.split_once(" <- "))
        .map(|(_, cause)| cause)
        .collect();
    assert!(came.len() == 2 && came[0] != came[1], "{edges:?}");
    assert!(
        came.iter()
            .all(|cause| cause.starts_with("published few m"))
    );
    assert_eq!(edges.last().unwrap(), "deadline few <- began");
    assert_eq!(told.record.handles[0].matched.len(), 2);

    let told = run(many).await;
    let cause = "duplicate: a duplicate came on `many` <time> after the first message";
    assert_eq!(told.causes(), [cause, cause]);

    let told = run(order).await;
    let cause = "wrong_order: message 2 on `order` was out of order: `seq` was 1 after 2";
    assert_eq!(told.causes(), [cause, cause]);
}

#[tokio::test]
async fn a_set_with_a_message_missing() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "set", unordered [{ id: 1 }, { id: 2 }]);
            publish!(s, "set", { id: 2 });
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let cause = "too_few: 1 of 2 messages came on `set` within <time>; { id: 1, .. } is missing";
    assert_eq!(told.causes(), [cause, cause]);
    let handle = &told.json["handles"][0];
    assert_eq!(handle["kind"], "set");
    assert_eq!(handle["wants"]["missing"], json!(["{ id: 1, .. }"]));
    assert_eq!(
        handle["matcher_description"],
        "unordered [{ id: 1, .. }, { id: 2, .. }]"
    );
}

#[tokio::test]
async fn expectations_in_the_wrong_order() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            let first = expect!(s, "order.first");
            let second = expect!(s, "order.second");
            in_order!(s, first, second);
            begin!(s);
            publish!(s, "order.second", {});
            publish!(s, "order.first", {});
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    assert_eq!(
        told.causes(),
        ["wrong_order: `order.second` came <time> before `order.first`, which had to come first"]
    );
    let order = &told.json["order_violations"][0];
    assert_eq!(
        (&order["first"], &order["second"]),
        (&json!("h1"), &json!("h2"))
    );
    assert_eq!(order["location"]["file"], file!());
    let events = told.json["timeline"].as_array().unwrap();
    let last = events.last().unwrap();
    assert_eq!(
        (&last["action"], &last["topic"], &last["handle"]),
        (&json!("violation"), &json!("order.second"), &json!("h2"))
    );
    assert_eq!(last["detail"], "came before order.first");
    let edges = told.edges();
    assert!(
        edges.last().unwrap().contains(" <- received order.second "),
        "{edges:?}"
    );
}

#[tokio::test]
async fn many_messages_are_counted_and_not_all_kept() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "flood", times 300);
            begin!(s);
            for number in 0..300 {
                publish!(s, "flood", { number: number });
            }
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let record = &told.record;
    let handle = &record.handles[0];
    assert_eq!((handle.count, handle.matched.len()), (Some(300), 256));
    // Those that matched are kept by the expectation, as far as they are named.
    let dropped = record.messages_dropped.unwrap();
    assert_eq!(record.messages.len() as u64 + dropped, 600);
    let mut ids: Vec<_> = record.messages.iter().map(|message| &message.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), record.messages.len());
    let known = |id: &String| ids.contains(&id);
    assert!(handle.matched.iter().all(known));
    assert!(record.timeline_dropped > 0);
    told.edges();
}

#[tokio::test]
async fn what_is_not_shown_is_counted() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "flood", { list: [
                1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
            ] });
            reply!(s, "ask", { never: true } => "answer", {});
            begin!(s);
            for _ in 0..25 {
                publish!(s, "flood", { list: (vec![2; 70]) });
                publish!(s, "ask", {});
            }
            publish!(s, "flood", { text: "x".repeat(70_000) });
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let handle = &told.record.handles[0];
    assert_eq!(
        (handle.near_miss_count, handle.near_misses.len()),
        (Some(26), 20)
    );
    let second = &handle.near_misses[1];
    assert_eq!(
        (second.differences.len(), second.differences_dropped),
        (64, Some(6))
    );
    // The words of version 1.3.
    assert_eq!((handle.failures.len(), handle.failures_dropped), (20, 6));
    assert_eq!(handle.failure, handle.failures.first().cloned());
    assert_eq!(handle.failures[1].children.len(), 64);
    let reply = &told.record.replies[0];
    assert_eq!(
        (reply.near_miss_count, reply.near_misses.len()),
        (Some(25), 20)
    );
}
