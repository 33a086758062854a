//! Scenario functions under the runner: how a body's own end, or its hanging, is judged.

use std::time::Duration;

use choreo::__private::{
    Body, BodyEnd, BoxFuture, HarnessFn, RunContext, ScenarioRecord, body_end, connect_with,
    run_scenario,
};
use choreo::prelude::*;

use crate::deadlines::{goes_on_while_others_are_open, hangs_after_its_deadline};

static HARNESS: HarnessFn = HarnessFn::new("memory", "running", file!(), line!(), || {
    connect_with(async {
        Harness::builder(Memory::new())
            .correlation(test_namespace())
            .connect()
            .await
    })
});

async fn run(body: Body) -> ScenarioRecord {
    run_on(&HARNESS, body).await
}

pub(crate) async fn run_on(harness: &'static HarnessFn, body: Body) -> ScenarioRecord {
    let context = RunContext {
        name: "the scenario".into(),
        file: "f.rs",
        line: 1,
        row: None,
        color: false,
        detail: false,
    };
    let running = run_scenario(harness, Some(Duration::from_millis(40)), body, context);
    tokio::time::timeout(Duration::from_secs(30), running)
        .await
        .expect("it ends by itself")
}

fn hangs_after_the_trigger(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        expect!(s, "out");
        publish!(s, "in", {});
        let _ = s;
        std::future::pending().await
    })
}

fn hangs_after_it_has_given_up_settling(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        expect!(s, "out");
        publish!(s, "in", {});
        let settling = async { settle!(s) };
        assert!(
            tokio::time::timeout(Duration::ZERO, settling)
                .await
                .is_err()
        );
        std::future::pending().await
    })
}

fn hangs_after_a_failed_publish(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        expect!(s, "out");
        publish!(s, "in.*", {});
        let _ = s;
        std::future::pending().await
    })
}

/// Its own code goes on after `settle!`, whatever came of the act.
async fn cleans_up() {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
    panic!("the end of the body");
}

fn cleans_up_after_a_failed_publish(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        expect!(s, "out");
        publish!(s, "in.*", {});
        settle!(s);
        cleans_up().await;
        body_end(())
    })
}

fn cleans_up_after_a_forbidden_message(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        never!(s, "in", for 20s);
        publish!(s, "in", {});
        settle!(s);
        cleans_up().await;
        body_end(())
    })
}

fn hangs_after_a_forbidden_message(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        expect!(s, "out");
        never!(s, "in", for 20s);
        publish!(s, "in", {});
        let _ = s;
        std::future::pending().await
    })
}

fn ends_within_a_window(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        never!(s, "out", for 80ms);
        publish!(s, "in", {});
        assert!(s.elapsed() < Duration::from_secs(20));
        body_end(())
    })
}

fn panics(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        expect!(s, "out");
        publish!(s, "in", {});
        assert_eq!(s.name(), "another name", "the names differ");
        body_end(())
    })
}

fn returns_an_error(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        expect!(s, "in");
        publish!(s, "in", {});
        settle!(s);
        body_end(Err::<(), _>("no such row"))
    })
}

fn settles_by_itself(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        expect!(s, "in");
        publish!(s, "in", {});
        let _ = s;
        body_end(())
    })
}

fn passes_in_two_acts(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        expect!(s, "one");
        publish!(s, "one", {});
        let s = next_act!(s);
        expect!(s, "two");
        expect!(s, "three");
        publish!(s, "two", {});
        publish!(s, "three", {});
        let _ = s;
        body_end(())
    })
}

fn fails_in_the_first_of_two_acts(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        expect!(s, "one", { count: 2 });
        publish!(s, "one", { count: 1 });
        let s = next_act!(s);
        let _ = s;
        panic!("the body went on after a failed act");
    })
}

fn hangs_in_the_second_act(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        expect!(s, "one");
        publish!(s, "one", {});
        let s = next_act!(s);
        expect!(s, "two");
        publish!(s, "in", {});
        let _ = s;
        std::future::pending().await
    })
}

fn panics_between_the_acts(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        let one = expect!(s, "one");
        publish!(s, "one", {});
        let result = settle!(s);
        let s = next_act!(s);
        expect!(s, "two");
        assert_eq!(result[one].message()["id"], 5, "the ids differ");
        body_end(())
    })
}

fn ends_in_an_act_without_expectations(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        expect!(s, "one");
        publish!(s, "one", {});
        let s = next_act!(s);
        let _ = s;
        body_end(())
    })
}

fn never_triggers(s: Scenario<'_>) -> BoxFuture<'_, BodyEnd> {
    Box::pin(async move {
        expect!(s, "in");
        body_end(())
    })
}

// One test: the harness is a static, and lives on the runtime of its first use.
#[tokio::test]
async fn bodies_are_judged() {
    for (body, outcome, text) in [
        (settles_by_itself as Body, Outcome::Pass, ""),
        (
            hangs_after_the_trigger,
            Outcome::Timeout,
            "nothing came within 40 ms",
        ),
        (
            hangs_after_it_has_given_up_settling,
            Outcome::Timeout,
            "nothing came within 40 ms",
        ),
        (
            hangs_after_a_forbidden_message,
            Outcome::Fail,
            "in which none may",
        ),
        (
            cleans_up_after_a_failed_publish,
            Outcome::Error,
            "the end of the body",
        ),
        (
            cleans_up_after_a_forbidden_message,
            Outcome::Fail,
            "the end of the body",
        ),
        (ends_within_a_window, Outcome::Pass, ""),
        (
            hangs_after_its_deadline,
            Outcome::Timeout,
            "nothing came by its deadline of 10 ms",
        ),
        (
            goes_on_while_others_are_open,
            Outcome::Timeout,
            "nothing came by its deadline of 1 ms",
        ),
        (hangs_after_a_failed_publish, Outcome::Error, "wildcard"),
        (panics, Outcome::Fail, "the names differ"),
        (
            returns_an_error,
            Outcome::Fail,
            "returned an error: \"no such row\"",
        ),
        (never_triggers, Outcome::Error, "never triggered"),
        (passes_in_two_acts, Outcome::Pass, ""),
        (
            fails_in_the_first_of_two_acts,
            Outcome::Fail,
            "none matched",
        ),
        (
            hangs_in_the_second_act,
            Outcome::Timeout,
            "act 2\n    ✗ two  timeout: nothing came within 40 ms",
        ),
        (panics_between_the_acts, Outcome::Fail, "the ids differ"),
        (
            ends_in_an_act_without_expectations,
            Outcome::Error,
            "nothing is expected in act 2",
        ),
    ] {
        let record = run(body).await;
        assert_eq!(record.outcome, outcome, "{:?}", record.failure);
        let failure = record.failure.unwrap_or_default();
        assert!(failure.contains(text), "{failure}");
        assert!(!failure.contains("went on"), "{failure}");
    }
    let record = run(passes_in_two_acts).await;
    let topics: Vec<_> = record.handles.iter().map(|handle| &*handle.topic).collect();
    assert_eq!(topics, ["one", "two", "three"]);
}
