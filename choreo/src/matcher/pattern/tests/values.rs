//! Forms that look at one value, and their combinations.

use super::*;

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
