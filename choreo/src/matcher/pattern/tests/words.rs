//! Texts, numbers that are close, times, places, and what is captured.

use std::time::{Duration, SystemTime};

use super::*;

#[test]
fn texts_have_parts_with_or_without_regard_to_case() {
    passes(&prefix("ITEM"), &json!("ITEM-42"));
    passes(&suffix("-42"), &json!("ITEM-42"));
    passes(&prefix(""), &json!(""));
    passes(&eq_ignore_case("GRÖSSE"), &json!("grösse"));
    passes(&contains_ignore_case("em-4"), &json!("ITEM-42"));
    passes(&prefix_ignore_case("item"), &json!("ITEM-42"));
    passes(&suffix_ignore_case("X"), &json!("ax"));
    fails(
        &prefix("item"),
        &json!("ITEM"),
        &[r#"(message) | Predicate | prefix "item" | "ITEM""#],
    );
    fails(
        &suffix("I"),
        &json!("ITEM"),
        &[r#"(message) | Predicate | suffix "I" | "ITEM""#],
    );
    fails(
        &object([
            ("a", eq_ignore_case("x")),
            ("b", prefix_ignore_case("x")),
            ("c", suffix("x")),
        ]),
        &json!({ "a": "xx", "b": 5 }),
        &[
            r#"a | Predicate | ignore_case "x" | "xx""#,
            r#"b | TypeMismatch | ignore_case prefix "x" | 5"#,
            r#"c | Missing | suffix "x" | nothing"#,
        ],
    );
    // At the root they look at the payload, as `contains` does.
    assert!(prefix("%PDF").verdict(undecodable(b"%PDF-1.7\xff")).is_ok());
    assert!(suffix("7").verdict(undecodable(b"%PDF-1.7")).is_ok());
    assert!(eq_ignore_case("%pdf").verdict(undecodable(b"%PDF")).is_ok());
    assert!(prefix("%pdf").verdict(undecodable(b"%PDF-1.7")).is_err());
}

#[test]
fn numbers_are_close_enough() {
    for value in [json!(9.94), json!(9.96), json!(9.95), json!(9.955)] {
        passes(&approx(9.95, 0.01), &value);
    }
    for value in [json!(3), json!(9.9399), json!(9.9601), json!(-9.95)] {
        assert!(
            approx(9.95, 0.01)
                .verdict(Subject::present(&value))
                .is_err(),
            "{value}"
        );
    }
    passes(&approx(u64::MAX, 1), &json!(u64::MAX - 1));
    assert!(
        approx(u64::MAX, 1)
            .verdict(Subject::present(&json!(u64::MAX - 2)))
            .is_err()
    );
    fails(
        &object([("n", approx(1, 0.5))]),
        &json!({ "n": 2 }),
        &["n | Predicate | approx 1 +- 0.5 | 2"],
    );
    fails(
        &approx(1, 1),
        &json!("1"),
        &[r#"(message) | TypeMismatch | approx 1 +- 1 | "1""#],
    );
    for broken in [
        approx(1, -1),
        approx("1", 1),
        approx(f64::NAN, 1),
        approx(1, "x"),
    ] {
        assert!(broken.verdict(Subject::present(&json!(1))).is_err());
        assert!(not(broken).verdict(Subject::present(&json!(1))).is_err());
    }
}

#[test]
fn durations_are_near_whatever_their_form() {
    let ms = Duration::from_millis;
    let took = || approx_duration(ms(250), ms(20));
    let serde = |duration: Duration| serde_json::to_value(duration).unwrap();
    for near in [
        json!("PT0.25S"),
        json!("270ms"),
        json!("0.23s"),
        serde(ms(230)),
    ] {
        passes(&took(), &near);
    }
    fails(
        &object([
            ("a", took()),
            ("b", took()),
            ("c", took()),
            ("d", took()),
            ("e", took()),
        ]),
        &json!({ "a": "270.1ms", "b": "-PT0.25S", "c": "soon", "d": 250, "e": { "secs": 0 } }),
        &[
            r#"a | Predicate | approx 250ms +- 20ms | "270.1ms""#,
            r#"b | Predicate | approx 250ms +- 20ms | "-PT0.25S""#,
            r#"c | TypeMismatch | approx 250ms +- 20ms | no duration such as "PT0.25S" or "250ms": "soon""#,
            r"d | TypeMismatch | approx 250ms +- 20ms | 250",
            r#"e | TypeMismatch | approx 250ms +- 20ms | no duration such as "PT0.25S" or "250ms": {"secs":0}"#,
        ],
    );
}

#[test]
fn times_have_an_order_whatever_their_offset() {
    let noon = "2026-01-31T12:00:00Z";
    passes(&before(noon), &json!("2026-01-31T12:30:00+01:00"));
    passes(&after(noon), &json!("2026-01-31T12:00:00.000000001Z"));
    passes(
        &approx_time(noon, Duration::from_secs(5)),
        &json!("2026-01-31T11:59:55Z"),
    );
    passes(&after(SystemTime::UNIX_EPOCH), &json!(noon));
    passes(&before(json!(noon)), &json!("2026-01-31T11:59:59Z"));
    fails(
        &object([
            ("a", before(noon)),
            ("b", after(noon)),
            ("c", approx_time(noon, Duration::from_millis(1500))),
        ]),
        &json!({ "a": noon, "b": noon, "c": "2026-01-31T12:00:02Z" }),
        &[
            r#"a | Predicate | before "2026-01-31T12:00:00Z" | "2026-01-31T12:00:00Z""#,
            r#"b | Predicate | after "2026-01-31T12:00:00Z" | "2026-01-31T12:00:00Z""#,
            r#"c | Predicate | approx "2026-01-31T12:00:00Z" +- 1.5s | "2026-01-31T12:00:02Z""#,
        ],
    );
    fails(
        &object([
            ("a", before(noon)),
            ("b", before(noon)),
            ("c", before(noon)),
        ]),
        &json!({ "a": "2026-01-31", "b": 5 }),
        &[
            r#"a | TypeMismatch | before "2026-01-31T12:00:00Z" | a string that is no RFC 3339 time: "2026-01-31""#,
            r#"b | TypeMismatch | before "2026-01-31T12:00:00Z" | 5"#,
            r#"c | Missing | before "2026-01-31T12:00:00Z" | nothing"#,
        ],
    );
    let broken = not(before("yesterday"));
    let mismatch = broken.verdict(Subject::present(&json!(noon))).unwrap_err();
    assert!(
        mismatch.expected.contains("that is no time"),
        "{}",
        mismatch.expected
    );
    assert!(
        before(json!(5))
            .verdict(Subject::present(&json!(noon)))
            .is_err()
    );
}

#[test]
fn lists_in_any_order_give_each_pattern_an_element_of_its_own() {
    // Taking the first that fits would leave nothing for the second.
    let pattern = unordered(vec![gt(0), eq(1), lt(3)]);
    passes(&pattern, &json!([1, 2, 5]));
    passes(&pattern, &json!([5, 2, 1]));
    passes(&unordered(vec![]), &json!([]));
    passes(&unordered_with_others(vec![eq(1)]), &json!([3, 1]));
    fails(
        &object([("l", unordered(vec![eq(1), eq(1)]))]),
        &json!({ "l": [1, 2] }),
        &["l | Composed | 1 | no element of its own"],
    );
    fails(
        &unordered(vec![object([("a", eq(1)), ("b", eq(2))]), eq(3)]),
        &json!([3, { "a": 1, "b": 5 }]),
        &["[1].b | Mismatch | 2 | 5"],
    );
    fails(
        &unordered(vec![eq(1)]),
        &json!([1, 2]),
        &["[1] | Unexpected | absent | 2"],
    );
    fails(
        &unordered(vec![eq(1)]),
        &json!([]),
        &["(message) | Predicate | 1 | no element of its own"],
    );
    fails(
        &unordered(vec![]),
        &json!(5),
        &["(message) | TypeMismatch | unordered [] | 5"],
    );
    assert_eq!(
        unordered_with_others(vec![eq(1)]).description(),
        "unordered [1, ..]"
    );
    assert_eq!(
        unordered_with_others(vec![]).description(),
        "unordered [..]"
    );
}

#[test]
fn pointers_lead_to_a_place() {
    let message = json!({ "items": [{ "a/b": 1, "~": 2 }], "": { "": 3 }, "7": 4 });
    passes(&at("", object([("7", eq(4))])), &message);
    passes(&at("/items/0/a~1b", eq(1)), &message);
    passes(&at("/items/0/~0", eq(2)), &message);
    passes(&at("//", eq(3)), &message);
    passes(&at("/7", eq(4)), &message);
    passes(&at("/items/1", absent()), &message);
    passes(&at("/items/00", absent()), &message);
    passes(&at("/items/-", absent()), &message);
    fails(
        &at("/items/0/~0", gt(2)),
        &message,
        &[r#"items[0]["~"] | Predicate | > 2 | 2"#],
    );
    fails(
        &at("/items/3/x", present()),
        &message,
        &["items[3].x | Missing | _ | nothing"],
    );
    fails(&at("/a", eq(1)), &json!({}), &["a | Missing | 1 | nothing"]);
    assert_eq!(
        at("/a", any_of(vec![eq(1), null()])).description(),
        r#"at "/a" (1 | null)"#
    );
    for wrong in ["a", "/~2", "/~"] {
        let mismatch = not(at(wrong, eq(1)))
            .verdict(Subject::present(&message))
            .unwrap_err();
        assert!(
            mismatch.expected.contains("JSON Pointer"),
            "{}",
            mismatch.expected
        );
    }
}

#[cfg(feature = "json-path")]
#[test]
fn queries_give_the_list_of_what_they_find() {
    let message = json!({ "items": [{ "sku": "A", "n": 1 }, { "sku": "B", "n": 2 }], "none": [] });
    let skus = list(vec![one(eq("A")), one(eq("B"))]);
    passes(&json_path("$.items[*].sku", skus), &message);
    passes(
        &json_path("$.items[?@.n > 1].sku", list(vec![one(eq("B"))])),
        &message,
    );
    passes(&json_path("$.none[*]", len(eq(0))), &message);
    fails(
        &json_path("$.items[*].n", every(gt(1))),
        &message,
        &["items[0].n | Predicate | > 1 | 1"],
    );
    fails(
        &object([(
            "items",
            json_path("$[*]", any(object([("n", eq(2)), ("sku", eq("C"))]))),
        )]),
        &message,
        &[r#"items[1].sku | Mismatch | "C" | "B""#],
    );
    let broken = not(json_path("items[", eq(1)));
    assert!(
        broken.description().contains("no JSONPath query"),
        "{broken:?}"
    );
    assert!(broken.verdict(Subject::present(&message)).is_err());
}

#[cfg(feature = "json-schema")]
#[test]
fn schemas_say_where_and_by_which_rule() {
    let order = json_schema(json!({
        "title": "Order",
        "type": "object",
        "required": ["id"],
        "properties": { "lines": { "items": { "type": "integer" } } },
    }));
    passes(&order, &json!({ "id": 1, "lines": [1] }));
    fails(
        &object([("order", order)]),
        &json!({ "order": { "lines": [1, "x"] } }),
        &[
            r#"order | Predicate | valid by /required ("id" is a required property) | {"lines":[1,"x"]}"#,
            r#"order.lines[1] | Predicate | valid by /properties/lines/items/type ("x" is not of type "integer") | "x""#,
        ],
    );
    for broken in [
        json!({ "type": "nonsense" }),
        json!({ "$ref": "http://127.0.0.1:9/x.json" }),
    ] {
        let pattern = not(json_schema(broken));
        let mismatch = pattern.verdict(Subject::present(&json!(1))).unwrap_err();
        assert!(
            mismatch.expected.contains("the schema itself is not"),
            "{}",
            mismatch.expected
        );
    }
}

#[test]
fn closures_look_at_values_of_their_type() {
    let even = satisfies("an even number", |number: &i64| number % 2 == 0);
    passes(&even, &json!(4));
    fails(
        &even,
        &json!(5),
        &["(message) | Predicate | an even number | 5"],
    );
    fails(
        &object([("n", even.clone())]),
        &json!({ "n": "4" }),
        &[
            r#"n | TypeMismatch | an even number | a value that does not decode as `i64` (invalid type: string…"#,
        ],
    );
    fails(
        &object([("n", even)]),
        &json!({}),
        &["n | Missing | an even number | nothing"],
    );
    passes(
        &satisfies("a short list", |value: &Value| value.as_array().is_some()),
        &json!([]),
    );
}

fn captured(pattern: &Pattern, message: &Value, name: &str) -> Option<Value> {
    passes(pattern, message);
    pattern.captured(name, Subject::present(message))
}

#[test]
fn captures_give_the_value_in_their_place() {
    let message = json!({
        "id": 7,
        "lines": [{ "sku": "A", "n": 1 }, { "sku": "B", "n": 2 }, { "sku": "C", "n": 3 }],
        "state": "NEW",
    });
    let line = |n: i64| object([("n", eq(n)), ("sku", capture("sku"))]);
    let lines = |pattern: Pattern| object([("lines", pattern)]);
    for (pattern, expected) in [
        (lines(any(line(2))), "B"),
        (lines(list(vec![one(line(1)), rest()])), "A"),
        (lines(list(vec![rest(), one(line(3))])), "C"),
        (lines(list(vec![rest(), one(line(2)), rest()])), "B"),
        (
            lines(list(vec![one(present()), one(line(2)), one(present())])),
            "B",
        ),
        (
            lines(list(vec![one(present()), rest(), one(line(3)), rest()])),
            "C",
        ),
        (lines(unordered(vec![present(), line(3), present()])), "C"),
        (
            lines(unordered_with_others(vec![object([("n", gt(2))]), line(2)])),
            "B",
        ),
        (at("/lines/1", line(2)), "B"),
        (any_of(vec![lines(any(line(9))), lines(any(line(3)))]), "C"),
        (
            all_of(vec![object([("id", eq(7))]), lines(any(line(1)))]),
            "A",
        ),
    ] {
        assert_eq!(
            captured(&pattern, &message, "sku"),
            Some(json!(expected)),
            "{pattern:?}"
        );
        assert_eq!(pattern.captured("other", Subject::present(&message)), None);
    }
    let whole = captured(&capture("all"), &message, "all");
    assert_eq!(whole.as_ref(), Some(&message));
    let either = any_of(vec![
        object([("id", capture("one"))]),
        object([("state", capture("two"))]),
    ]);
    assert_eq!(captured(&either, &message, "one"), Some(json!(7)));
    assert_eq!(captured(&either, &message, "two"), None);
    #[cfg(feature = "json-path")]
    {
        let found = captured(&json_path("$..sku", capture("skus")), &message, "skus");
        assert_eq!(found, Some(json!(["A", "B", "C"])));
    }
}

#[test]
fn captures_want_a_value_of_their_type() {
    passes(&object([("id", capture("id"))]), &json!({ "id": null }));
    fails(
        &object([("id", capture("id")), ("n", capture_as::<Vec<u32>>("n"))]),
        &json!({ "n": "x" }),
        &[
            "id | Missing | capture id | nothing",
            "n | TypeMismatch | capture n: Vec<u32> | a value that does not decode as `Vec<u32>` (invalid type: s…",
        ],
    );
}

#[test]
fn captures_that_cannot_be_match_nothing() {
    for (pattern, why) in [
        (not(capture("x")), "never matches"),
        (every(object([("a", capture("x"))])), "many values"),
        (len(capture("x")), "no value of the message"),
        (all_of(vec![capture("x"), capture("x")]), "taken"),
        (
            object([("a", capture("x")), ("b", any(capture("x")))]),
            "taken",
        ),
    ] {
        let mismatch = pattern
            .verdict(Subject::present(&json!({ "a": 1 })))
            .unwrap_err();
        assert!(mismatch.expected.contains(why), "{}", mismatch.expected);
        assert!(pattern.captures().is_empty());
    }
}
