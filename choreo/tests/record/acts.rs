//! Several acts.

use choreo::__private::{BodyEnd, BoxFuture, body_end};
use choreo::prelude::*;

use crate::support::run;

#[tokio::test]
async fn each_act_has_its_trigger() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            expect!(s, "acts.one");
            reply!(s, "acts.unused" => "acts.unheard", {});
            publish!(s, "acts.one", {});
            let s = next_act!(s);
            reply!(s, "acts.ask" => "acts.answer", {});
            expect!(s, "acts.two");
            publish!(s, "acts.ask", {});
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    assert_eq!(
        told.edges(),
        [
            "ready",
            "published acts.one m1 <- ready",
            "received acts.one m2 <- published acts.one m1",
            "matched acts.one m2 <- received acts.one m2",
            "next_act",
            "ready",
            "published acts.ask m3 <- ready",
            "received acts.ask m4 <- published acts.ask m3",
            "replied acts.ask m5 <- received acts.ask m4",
            "deadline acts.two <- published acts.ask m3",
        ]
    );
    let acts: Vec<_> = told.record.timeline.iter().map(|event| event.act).collect();
    let expected = [1, 1, 1, 1, 2, 2, 2, 2, 2, 2].map(Some);
    assert_eq!(acts, expected);
    let handles = &told.record.handles;
    assert_eq!(
        (handles[0].id.as_deref(), handles[0].act),
        (Some("h1"), Some(1))
    );
    assert_eq!(
        (handles[1].id.as_deref(), handles[1].act),
        (Some("h2"), Some(2))
    );
    assert_eq!(told.json["timeline"][8]["reply"], "r2");
    assert_eq!(told.json["timeline"][9]["handle"], "h2");
    let acts = &told.record.acts;
    assert_eq!((acts[0].index, acts[1].index), (1, 2));
    assert!(acts[0].start_ms <= acts[0].trigger_ms.unwrap());
    assert!(acts[0].end_ms <= acts[1].start_ms);
}

#[tokio::test]
async fn expectations_of_two_acts_in_the_wrong_order() {
    fn body(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
        Box::pin(async move {
            let created = expect!(s, "acts.created");
            publish!(s, "acts.created", {});
            let s = next_act!(s);
            let paid = expect!(s, "acts.paid");
            in_order!(s, paid, created);
            publish!(s, "acts.paid", {});
            let _ = s;
            body_end(())
        })
    }
    let told = run(body).await;
    let order = &told.json["order_violations"][0];
    assert_eq!(
        (&order["first"], &order["second"]),
        (&json!("h2"), &json!("h1"))
    );
    let edges = told.edges();
    assert_eq!(
        edges.last().unwrap(),
        "violation acts.created m2 <- received acts.created m2"
    );
    let last = told.json["timeline"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["handle"], &last["act"]), (&json!("h1"), &json!(2)));
    assert_eq!(last["detail"], "came before acts.paid");
}
