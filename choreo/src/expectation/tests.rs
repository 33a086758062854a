//! The state machine without transports: numbers, windows, sets and orders, against a model.

use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::matches::KEPT_BEYOND;
use super::set::Assignment;
use super::*;
use crate::codec::JsonCodec;
use crate::envelope::Envelope;
use crate::matcher::functions::{ge, object};
use crate::outcome::HandleReport;

const AT: Location = Location {
    file: "tests.rs",
    line: 1,
};

fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

fn message(at: Instant, value: &Value) -> Arc<Incoming> {
    let mut envelope = Envelope::new("t", value.to_string());
    envelope.received_at = at;
    Arc::new(Incoming::new(envelope, Arc::new(JsonCodec)))
}

fn on() -> Listening {
    Listening {
        leg: 0,
        topic: "t".into(),
        slot: 0,
    }
}

/// One that accepts `{ n: >= 0 }`.
fn expecting(limits: Limits) -> Expectation {
    let terms = Terms {
        limits: Some(limits),
        ..Terms::at(AT)
    };
    Expectation::new(on(), object([("n", ge(0))]), terms, None)
}

fn opened(at: Instant) -> Option<Opening> {
    Some(Opening {
        after: Moment { at, arrival: 0 },
        clock: Some(at),
    })
}

fn finished(expectation: Expectation, start: Instant, now: Instant) -> Arc<HandleData> {
    let anchor = Anchor {
        at: start,
        earliest: start,
    };
    let closing = Closing {
        now,
        waited: now - start,
        interrupted: false,
        unheard: false,
        missed: false,
    };
    let opening = opened(start);
    let traffic = crate::dispatch::TopicTraffic::default();
    let (data, report) = expectation.finish(Some(anchor), opening, closing, traffic);
    let report: Box<HandleReport<Value>> = report.downcast().expect("patterns give values");
    assert_eq!(report.messages().len(), report.envelopes().len());
    data
}

#[test]
fn a_window_runs_from_the_last_message_that_is_needed() {
    let start = Instant::now();
    let mut two = expecting(Limits::between(2, Some(3)).quiet_for(ms(10)));
    assert_eq!(two.standing(None), Standing::Wanting);
    for (number, at) in [(1, 1), (2, 5), (3, 9)] {
        let came = message(start + ms(at), &json!({ "n": number }));
        assert_eq!(two.offer(&came, number, None), Offered::Matched);
    }
    assert_eq!(two.standing(None), Standing::QuietUntil(start + ms(15)));
    let data = finished(two, start, start + ms(15));
    assert_eq!(data.outcome, Outcome::Pass);
    assert_eq!(data.latency, Some(ms(5)));
}

#[test]
fn an_absence_counts_in_its_window_only() {
    let start = Instant::now();
    let never = || expecting(Limits::between(0, Some(0)).quiet_for(ms(10)));
    let offer = |at: u64, opening| {
        let came = message(start + ms(at), &json!({ "n": 1 }));
        never().offer(&came, 1, opening)
    };
    assert_eq!(offer(5, None), Offered::Ignored);
    assert_eq!(offer(5, opened(start)), Offered::Violated("must not come"));
    assert_eq!(offer(10, opened(start)), Offered::Violated("must not come"));
    assert_eq!(offer(11, opened(start)), Offered::Ignored);
    assert_eq!(offer(5, opened(start + ms(6))), Offered::Ignored);
    // The trigger is still on its way: the time does not run.
    let sending = Some(Opening {
        clock: None,
        ..opened(start).expect("it is open")
    });
    assert_eq!(offer(50, sending), Offered::Violated("must not come"));
    // The message that opens the window is not in it.
    let own = Some(Opening {
        after: Moment {
            at: start,
            arrival: 1,
        },
        clock: Some(start),
    });
    assert_eq!(offer(0, own), Offered::Ignored);
    assert_eq!(never().standing(None), Standing::Wanting);
    let until = Standing::QuietUntil(start + ms(10));
    assert_eq!(never().standing(opened(start)), until);
    assert_eq!(
        finished(never(), start, start + ms(10)).outcome,
        Outcome::Pass
    );
    let early = finished(never(), start, start + ms(9));
    assert!(early.is_unjudged());
}

#[test]
fn memory_stays_bounded_where_no_limit_is() {
    let start = Instant::now();
    let mut many = expecting(Limits::between(1, None));
    let came = message(start, &json!({ "n": 1 }));
    for arrival in 1..=3 * KEPT_BEYOND {
        assert_eq!(many.offer(&came, arrival, None), Offered::Matched);
    }
    let data = finished(many, start, start + ms(1));
    let tally = data.tally.as_ref().expect("it counts");
    assert_eq!(tally.count, 3 * KEPT_BEYOND);
    assert_eq!(tally.more.len() as u64, KEPT_BEYOND);
}

