//! Patterns as data.

use std::time::Duration;

use super::*;

#[track_caller]
fn shape(pattern: &Pattern) -> Value {
    let shape = Shape::written(|shaper| Some(shaper.pattern(pattern))).unwrap();
    assert!(!shape.is_cut, "{pattern:?}: {shape:?}");
    shape.value
}

/// How deep a value is nested.
fn levels(value: &Value) -> usize {
    crate::value::depth(value, 1000)
}

#[test]
fn every_form_has_its_shape() {
    let noon = "2026-01-31T12:30:00Z";
    for (pattern, expected) in [
        (eq("COMPLETED"), json!("COMPLETED")),
        (eq(1.5), json!(1.5)),
        (eq(json!({ "a": 1 })), json!({ "eq": { "a": 1 } })),
        (eq(json!([1, 2])), json!({ "eq": [1, 2] })),
        (ne(1), json!({ "ne": 1 })),
        (gt(500), json!({ "gt": 500 })),
        (ge(1), json!({ "ge": 1 })),
        (lt("b"), json!({ "lt": "b" })),
        (le(1), json!({ "le": 1 })),
        (range(1, 5), json!({ "ge": 1, "lt": 5 })),
        (range_inclusive(1, 5), json!({ "ge": 1, "le": 5 })),
        (
            matches(Regex::new("^ITEM-").unwrap()),
            json!({ "matches": "^ITEM-" }),
        ),
        (
            one_of(vec![eq("NEW"), eq("PART")]),
            json!({ "in": ["NEW", "PART"] }),
        ),
        (present(), json!({ "exists": true })),
        (absent(), json!({ "exists": false })),
        (
            object([("qty", gt(500)), ("x", null())]),
            json!({ "qty": { "gt": 500 }, "x": null }),
        ),
        (exact_object([("a", eq(1))]), json!({ "exact": { "a": 1 } })),
        (list(vec![one(eq(1)), one(eq(2))]), json!([1, 2])),
        (
            list(vec![rest(), one(object([("state", eq("NEW"))])), rest()]),
            json!([{ "rest": true }, { "state": "NEW" }, { "rest": true }]),
        ),
        (every(gt(0)), json!({ "every": { "gt": 0 } })),
        (any(eq("us")), json!({ "any_element": "us" })),
        (len(ge(3)), json!({ "len": { "ge": 3 } })),
        (
            all_of(vec![gt(0), ne(7)]),
            json!({ "all_of": [{ "gt": 0 }, { "ne": 7 }] }),
        ),
        (any_of(vec![eq(1), eq(2)]), json!({ "any_of": [1, 2] })),
        (
            not(object([("id", present())])),
            json!({ "not": { "id": { "exists": true } } }),
        ),
        (
            bytes(&b"FIX\x01"[..]),
            json!({ "payload_text": "FIX\u{1}" }),
        ),
        (bytes(&b"\xff\x00"[..]), json!({ "payload_hex": "ff00" })),
        (contains("a"), json!({ "contains": "a" })),
        (prefix("a"), json!({ "prefix": "a" })),
        (
            suffix_ignore_case("A"),
            json!({ "suffix": "A", "ignore_case": true }),
        ),
        (
            eq_ignore_case("Ab"),
            json!({ "eq": "Ab", "ignore_case": true }),
        ),
        (
            approx(9.95, 0.01),
            json!({ "approx": 9.95, "tolerance": 0.01 }),
        ),
        (
            approx_time(noon, Duration::from_secs(5)),
            json!({ "approx": noon, "tolerance": "5s" }),
        ),
        (
            approx_duration(Duration::from_millis(250), Duration::from_millis(20)),
            json!({ "approx": "250ms", "tolerance": "20ms" }),
        ),
        (before(noon), json!({ "before": noon })),
        (after(noon), json!({ "after": noon })),
        (
            unordered(vec![eq(1), eq(2)]),
            json!({ "unordered": [1, 2] }),
        ),
        (
            unordered_with_others(vec![eq(1)]),
            json!({ "unordered": [1, { "rest": true }] }),
        ),
        (at("/a/0", gt(1)), json!({ "at": { "/a/0": { "gt": 1 } } })),
        (capture("order_id"), json!({ "capture": "order_id" })),
        (
            capture_as::<String>("order_id"),
            json!({ "capture": "order_id", "type": "String" }),
        ),
        (
            satisfies("an even number", |n: &i64| n % 2 == 0),
            json!({ "matcher": "an even number" }),
        ),
        (anything(), json!({ "anything": true })),
        (all_of(Vec::new()), json!({ "anything": true })),
        (matcher(gt(3)), json!({ "gt": 3 })),
    ] {
        assert_eq!(shape(&pattern), expected, "{pattern:?}");
    }
    let broken = shape(&before("yesterday"));
    assert!(
        broken["broken"].as_str().unwrap().contains("yesterday"),
        "{broken}"
    );
}

