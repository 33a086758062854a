//! How many messages, how long none after them, and in which order.

use std::time::Duration;

use choreo::prelude::*;
use choreo::{Arranging, ScenarioErrorKind, TimelineAction};

use super::support::{World, world};

type Arrange = fn(&Scenario<'_, Harness, Arranging>);

/// Numbers that come, what is expected of them, and how it ends.
type Case = (&'static [u32], Arrange, Outcome);

/// The test's own messages are what it counts.
async fn published(world: &World, numbers: &[u32], arrange: Arrange) -> Outcome {
    let mut scope = world.scope(2_000);
    let s = scope.arrange();
    arrange(&s);
    begin!(s);
    for number in numbers {
        publish!(s, "numbers", { n: (number) });
    }
    settle!(s).outcome()
}

#[tokio::test]
async fn a_number_of_messages_is_collected() {
    let world = world().await;
    let mut scope = world.scope(2_000);
    let s = scope.arrange();
    let numbers = expect!(s, "numbers", { n: > 0 }, times 3, within 2s);
    begin!(s);
    for n in [5, 0, 7, 6] {
        publish!(s, "numbers", { n: n }, headers { n: n.to_string() });
    }
    let result = settle!(s);
    result.assert_passed();
    let report = &result[numbers];
    assert_eq!(report.count(), 3);
    let values: Vec<_> = report
        .messages()
        .iter()
        .map(|message| message["n"].clone())
        .collect();
    assert_eq!(values, [5, 7, 6]);
    let headers: Vec<_> = report
        .envelopes()
        .iter()
        .map(|envelope| envelope.headers.get("n").unwrap().to_owned())
        .collect();
    assert_eq!(headers, ["5", "7", "6"]);
    assert_eq!(report.message()["n"], 5);
    assert_eq!(report.near_miss_count(), 1);
    // The third is the one that was needed.
    let third = report.envelopes()[2].received_at;
    let first = report.envelopes()[0].received_at;
    assert!(report.latency().unwrap() >= third - first);
}

#[derive(Debug, Clone, Serialize, Deserialize, Message)]
#[message(topic = "numbers")]
struct Number {
    n: u32,
}

#[tokio::test]
async fn typed_messages_are_collected_as_values_of_their_type() {
    let world = world().await;
    let mut scope = world.scope(2_000);
    let s = scope.arrange();
    let numbers = expect!(s, Number { n: > 1, .. }, at_least 2);
    begin!(s);
    for n in 1..=3 {
        publish!(s, Number { n });
    }
    let result = settle!(s);
    result.assert_passed();
    let report = &result[numbers];
    let values: Vec<u32> = report.messages().iter().map(|number| number.n).collect();
    assert_eq!(values, [2, 3]);
    assert_eq!(report.message().n, 2);
    assert_eq!(report.count(), 2);
}

#[tokio::test]
async fn too_few_fail_and_none_time_out() {
    let world = world().await;
    let mut scope = world.scope(200);
    let s = scope.arrange();
    let some = expect!(s, "numbers", { n: _ }, times 3);
    let none = expect!(s, "silence", times 3);
    let wrong = expect!(s, "numbers", { n: > 5 }, at_least 1);
    begin!(s);
    for n in 1..=2 {
        publish!(s, "numbers", { n: n });
    }
    let result = settle!(s);
    assert_eq!(result[some].outcome(), Outcome::Fail);
    assert_eq!(result[some].count(), 2);
    assert_eq!(result[some].messages().len(), 2);
    assert_eq!(result[none].outcome(), Outcome::Timeout);
    assert_eq!(result[wrong].outcome(), Outcome::Fail);
    assert_eq!(result[wrong].count(), 0);
}

#[tokio::test]
async fn more_than_the_most_ends_the_scenario_at_once() {
    let world = world().await;
    let mut scope = world.scope(60_000);
    let s = scope.arrange();
    let numbers = expect!(s, "numbers", { n: _ }, times 1..=2, for 60s);
    let open = expect!(s, "silence");
    begin!(s);
    for n in 1..=3 {
        publish!(s, "numbers", { n: n });
    }
    // Far less than the window and the timeout.
    let result = tokio::time::timeout(Duration::from_secs(20), async { settle!(s) })
        .await
        .expect("it ends at once");
    assert_eq!(result.outcome(), Outcome::Fail);
    assert_eq!(result[numbers].outcome(), Outcome::Fail);
    assert_eq!(result[numbers].count(), 2);
    let offender = result[numbers].offender().unwrap();
    assert!(
        std::str::from_utf8(&offender.payload)
            .unwrap()
            .contains("\"n\":3")
    );
    assert_eq!(result[open].near_miss_count(), 0);
    let last = result.timeline().last().unwrap();
    assert_eq!(
        (last.action, last.detail.as_str()),
        (TimelineAction::Violation, "one too many")
    );
}

#[tokio::test]
async fn ranges_and_their_ends() {
    let world = world().await;
    let cases: [Case; 9] = [
        (
            &[1, 2],
            |s| {
                expect!(s, "numbers", times 2..=3, for 20ms);
            },
            Outcome::Pass,
        ),
        (
            &[1, 2, 3],
            |s| {
                expect!(s, "numbers", times 2..=3, for 20ms);
            },
            Outcome::Pass,
        ),
        (
            &[1, 2, 3, 4],
            |s| {
                expect!(s, "numbers", times 2..=3, for 1s);
            },
            Outcome::Fail,
        ),
        (
            &[1, 2, 3],
            |s| {
                expect!(s, "numbers", times 2..3, for 1s);
            },
            Outcome::Fail,
        ),
        (
            &[1, 2, 3],
            |s| {
                expect!(s, "numbers", times 2..);
            },
            Outcome::Pass,
        ),
        (
            &[],
            |s| {
                expect!(s, "numbers", times 0..=1, for 20ms);
            },
            Outcome::Pass,
        ),
        (
            &[1],
            |s| {
                expect!(s, "numbers", times 0..=1, for 20ms);
            },
            Outcome::Pass,
        ),
        (
            &[1, 2],
            |s| {
                expect!(s, "numbers", times 0..=1, for 1s);
            },
            Outcome::Fail,
        ),
        (
            &[1, 2],
            |s| {
                expect!(s, "numbers", times (1 + 1), for 20ms);
            },
            Outcome::Pass,
        ),
    ];
    for (index, (numbers, arrange, outcome)) in cases.into_iter().enumerate() {
        assert_eq!(
            published(&world, numbers, arrange).await,
            outcome,
            "case {index}"
        );
    }
}

#[tokio::test]
async fn exactly_once_waits_for_a_duplicate() {
    let world = world().await;
    let once = |s: &Scenario<'_, Harness, Arranging>| {
        let _handle = expect!(s, "numbers", { n: 1 }, exactly_once);
    };
    assert_eq!(published(&world, &[1, 2], once).await, Outcome::Pass);
    let long = |s: &Scenario<'_, Harness, Arranging>| {
        let _handle = expect!(s, "numbers", { n: 1 }, exactly_once, for 60s);
    };
    assert_eq!(published(&world, &[1, 2, 1], long).await, Outcome::Fail);
}