#[test]
fn windows_are_no_longer_than_a_year() {
    let start = Instant::now();
    let never = expecting(Limits::between(0, Some(0)).quiet_for(Duration::MAX));
    assert!(matches!(
        never.standing(opened(start)),
        Standing::QuietUntil(_)
    ));
}

/// The most patterns that can have a message of their own, by trying everything.
fn largest(messages: &[Vec<usize>], free: &mut [bool]) -> usize {
    let Some((first, rest)) = messages.split_first() else {
        return 0;
    };
    let mut best = largest(rest, free);
    for &pattern in first {
        if std::mem::take(&mut free[pattern]) {
            best = best.max(1 + largest(rest, free));
            free[pattern] = true;
        }
    }
    best
}

/// What a reader of the documentation would say of numbers that come in this order.
fn model(values: &[i64], least: u64, most: Option<u64>, ordered: bool) -> (Outcome, u64) {
    let mut count = 0;
    let mut last = None;
    for &value in values.iter().filter(|value| **value >= 0) {
        if most == Some(count) || (ordered && last.is_some_and(|last| value < last)) {
            return (Outcome::Fail, count);
        }
        last = Some(value);
        count += 1;
    }
    let outcome = match count {
        count if count >= least => Outcome::Pass,
        0 if values.is_empty() => Outcome::Timeout,
        _ => Outcome::Fail,
    };
    (outcome, count)
}

proptest! {
    #[test]
    fn counts_agree_with_the_model(
        values in prop::collection::vec(-1_i64..4, 0..8),
        least in 1_u64..4,
        extra in prop::option::of(0_u64..3),
        ordered in any::<bool>(),
    ) {
        let start = Instant::now();
        let most = extra.map(|extra| least + extra);
        let mut limits = Limits::between(least, most).quiet_for(ms(5));
        let mut terms = Terms::at(AT);
        terms.ordered_by = ordered.then(|| [crate::matcher::Segment::from("n")].into_iter().collect());
        limits.quiet = ms(5);
        terms.limits = Some(limits);
        let mut expectation = Expectation::new(on(), object([("n", ge(0))]), terms, None);
        for (arrival, value) in (1..).zip(&values) {
            let came = message(start + ms(arrival), &json!({ "n": value }));
            expectation.offer(&came, arrival, None);
        }
        let data = finished(expectation, start, start + ms(1_000));
        let tally = data.tally.as_ref().expect("it counts");
        let (outcome, count) = model(&values, least, most, ordered);
        prop_assert_eq!(data.outcome, outcome);
        prop_assert_eq!(tally.count, count);
        prop_assert_eq!(tally.more.len() as u64 + u64::from(data.incoming.is_some()), count);
    }

    #[test]
    fn a_set_is_satisfied_whenever_it_can_be(
        patterns in 1_usize..5,
        messages in prop::collection::vec(prop::collection::vec(0_usize..5, 0..4), 0..7),
    ) {
        let messages: Vec<Vec<usize>> = messages
            .into_iter()
            .map(|candidates| candidates.into_iter().filter(|p| *p < patterns).collect())
            .collect();
        let mut assignment = Assignment::of(patterns);
        let mut taken = Vec::new();
        for candidates in &messages {
            if assignment.add(candidates.clone()) {
                taken.push(candidates.clone());
            }
        }
        prop_assert_eq!(taken.len(), largest(&messages, &mut vec![true; patterns]));
        let owners: Vec<_> = assignment.owners().iter().copied().enumerate().collect();
        for (pattern, owner) in owners {
            if let Some(owner) = owner {
                prop_assert!(taken[owner].contains(&pattern));
            }
        }
        prop_assert_eq!(assignment.is_complete(), taken.len() == patterns);
    }

    #[test]
    fn orders_agree_with_the_model(spans in prop::collection::vec(
        prop::option::of((0_u64..6, 0_u64..3)), 2..5,
    )) {
        let start = Instant::now();
        let moment = |at: u64| Moment { at: start + ms(at), arrival: at };
        let span = |index: u32| {
            let (first, length) = spans[index as usize]?;
            Some((moment(first), moment(first + length)))
        };
        let handles = (0..u32::try_from(spans.len()).expect("a few")).collect();
        let violation = ArrivalOrder::new(handles, AT).violation(span);
        let came: Vec<_> = spans.iter().flatten().collect();
        let reversed = came.iter().enumerate().any(|(index, (first, length))| {
            came[index + 1..].iter().any(|(other, _)| first + length > *other)
        });
        prop_assert_eq!(violation.is_some(), reversed);
        if let Some(violation) = violation {
            prop_assert!(violation.first < violation.second);
            prop_assert!(violation.by > Duration::ZERO);
        }
    }
}
