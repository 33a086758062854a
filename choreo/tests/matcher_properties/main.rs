//! Patterns of any shape agree with a naive reading of the table in the documentation, their
//! mismatches point at what they talk about, and no input makes them panic.

use choreo::matcher::{Matcher, Subject};
use choreo::matchers;
use proptest::prelude::*;
use serde_json::Value;

use crate::generate::{payload, payload_and_form};
use crate::law::points_at_what_it_says;
use crate::reading::build;

mod generate;
mod law;
mod reading;

/// `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    let standard = ProptestConfig::default();
    ProptestConfig {
        cases: standard.cases.max(1500),
        failure_persistence: None,
        ..standard
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn patterns_agree_with_the_naive_reading((message, form) in payload_and_form()) {
        law::agrees(&message, &form);
    }

    #[test]
    fn so_they_do_on_whole_messages(
        (message, form) in payload_and_form(),
        noise in prop::option::weighted(0.3, prop::collection::vec(any::<u8>(), 0..40)),
    ) {
        let raw = noise.unwrap_or_else(|| message.to_string().into_bytes());
        law::agrees_on_message(&raw, &form);
    }

    #[test]
    fn a_pattern_made_of_the_message_itself_holds(message in payload()) {
        prop_assert!(matchers::eq(&message).check(Subject::present(&message)).is_ok());
        prop_assert!(matchers::ne(&message).check(Subject::present(&message)).is_err());
    }
}

#[test]
fn the_generators_reach_both_verdicts() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut matched, mut missed) = (0, 0);
    for _ in 0..500 {
        let tree = payload_and_form()
            .new_tree(&mut runner)
            .expect("filters leave enough");
        let (message, form) = proptest::strategy::ValueTree::current(&tree);
        match build(&form).check(Subject::present(&message)) {
            Ok(()) => matched += 1,
            Err(_) => missed += 1,
        }
    }
    assert!(
        matched > 100 && missed > 100,
        "{matched} matched, {missed} missed"
    );
}

#[test]
fn the_deepest_message_that_decodes_is_matched() {
    let nest = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    let deepest = (1..1000).rev().find_map(|levels| {
        serde_json::from_str::<Value>(&nest(levels))
            .ok()
            .map(|v| (levels, v))
    });
    let (levels, message) = deepest.expect("a list in a list decodes");
    assert!(levels >= 100, "{levels}");

    let pattern =
        |innermost: i64| (0..levels).fold(matchers::eq(innermost), |inner, _| matchers::any(inner));
    assert!(pattern(1).check(Subject::present(&message)).is_ok());
    let mismatch = pattern(2)
        .check(Subject::present(&message))
        .expect_err("1 is not 2");
    points_at_what_it_says(&mismatch, &message);
    assert!(
        matchers::eq(&message)
            .check(Subject::present(&message))
            .is_ok()
    );
}
