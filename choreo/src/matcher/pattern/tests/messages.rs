//! Whole messages, broken patterns, descriptions and limits.

use super::*;

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
        not(matcher(eq(1))),
        not(matcher(Arc::new(eq(1)))),
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
        not(matcher(contains("error"))),
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
            not(matcher(le(true))),
            "`<= true`, but only numbers and strings have an order",
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
