//! One table per family of forms: what passes, and of what does not, every leaf as
//! `path | kind | expected | actual`.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use serde::{Serialize, Serializer};
use serde_json::json;

use super::super::diff::{leaves, render_actual};
use super::super::functions::*;
use super::super::{Matcher, MessagePattern, Mismatch, MismatchKind, Subject, Verdict};
use super::*;

#[track_caller]
fn passes(pattern: &Pattern, value: &Value) {
    if let Err(mismatch) = pattern.verdict(Subject::present(value)) {
        panic!("{pattern:?} on {value}: {mismatch:#?}");
    }
}

#[track_caller]
fn fails(pattern: &Pattern, value: &Value, differences: &[&str]) {
    let mismatch = pattern
        .verdict(Subject::present(value))
        .expect_err("it must not match");
    assert_eq!(lines(&mismatch), differences, "{pattern:?} on {value}");
}

fn lines(mismatch: &Mismatch) -> Vec<String> {
    leaves(mismatch)
        .map(|leaf| {
            let actual = render_actual(&leaf.actual, 60);
            format!(
                "{} | {:?} | {} | {actual}",
                leaf.path, leaf.kind, leaf.expected
            )
        })
        .collect()
}

fn undecodable(raw: &[u8]) -> Subject<'_> {
    Subject::message(Err("expected value at line 1 column 1"), raw)
}

fn rest() -> ListItem {
    ListItem::Rest
}

fn one(pattern: Pattern) -> ListItem {
    ListItem::One(pattern)
}