#[tokio::test]
async fn a_window_that_has_opened_runs_past_the_timeout() {
    let world = world().await;
    let mut scope = world.scope(50);
    let s = scope.arrange();
    let once = expect!(s, "numbers", exactly_once, for 20s);
    publish!(s, "numbers", { n: 1 });
    let client = world.broker.client();
    let id = s.correlation_id().unwrap().to_string();
    tokio::spawn(async move {
        let late = tokio::time::Instant::now() + Duration::from_millis(100);
        tokio::time::sleep_until(late).await;
        let duplicate = json!({ "n": 1, "correlation_id": id }).to_string();
        client.publish("numbers", duplicate).await.unwrap();
    });
    let result = settle!(s);
    assert_eq!(result[once].outcome(), Outcome::Fail);
}

#[tokio::test]
async fn values_do_not_descend() {
    let world = world().await;
    let cases: [Case; 4] = [
        (
            &[1, 2, 2, 10],
            |s| {
                expect!(s, "numbers", times 4, ordered_by n);
            },
            Outcome::Pass,
        ),
        (
            &[1, 3, 2, 4],
            |s| {
                expect!(s, "numbers", times 4, ordered_by n);
            },
            Outcome::Fail,
        ),
        (
            &[1, 3, 2],
            |s| {
                expect!(s, "numbers", { n: != 3 }, times 2, ordered_by n);
            },
            Outcome::Pass,
        ),
        (
            &[1, 2],
            |s| {
                expect!(s, "numbers", at_least 2, ordered_by odd."key"[0].n);
            },
            Outcome::Fail,
        ),
    ];
    for (index, (numbers, arrange, outcome)) in cases.into_iter().enumerate() {
        assert_eq!(
            published(&world, numbers, arrange).await,
            outcome,
            "case {index}"
        );
    }
}

