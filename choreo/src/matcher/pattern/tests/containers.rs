//! Objects, lists and what is said about all their elements.

use super::*;

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
