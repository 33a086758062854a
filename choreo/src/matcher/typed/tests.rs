#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::matcher::{MessagePattern, Mismatch, MismatchKind, Subject};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Status {
    New,
    Part(u32),
    Failed { reason: String, retries: u32 },
    Pair(u32, String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Item {
    sku: String,
    count: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Order {
    id: String,
    status: Status,
    total: f64,
    discount: Option<f64>,
    note: Option<String>,
    first: Option<Item>,
    items: Vec<Item>,
    tags: Vec<String>,
    extra: HashMap<String, u32>,
    paid: bool,
}

fn order() -> Value {
    json!({
        "id": "ORD-1", "status": { "Failed": { "reason": "no stock", "retries": 2 } },
        "total": 10.0, "discount": 0.5, "note": null, "first": { "sku": "A", "count": 1 },
        "items": [{ "sku": "A", "count": 1 }, { "sku": "B", "count": 2 }, { "sku": "C", "count": 3 }],
        "tags": ["x", "y"], "extra": { "a": 1 }, "paid": true,
    })
}

fn check<M: MessagePattern>(pattern: &M, value: &Value) -> Result<M::Message, Mismatch> {
    pattern.check(Subject::message(Ok(value), b""))
}

/// The paths, expectations and kinds of the single differences.
fn differences(mismatch: &Mismatch) -> Vec<(String, String, MismatchKind)> {
    if mismatch.children.is_empty() {
        return vec![(
            mismatch.path.to_string(),
            mismatch.expected.clone(),
            mismatch.kind,
        )];
    }
    mismatch.children.iter().flat_map(differences).collect()
}

#[test]
fn every_form_accepts_what_it_describes() {
    let limit = 5;
    let wanted = Item {
        sku: "A".to_owned(),
        count: 1,
    };
    let order = check(
        &pattern!(Order {
            id: =~ r"^ORD-\d+$" & contains "RD" & !"ORD-2" & in ["ORD-1", "ORD-3"],
            status: Status::Failed { reason: "no stock", retries: 1..=3 & < (limit) },
            total: 10 & > 9.5 & 1..100,
            discount: > 0 & <= 0.5 & Some(0.5),
            note: absent & null & None,
            first: (wanted) & Some(Item { sku: "A", .. }),
            items: [Item { sku: "A", .. }, .., Item { count: 3, .. }]
                & [.., Item { sku: "B", count: _ }, ..]
                & every Item { count: > 0, .. }
                & any Item { count: 2, .. }
                & len 3,
            tags: ["x", "y"] & len > 1 & any =~ "y",
            extra: { a: > 0, b: absent },
            paid: true,
        }),
        &order(),
    )
    .unwrap();
    assert_eq!(order.id, "ORD-1");
}

#[test]
fn all_differences_are_found_with_their_paths() {
    let mismatch = check(
        &pattern!(Order {
            id: "ORD-2",
            status: Status::Failed { reason: =~ "^x", retries: 7 },
            total: < 5,
            discount: null,
            note: "hello",
            first: Some(Item { count: 9, .. }),
            items: every Item { count: 1, .. },
            tags: ["x"],
            extra: { a: 2 },
            ..
        }),
        &order(),
    )
    .unwrap_err();
    use MismatchKind::{Mismatch as Other, Missing, Predicate, Unexpected};
    let expected = [
        ("id", "\"ORD-2\"", Other),
        ("status.reason", "=~ \"^x\"", Predicate),
        ("status.retries", "7", Other),
        ("total", "< 5", Predicate),
        ("discount", "null", Unexpected),
        ("note", "\"hello\"", Missing),
        ("first.count", "9", Other),
        ("items[1].count", "1", Other),
        ("items[2].count", "1", Other),
        ("tags[1]", "absent", Unexpected),
        ("extra.a", "2", Other),
    ];
    let found = differences(&mismatch);
    let found: Vec<_> = found
        .iter()
        .map(|(path, text, kind)| (path.as_str(), text.as_str(), *kind))
        .collect();
    assert_eq!(found, expected);
    assert!(
        mismatch
            .expected
            .starts_with("Order { id: \"ORD-2\", status: Status::Failed {")
    );
}

#[test]
fn variants_are_told_apart() {
    let status = |value: Value| (check(&pattern!(Status::New), &value), value);
    assert!(status(json!("New")).0.is_ok());
    let (other, _) = status(json!({ "Part": 3 }));
    assert_eq!(differences(&other.unwrap_err())[0].1, "Status::New");

    let part = pattern!(Status::Part(> 2) | Status::New);
    assert!(check(&part, &json!({ "Part": 3 })).is_ok());
    assert!(check(&part, &json!("New")).is_ok());
    let mismatch = check(&part, &json!({ "Part": 1 })).unwrap_err();
    assert!(mismatch.children[0].alternatives);

    let pair = check(
        &pattern!(Status::Pair(1, "b")),
        &json!({ "Pair": [2, "a"] }),
    )
    .unwrap_err();
    let paths: Vec<_> = differences(&pair)
        .into_iter()
        .map(|(path, ..)| path)
        .collect();
    assert_eq!(paths, ["[0]", "[1]"]);
    assert!(check(&pattern!(Status::Pair(2, ..)), &json!({ "Pair": [2, "a"] })).is_ok());
}

#[test]
fn a_message_of_another_shape_is_a_type_mismatch_in_serdes_words() {
    let mismatch = check(&pattern!(Item), &json!({ "sku": "A" })).unwrap_err();
    assert_eq!(mismatch.kind, MismatchKind::TypeMismatch);
    assert_eq!(mismatch.expected, "a `Item`");
    let text = format!("{:?}", mismatch.actual);
    assert!(text.contains("`Item` (missing field `count`)"), "{text}");

    let undecodable = pattern!(Item)
        .check(Subject::message(Err("no JSON"), b"\x00"))
        .unwrap_err();
    assert_eq!(undecodable.kind, MismatchKind::TypeMismatch);
}

#[test]
fn options_without_a_value_are_missing_and_not_unequal() {
    let pattern = pattern!(Order { note: != "x", discount: > 0.7, .. });
    let found = differences(&check(&pattern, &order()).unwrap_err());
    assert_eq!(found[0].2, MismatchKind::Missing);
    assert_eq!(found[1].2, MismatchKind::Predicate);
}

#[test]
fn typed_patterns_go_into_dynamic_ones() {
    let pattern = pattern!({ item: Item { sku: "A", count: > 5 }, status: Status::New });
    let value = json!({ "item": { "sku": "A", "count": 1 }, "status": "New" });
    let found = differences(&check(&pattern, &value).unwrap_err());
    assert_eq!(
        found,
        [(
            "item.count".to_owned(),
            "> 5".to_owned(),
            MismatchKind::Predicate
        )]
    );
}

#[test]
fn lists_with_gaps_are_compared_from_both_ends() {
    let numbers = |value: Value| json!({ "sku": "", "count": 0, "numbers": value });
    #[derive(Debug, Deserialize)]
    struct Numbers {
        numbers: Vec<u32>,
    }
    assert!(
        check(
            &pattern!(Numbers {
                numbers: [1, .., 3]
            }),
            &numbers(json!([1, 2, 3]))
        )
        .is_ok()
    );
    assert!(
        check(
            &pattern!(Numbers {
                numbers: [.., 2, 3, .., 5, ..]
            }),
            &numbers(json!([2, 2, 3, 5]))
        )
        .is_ok()
    );
    for (pattern, value) in [
        (
            pattern!(Numbers {
                numbers: [1, .., 1]
            }),
            json!([1]),
        ),
        (
            pattern!(Numbers {
                numbers: [.., 3, 2, ..]
            }),
            json!([2, 3, 1, 2]),
        ),
        (pattern!(Numbers { numbers: [1, 2] }), json!([1])),
        (pattern!(Numbers { numbers: any 4 }), json!([])),
        (pattern!(Numbers { numbers: len 2..5 }), json!([1])),
        (pattern!(Numbers { numbers: [] }), json!([1])),
    ] {
        let mismatch = check(&pattern, &numbers(value)).unwrap_err();
        assert!(
            mismatch.children[0].path.to_string().starts_with("numbers"),
            "{mismatch:?}"
        );
    }
    let message = check(&pattern!(Numbers { numbers: [..] }), &numbers(json!([7]))).unwrap();
    assert_eq!(message.numbers, [7]);
}

#[test]
fn fields_of_many_types_compare_with_literals() {
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    #[derive(Debug, Serialize, Deserialize)]
    struct Wide {
        byte: u8,
        signed: i64,
        single: f32,
        size: Option<usize>,
        twice: Option<Option<u32>>,
        flag: Option<bool>,
        boxed: Box<str>,
        shared: Box<str>,
        maybe: Option<Box<str>>,
        cow: Cow<'static, str>,
        letter: char,
        any: Value,
        object: Value,
        pair: (u32, String),
        array: [u8; 2],
        map: BTreeMap<String, u32>,
        slice: Option<Vec<Option<u32>>>,
        status: Option<Status>,
    }
    let value = json!({
        "byte": 1, "signed": -5, "single": 1.5, "size": 3, "twice": 4, "flag": true, "boxed": "b",
        "shared": "s", "maybe": "m", "cow": "c", "letter": "x", "any": 7, "object": { "a": [1] },
        "pair": [1, "p"], "array": [1, 2], "map": { "k": 1 }, "slice": [1, null], "status": "New",
    });
    let limit = 2_i64;
    let pattern = pattern!(Wide {
        byte: 1 & < 2 & 0..=1,
        signed: -5 & < limit & -9..limit,
        single: > 1 & 1.5 & < 2.5,
        size: 3 & 1.. & ..9,
        twice: 4 & > 3,
        flag: true,
        boxed: "b" & >= "a" & =~ "^b$",
        shared: "s" & "a".."t" & contains "s",
        maybe: "m" & > "a" & contains "m" & !null,
        cow: "c" & =~ "c",
        letter: 'x' & > 'a',
        any: 7,
        object: { a: [1] } & => pattern!({ a: len 1 }),
        pair: (1, "p".to_owned()),
        array: [1, 2] & len 2,
        map: len 1 & { k: 1 },
        slice: [1, null] & len 2 & any null,
        status: Some(Status::New) & (Some(Status::New)),
    });
    check(&pattern, &value).unwrap();
}