#[test]
fn equality() {
    passes(&eq(1), &json!(1.0));
    passes(&eq("x"), &json!("x"));
    passes(&eq(true), &json!(true));
    passes(&null(), &json!(null));
    passes(&eq(json!({ "a": [1, 2] })), &json!({ "a": [1.0, 2] }));
    passes(&ne(1), &json!(2));
    passes(&ne(1), &json!("1"));
    passes(&ne(1), &json!(true));

    fails(
        &eq("COMPLETED"),
        &json!("FAILED"),
        &[r#"(message) | Mismatch | "COMPLETED" | "FAILED""#],
    );
    fails(
        &eq(1),
        &json!("1"),
        &[r#"(message) | TypeMismatch | 1 | "1""#],
    );
    fails(
        &eq(1),
        &json!(true),
        &["(message) | TypeMismatch | 1 | true"],
    );
    fails(&null(), &json!(0), &["(message) | TypeMismatch | null | 0"]);
    fails(&ne(1), &json!(1.0), &["(message) | Predicate | != 1 | 1.0"]);
    fails(
        &eq(json!({ "a": { "b": [1, 2, 3] }, "c": 1, "d": 1 })),
        &json!({ "a": { "b": [1, 0] }, "c": 1, "e": 5 }),
        &[
            "a.b[1] | Mismatch | 2 | 0",
            "a.b[2] | Missing | 3 | nothing",
            "d | Missing | 1 | nothing",
            "e | Unexpected | absent | 5",
        ],
    );
    fails(
        &eq(json!([])),
        &json!({}),
        &["(message) | TypeMismatch | ([]) | {}"],
    );
}

#[test]
fn comparisons_and_ranges() {
    passes(&gt(0), &json!(0.5));
    passes(&ge(1), &json!(1.0));
    passes(&lt(u64::MAX), &json!(i64::MIN));
    passes(&le("b"), &json!("abc"));
    passes(
        &gt(9_007_199_254_740_992.0),
        &json!(9_007_199_254_740_993_u64),
    );
    passes(&range(1, 5), &json!(4.999));
    passes(&range_inclusive(1, 5), &json!(5));
    passes(&range_inclusive(5, 5), &json!(5));
    passes(&range("a", "c"), &json!("bz"));

    fails(&gt(0), &json!(0), &["(message) | Predicate | > 0 | 0"]);
    fails(&ge(2), &json!(1), &["(message) | Predicate | >= 2 | 1"]);
    fails(&lt(0.5), &json!(1), &["(message) | Predicate | < 0.5 | 1"]);
    fails(
        &le("a"),
        &json!("b"),
        &[r#"(message) | Predicate | <= "a" | "b""#],
    );
    fails(
        &gt(0),
        &json!(true),
        &["(message) | TypeMismatch | > 0 | true"],
    );
    fails(
        &gt(0),
        &json!("5"),
        &[r#"(message) | TypeMismatch | > 0 | "5""#],
    );
    fails(
        &gt(0),
        &json!(null),
        &["(message) | TypeMismatch | > 0 | null"],
    );
    fails(
        &range(1, 5),
        &json!(5),
        &["(message) | Predicate | 1..5 | 5"],
    );
    fails(
        &range_inclusive(1, 5),
        &json!(0.9),
        &["(message) | Predicate | 1..=5 | 0.9"],
    );
    fails(
        &range("a", "c"),
        &json!(1),
        &[r#"(message) | TypeMismatch | "a".."c" | 1"#],
    );
}

#[test]
fn text() {
    let item = || matches(Regex::new(r"ITEM-\d+").unwrap());
    passes(&item(), &json!("an ITEM-42, found"));
    passes(&contains("EM-4"), &json!("ITEM-42"));
    passes(&contains(""), &json!(""));

    fails(
        &item(),
        &json!("ITEM-x"),
        &[r#"(message) | Predicate | =~ r"ITEM-\d+" | "ITEM-x""#],
    );
    fails(
        &item(),
        &json!(42),
        &[r#"(message) | TypeMismatch | =~ r"ITEM-\d+" | 42"#],
    );
    fails(
        &contains("a"),
        &json!("b"),
        &[r#"(message) | Predicate | contains "a" | "b""#],
    );
    fails(
        &contains("a"),
        &json!(["a"]),
        &[r#"(message) | TypeMismatch | contains "a" | ["a"]"#],
    );
    fails(
        &bytes("x"),
        &json!("x"),
        &[r#"(message) | TypeMismatch | bytes b"x" | "x""#],
    );
    let quoted = matches(Regex::new(r##"a"#b"##).unwrap());
    assert_eq!(quoted.description(), r####"=~ r##"a"#b"##"####);
}

#[test]
fn presence() {
    let pattern = object([
        ("trace_id", present()),
        ("error", absent()),
        ("parent", null()),
    ]);
    passes(&pattern, &json!({ "trace_id": null, "parent": null }));
    fails(
        &pattern,
        &json!({ "error": null }),
        &[
            "trace_id | Missing | _ | nothing",
            "error | Unexpected | absent | null",
            "parent | Missing | null | nothing",
        ],
    );
}

#[test]
fn every_form_but_absence_and_negation_misses_a_missing_field() {
    for pattern in [
        eq(1),
        ne(1),
        gt(1),
        range(1, 2),
        matches(Regex::new("").unwrap()),
        one_of(vec![eq(1)]),
        present(),
        null(),
        object([("x", present())]),
        exact_object([("x", present())]),
        list(vec![rest()]),
        every(present()),
        any(present()),
        len(present()),
        bytes(""),
        contains(""),
    ] {
        let text = pattern.description();
        let whole = object([("field", pattern)]);
        fails(
            &whole,
            &json!({}),
            &[&format!("field | Missing | {text} | nothing")],
        );
    }
    for pattern in [
        absent(),
        not(eq(1)),
        not(present()),
        anything(),
        all_of(vec![]),
    ] {
        passes(&object([("field", pattern)]), &json!({}));
    }
}

#[test]
fn objects_list_every_difference() {
    let pattern = object([
        ("status", eq("COMPLETED")),
        ("order", object([("count", gt(0)), ("item id", present())])),
    ]);
    passes(
        &pattern,
        &json!({ "status": "COMPLETED", "order": { "count": 1, "item id": 1 }, "x": 1 }),
    );
    fails(
        &pattern,
        &json!({ "status": "FAILED", "order": { "count": 0 } }),
        &[
            r#"status | Mismatch | "COMPLETED" | "FAILED""#,
            "order.count | Predicate | > 0 | 0",
            r#"order["item id"] | Missing | _ | nothing"#,
        ],
    );
    fails(
        &pattern,
        &json!({ "status": "COMPLETED", "order": [1] }),
        &[r#"order | TypeMismatch | { count: > 0, "item id": _, .. } | [1]"#],
    );
}

#[test]
fn exact_objects_refuse_other_fields() {
    let pattern = object([("o", exact_object([("a", eq(1)), ("b", absent())]))]);
    passes(&pattern, &json!({ "o": { "a": 1 }, "x": 1 }));
    fails(
        &pattern,
        &json!({ "o": { "a": 1, "b": 2, "c": 3 } }),
        &[
            "o.b | Unexpected | absent | 2",
            "o.c | Unexpected | absent | 3",
        ],
    );
    passes(&exact_object::<&str>([]), &json!({}));

    let many: Value = (0..50).map(|n| (format!("k{n}"), json!(n))).collect();
    let mismatch = exact_object::<&str>([])
        .verdict(Subject::present(&many))
        .unwrap_err();
    assert_eq!(mismatch.children.len(), 20);
    assert_eq!(
        mismatch.expected,
        "{ ; exact } (50 differences, the first 20 are listed)"
    );
}

#[test]
fn lists_without_gaps_are_exact() {
    let pattern = list(vec![one(eq(1)), one(gt(1))]);
    passes(&pattern, &json!([1, 2]));
    passes(&list(vec![]), &json!([]));
    fails(&pattern, &json!([1]), &["[1] | Missing | > 1 | nothing"]);
    fails(
        &pattern,
        &json!([0, 2, 3]),
        &["[0] | Mismatch | 1 | 0", "[2] | Unexpected | absent | 3"],
    );
    fails(
        &pattern,
        &json!({}),
        &["(message) | TypeMismatch | [1, > 1] | {}"],
    );
}

#[test]
fn lists_with_gaps() {
    let prefix = list(vec![one(eq(1)), rest()]);
    passes(&prefix, &json!([1]));
    passes(&prefix, &json!([1, 2, 3]));
    fails(&prefix, &json!([]), &["[0] | Missing | 1 | nothing"]);
    fails(&prefix, &json!([2, 1]), &["[0] | Mismatch | 1 | 2"]);

    let suffix = list(vec![rest(), one(eq(9))]);
    passes(&suffix, &json!([1, 9]));
    fails(&suffix, &json!([9, 8]), &["[1] | Mismatch | 9 | 8"]);

    // Each pattern of a list needs an element, also one that accepts a missing field.
    fails(
        &list(vec![one(not(eq(1)))]),
        &json!([]),
        &["[0] | Missing | !1 | nothing"],
    );
    fails(
        &list(vec![rest(), one(absent())]),
        &json!([]),
        &["[0] | Missing | absent | nothing"],
    );
    fails(
        &list(vec![one(absent())]),
        &json!([1]),
        &["[0] | Unexpected | absent | 1"],
    );

    // An element stands for one pattern only.
    let both = list(vec![one(eq(1)), rest(), one(eq(1))]);
    passes(&both, &json!([1, 1]));
    fails(&both, &json!([1]), &["[1] | Missing | 1 | nothing"]);

    let between = list(vec![
        rest(),
        one(eq(1)),
        one(eq(2)),
        rest(),
        one(eq(3)),
        rest(),
    ]);
    passes(&between, &json!([1, 1, 2, 0, 3]));
    passes(&between, &json!([1, 2, 3]));
    fails(&between, &json!([1, 0, 2, 3]), &["[1] | Mismatch | 2 | 0"]);
    passes(&list(vec![rest(), rest()]), &json!([]));

    let scalar = object([("steps", list(vec![rest(), one(eq("PAID")), rest()]))]);
    fails(
        &scalar,
        &json!({ "steps": ["NEW", "SENT"] }),
        &[r#"steps | Composed | [.., "PAID", ..] | ["NEW","SENT"]"#],
    );
    fails(
        &scalar,
        &json!({ "steps": [] }),
        &[r#"steps | Predicate | [.., "PAID", ..] | []"#],
    );
}

#[test]
fn the_closest_element_is_shown_with_its_path() {
    let element = || object([("state", eq("PAID")), ("sum", gt(0))]);
    let steps =
        json!({ "steps": [{}, { "state": "NEW", "sum": 1 }, { "state": "NEW", "sum": 0 }] });
    for pattern in [any(element()), list(vec![rest(), one(element()), rest()])] {
        fails(
            &object([("steps", pattern)]),
            &steps,
            &[r#"steps[1].state | Mismatch | "PAID" | "NEW""#],
        );
    }
}

#[test]
fn quantifiers() {
    passes(&every(gt(0)), &json!([1, 2]));
    passes(&every(gt(0)), &json!([]));
    passes(&any(gt(1)), &json!([1, 2]));
    passes(&len(range_inclusive(1, 2)), &json!(["a"]));

    let nested = object([("rows", every(object([("cells", every(gt(0)))])))]);
    fails(
        &nested,
        &json!({ "rows": [{ "cells": [1] }, { "cells": [1, 0] }, { "cells": ["x", 3] }] }),
        &[
            "rows[1].cells[1] | Predicate | > 0 | 0",
            r#"rows[2].cells[0] | TypeMismatch | > 0 | "x""#,
        ],
    );
    fails(
        &every(gt(0)),
        &json!(1),
        &["(message) | TypeMismatch | every > 0 | 1"],
    );
    fails(
        &any(gt(5)),
        &json!([1, 2]),
        &["(message) | Composed | any > 5 | [1,2]"],
    );
    fails(
        &any(gt(5)),
        &json!([]),
        &["(message) | Predicate | any > 5 | []"],
    );
    fails(
        &len(gt(1)),
        &json!([1]),
        &["(message) | Predicate | len > 1 | a list of 1 element"],
    );
    fails(
        &len(eq("1")),
        &json!([1]),
        &[r#"(message) | TypeMismatch | len "1" | a list of 1 element"#],
    );
    fails(
        &len(gt(1)),
        &json!("long"),
        &[r#"(message) | TypeMismatch | len > 1 | "long""#],
    );
}

#[test]
fn quantifiers_list_a_limited_number_of_elements() {
    let zeroes = json!(vec![0; 1000]);
    let mismatch = every(gt(0)).verdict(Subject::present(&zeroes)).unwrap_err();
    assert_eq!(mismatch.children.len(), 20);
    assert_eq!(
        mismatch.expected,
        "every > 0 (1000 differences, the first 20 are listed)"
    );
    assert_eq!(mismatch.children[19].path.to_string(), "[19]");

    let mut rows = vec![json!({}); 100];
    rows[70] = json!({ "a": 1 });
    let rows = json!(rows);
    let pattern = any(object([("a", eq(1)), ("b", eq(1))]));
    let mismatch = pattern.verdict(Subject::present(&rows)).unwrap_err();
    assert_eq!(mismatch.children.len(), 20);
    assert_eq!(lines(&mismatch), ["[70].b | Missing | 1 | nothing"]);
    assert!(
        mismatch
            .expected
            .ends_with("(none of 100, the closest 20 are listed)")
    );
}

#[test]
fn logic() {
    passes(&all_of(vec![gt(0), ne(5)]), &json!(4));
    passes(&any_of(vec![null(), gt(0)]), &json!(null));
    passes(&one_of(vec![eq("NEW"), eq("PART")]), &json!("PART"));
    passes(&not(eq(1)), &json!(2));

    fails(
        &all_of(vec![gt(10), ne(5), lt(0)]),
        &json!(5),
        &[
            "(message) | Predicate | > 10 | 5",
            "(message) | Predicate | != 5 | 5",
            "(message) | Predicate | < 0 | 5",
        ],
    );
    fails(
        &any_of(vec![eq("A"), eq("B")]),
        &json!("C"),
        &[r#"(message) | Composed | "A" | "B" | "C""#],
    );
    fails(
        &one_of(vec![eq("NEW"), eq("PART")]),
        &json!("OLD"),
        &[r#"(message) | Predicate | in ["NEW", "PART"] | "OLD""#],
    );
    fails(
        &not(gt(0)),
        &json!(1),
        &["(message) | Predicate | !> 0 | 1"],
    );

    let either = object([(
        "event",
        any_of(vec![
            object([("kind", eq("created")), ("id", gt(0)), ("by", present())]),
            object([("kind", eq("deleted")), ("id", gt(0))]),
        ]),
    )]);
    fails(
        &either,
        &json!({ "event": { "kind": "moved", "id": 1 } }),
        &[r#"event.kind | Mismatch | "deleted" | "moved""#],
    );
    let mismatch = either
        .verdict(Subject::present(
            &json!({ "event": { "kind": "moved", "id": 1 } }),
        ))
        .unwrap_err();
    assert_eq!(mismatch.kind, MismatchKind::Composed);
    assert_eq!(mismatch.children[0].path.to_string(), "event");
    assert_eq!(
        mismatch.children[0].children.len(),
        2,
        "both alternatives are in the tree"
    );
}

#[test]
fn matchers_of_users_nest() {
    struct Even;
    impl Matcher for Even {
        fn describe(&self) -> String {
            "an even number".to_owned()
        }
        fn check(&self, subject: Subject<'_>) -> Verdict {
            match subject.value().and_then(Value::as_i64) {
                Some(number) if number % 2 == 0 => Ok(()),
                _ => Err(Mismatch::predicate(self.describe(), subject)),
            }
        }
    }
    let pattern = object([("counts", every(matcher(Even)))]);
    passes(&pattern, &json!({ "counts": [2, 4] }));
    fails(
        &pattern,
        &json!({ "counts": [2, 3] }),
        &["counts[1] | Predicate | an even number | 3"],
    );
    assert_eq!(
        pattern.description(),
        "{ counts: every an even number, .. }"
    );
}

#[test]
fn a_payload_that_does_not_decode_says_why() {
    let pattern = object([("a", eq(1))]);
    let mismatch = pattern.verdict(undecodable(b"level=warn\xff")).unwrap_err();
    assert_eq!(
        lines(&mismatch),
        [concat!(
            "(message) | TypeMismatch | { a: 1, .. } | ",
            "a payload that does not decode (expected value at line 1 co…"
        )]
    );
    assert_eq!(
        render_actual(&mismatch.actual, 200),
        concat!(
            "a payload that does not decode (expected value at line 1 column 1): ",
            r#"b"level=warn\xff""#
        )
    );
    for pattern in [
        present(),
        absent(),
        ne(1),
        not(eq(1)),
        not(present()),
        all_of(vec![contains("warn"), eq(1)]),
        any_of(vec![eq(1), contains("error")]),
        one_of(vec![eq(1)]),
        not(any_of(vec![contains("error"), eq(1)])),
    ] {
        assert!(
            pattern.verdict(undecodable(b"level=warn")).is_err(),
            "{pattern:?}"
        );
    }
    for pattern in [
        anything(),
        contains("warn"),
        bytes("level=warn"),
        not(contains("error")),
        any_of(vec![eq(1), contains("warn")]),
        all_of(vec![contains("level"), not(bytes("x"))]),
        all_of(vec![]),
    ] {
        let value = MessagePattern::check(&pattern, undecodable(b"level=warn")).unwrap();
        assert_eq!(value, json!("level=warn"), "{pattern:?}");
    }
}

#[test]
fn raw_forms_see_the_payload_of_json_messages_too() {
    let raw = br#"{"id": "ITEM-42"}"#;
    let value: Value = serde_json::from_slice(raw).unwrap();
    let subject = Subject::message(Ok(&value), raw);
    assert_eq!(
        MessagePattern::check(&contains(r#""id": "ITEM"#), subject),
        Ok(value.clone())
    );
    assert!(bytes(&raw[..]).verdict(subject).is_ok());
    assert_eq!(
        lines(&bytes("x").verdict(subject).unwrap_err()),
        [r#"(message) | Predicate | bytes b"x" | {"id":"ITEM-42"}"#]
    );
    // Below the root there are no bytes, so this looks at the string.
    assert!(object([("id", contains("EM-4"))]).verdict(subject).is_ok());
    assert!(
        contains("\u{0}")
            .verdict(undecodable(b"\xff\x00\xfe"))
            .is_ok()
    );
}

#[test]
fn what_is_no_pattern_matches_nothing_and_says_why() {
    struct Unwritable;
    impl Serialize for Unwritable {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no"))
        }
    }
    const UNWRITABLE: &str = "a value, but the expected value cannot be written as JSON: no";
    for (pattern, why) in [
        (eq(Unwritable), UNWRITABLE),
        (not(ne(Unwritable)), UNWRITABLE),
        (
            gt(f64::NAN),
            "`> null`, but only numbers and strings have an order (NaN and infinity are null in JSON)",
        ),
        (
            le(true),
            "`<= true`, but only numbers and strings have an order",
        ),
        (range(5, 1), "`5..1`, but that range is empty"),
        (range(1, 1), "`1..1`, but that range is empty"),
        (
            range(1, "a"),
            "`1..\"a\"`, but a number and a string have no order",
        ),
        (one_of(vec![]), "`in []`, but nothing is in an empty list"),
        (
            any_of(vec![]),
            "one of several patterns, but there are none",
        ),
        (
            not(any_of(vec![eq(1), range(2, 1)])),
            "`2..1`, but that range is empty",
        ),
    ] {
        for value in [json!(1), json!(null), json!("a")] {
            let mismatch = pattern.verdict(Subject::present(&value)).unwrap_err();
            assert_eq!(
                (mismatch.kind, mismatch.expected.as_str()),
                (MismatchKind::Mismatch, why)
            );
        }
    }
    let nested = object([("order", list(vec![one(eq(1)), one(not(eq(Unwritable)))]))]);
    fails(
        &nested,
        &json!({}),
        &[&format!(
            "order[1] | Mismatch | {UNWRITABLE} | a message that was not looked at"
        )],
    );
}

#[test]
fn descriptions_read_like_expect() {
    let pattern = object([
        ("status", eq("COMPLETED")),
        ("odd key", any_of(vec![gt(0), all_of(vec![lt(-5), ne(-9)])])),
        (
            "steps",
            list(vec![
                rest(),
                one(object([("s", one_of(vec![eq(1), eq(2)]))])),
                rest(),
            ]),
        ),
        (
            "tags",
            all_of(vec![every(not(eq(""))), len(range_inclusive(1, 3))]),
        ),
        ("whole", eq(json!({ "a": [1] }))),
        ("closed", exact_object([("a", present()), ("b", absent())])),
    ]);
    assert_eq!(
        pattern.description(),
        concat!(
            r#"{ status: "COMPLETED", "odd key": > 0 | (< -5 & != -9), "#,
            r#"steps: [.., { s: in [1, 2], .. }, ..], tags: every !"" & len 1..=3, "#,
            r#"whole: ({"a":[1]}), closed: { a: _, b: absent; exact }, .. }"#
        )
    );
    assert_eq!(
        format!("{:?}", object([("a", contains("\n"))])),
        r#"Pattern({ a: contains "\n", .. })"#
    );
    let long = eq("x".repeat(10_000)).description();
    assert_eq!(long.chars().count(), 400);
    assert!(long.ends_with('…'));
}

#[test]
fn nesting_is_limited_and_what_is_allowed_fits_the_stack() {
    let nested = |levels: usize| {
        (1..levels).fold(eq(1), |inner, level| match level % 4 {
            0 => list(vec![rest(), one(inner), rest()]),
            1 => object([("k", inner)]),
            2 => all_of(vec![inner]),
            _ => any_of(vec![inner]),
        })
    };
    let payload = |levels: usize| {
        (1..levels).fold(json!(2), |inner, level| match level % 4 {
            0 => json!([inner]),
            1 => json!({ "k": inner }),
            _ => inner,
        })
    };
    let deepest = nested(MAX_DEPTH);
    let value = payload(MAX_DEPTH);
    // Test threads have 2 MiB, as those of tokio do.
    let mismatch = deepest.verdict(Subject::present(&value)).unwrap_err();
    assert_eq!(leaves(&mismatch).count(), 1);
    assert_eq!(
        leaves(&mismatch).next().unwrap().path.segments().len(),
        (MAX_DEPTH - 1) / 2
    );

    let mut too_deep = not(deepest);
    for _ in 0..100_000 {
        too_deep = not(too_deep);
    }
    let mismatch = too_deep.verdict(Subject::present(&value)).unwrap_err();
    assert_eq!(mismatch.expected, "a pattern nested deeper than 256 levels");

    let deep_value = (1..MAX_DEPTH).fold(json!(1), |inner, _| json!([inner]));
    passes(&eq(&deep_value), &deep_value);
    fails(
        &eq(json!([deep_value])),
        &json!(1),
        &[
            "(message) | Mismatch | a pattern nested deeper than 256 levels | a message that was not looked at",
        ],
    );
}