#[cfg(feature = "json-path")]
#[test]
fn a_query_has_its_shape() {
    let pattern = json_path("$.items[*].sku", any(eq("A")));
    let expected = json!({ "path": { "$.items[*].sku": { "any_element": "A" } } });
    assert_eq!(shape(&pattern), expected);
}

#[test]
fn null_by_itself_is_no_missing_shape() {
    assert_eq!(shape(&null()), json!({ "eq": null }));
}

#[test]
fn fields_that_are_called_like_conditions_stay_fields() {
    for (pattern, expected) in [
        (object([("gt", eq(5))]), json!({ "object": { "gt": 5 } })),
        (
            object([("ge", eq(1)), ("lt", eq(2))]),
            json!({ "object": { "ge": 1, "lt": 2 } }),
        ),
        (
            object([("payload", eq(1)), ("key", eq(2))]),
            json!({ "object": { "payload": 1, "key": 2 } }),
        ),
        // Not all of them are: no condition has these names.
        (
            object([("payload", eq(42)), ("type", eq("created"))]),
            json!({ "payload": 42, "type": "created" }),
        ),
        (object([("payload", eq(42))]), json!({ "payload": 42 })),
        (object([("key", eq(42))]), json!({ "key": 42 })),
        (
            exact_object([("gt", eq(5))]),
            json!({ "exact": { "gt": 5 } }),
        ),
    ] {
        assert_eq!(shape(&pattern), expected, "{pattern:?}");
    }
}

#[test]
fn conditions_of_one_name_are_all_there() {
    let pattern = object([("n", gt(1)), ("n", lt(9))]);
    let expected = json!({ "all_of": [{ "n": { "gt": 1 } }, { "n": { "lt": 9 } }] });
    assert_eq!(shape(&pattern), expected);
}

#[test]
fn what_is_large_is_cut_and_says_so() {
    let long = "x".repeat(100_000);
    let many = |count: usize| (0..count).map(|n| (format!("field_{n}"), eq(&*long)));
    let mut deep = eq(1);
    for _ in 0..200 {
        deep = not(deep);
    }
    let objects = (0..2000).map(|_| object([("a", eq(1))])).collect();
    for pattern in [
        eq(&*long),
        matches(Regex::new(&long[..2000].repeat(3)).unwrap()),
        contains(&*long),
        bytes(vec![0xff; 100_000]),
        object([(&*long, eq(1))]),
        exact_object(many(5000)),
        list((0..50_000).map(|n| one(eq(n))).collect()),
        all_of((0..50_000).map(|_| contains("y")).collect()),
        one_of((0..5000).map(|_| eq(&*long)).collect()),
        unordered_with_others(objects),
        at(format!("/{long}"), eq(1)),
        capture(long.clone()),
        satisfies(long.clone(), |_: &Value| true),
        before(&*long),
        deep,
        eq((0..100).fold(json!(1), |inner, _| json!([inner]))),
    ] {
        let shown = pattern.description();
        let shown: String = shown.chars().take(60).collect();
        let shape = Shape::written(|shaper| Some(shaper.pattern(&pattern))).unwrap();
        let text = shape.value.to_string();
        assert!(shape.is_cut, "{shown}: {text}");
        assert!(text.contains(r#"{"cut":""#), "{shown}: {text}");
        assert!(text.len() < 12_000, "{shown}: {} bytes", text.len());
        assert!(levels(&shape.value) < 100, "{shown}");
    }
    let pattern = object([("id", eq("O-1")), ("note", eq(&*long)), ("n", gt(1))]);
    let shape = Shape::written(|shaper| Some(shaper.pattern(&pattern))).unwrap();
    // What is small beside it is whole.
    assert_eq!(shape.value["id"], "O-1");
    assert_eq!(shape.value["n"], json!({ "gt": 1 }));
    let cut = shape.value["note"]["cut"].as_str().unwrap();
    assert!(cut.starts_with("\"xxx") && cut.ends_with('…'), "{cut}");
    let pattern = list((0..50_000).map(|n| one(eq(n))).collect());
    let shape = Shape::written(|shaper| Some(shaper.pattern(&pattern))).unwrap();
    let last = shape.value.as_array().unwrap().last().unwrap().clone();
    let last = last["cut"].as_str().unwrap();
    assert!(last.ends_with(" more"), "{last}");
}