#[tokio::test]
async fn handles_have_an_order() {
    let world = world().await;
    let run = async |first: u32, second: u32| {
        let mut scope = world.scope(2_000);
        let s = scope.arrange();
        let low = expect!(s, "numbers", { n: ..2 });
        let silent = expect!(s, "numbers", { n: 1..=2 }, times 2);
        let high = expect!(s, "numbers", { n: 2.. });
        in_order!(s, low, high);
        begin!(s);
        publish!(s, "numbers", { n: (first) });
        publish!(s, "numbers", { n: (second) });
        let result = settle!(s);
        assert_eq!(result[silent].count(), 2);
        result
    };
    run(1, 2).await.assert_passed();
    let result = run(2, 1).await;
    assert_eq!(result.outcome(), Outcome::Fail);
    let text = result.failure_text();
    assert!(
        text.contains("order  fail: `numbers` (counts.rs:"),
        "{text}"
    );
}

#[tokio::test]
async fn one_that_never_came_breaks_no_order() {
    let world = world().await;
    let mut scope = world.scope(200);
    let s = scope.arrange();
    let a = expect!(s, "a");
    let b = expect!(s, "b");
    let c = expect!(s, "c");
    in_order!(s, a, b, c);
    begin!(s);
    publish!(s, "c", {});
    publish!(s, "a", {});
    let result = settle!(s);
    assert_eq!(result.outcome(), Outcome::Fail);
    assert!(result.failure_text().contains("before `a`"), "{result}");

    let mut scope = world.scope(200);
    let s = scope.arrange();
    let a = expect!(s, "a");
    let b = expect!(s, "b");
    in_order!(s, a, b);
    publish!(s, "b", {});
    assert_eq!(settle!(s).outcome(), Outcome::Timeout);
}

#[tokio::test]
async fn computed_numbers_are_looked_at_when_the_test_runs() {
    let world = world().await;
    let said = async |arrange: Arrange| {
        let mut scope = world.scope(2_000);
        let s = scope.arrange();
        arrange(&s);
        publish!(s, "numbers", { n: 1 });
        let result = settle!(s);
        let error = result.error().expect("it ends as error");
        assert_eq!(error.kind, ScenarioErrorKind::Unsound);
        error.text.clone()
    };
    let none = said(|s| {
        let number = 0;
        expect!(s, "numbers", times number);
    });
    assert!(none.await.contains("write `never!("));
    let negative = said(|s| {
        let number = -1;
        expect!(s, "numbers", at_least number);
    });
    assert!(negative.await.contains("negative or too large"));
    let reversed = said(|s| {
        let (low, high) = (3_usize, 2_usize);
        expect!(s, "numbers", times low..=high);
    });
    assert!(
        reversed
            .await
            .contains("no number is at least 3 and at most 2")
    );
    let timeless = said(|s| {
        let low = 0_u8;
        expect!(s, "numbers", times low..=2);
    });
    assert!(timeless.await.contains("add `for 200ms`"));
}

#[tokio::test]
async fn other_scenarios_handles_have_no_place() {
    let world = world().await;
    let mut other = world.scope(2_000);
    let other = other.arrange();
    let foreign = expect!(other, "numbers");
    let mut scope = world.scope(2_000);
    let s = scope.arrange();
    let own = expect!(s, "numbers");
    in_order!(s, own, foreign);
    publish!(s, "numbers", { n: 1 });
    let result = settle!(s);
    let error = result.error().unwrap();
    assert_eq!(error.kind, ScenarioErrorKind::Unsound);
    assert!(error.text.contains("another scenario"), "{error}");
}
