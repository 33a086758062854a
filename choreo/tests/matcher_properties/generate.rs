//! What is generated. Few keys, strings and numbers, so that patterns and payloads often meet.

use std::cmp::Ordering;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

use crate::reading::{Form, Part, order};

pub(crate) fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (-2..4_i64).prop_map(Value::from),
        2 => select(vec![-0.0, 0.5, 1.0, 2.0, -1.0, 1e308, -1e308, 5e-324]).prop_map(Value::from),
        2 => select(vec![
            json!(u64::MAX),
            json!(i64::MAX),
            json!(i64::MIN),
            json!(18_446_744_073_709_551_616.0),
            json!(9_223_372_036_854_775_808.0),
            json!(-9_223_372_036_854_775_808.0),
            json!(9_007_199_254_740_992.0),
            json!(9_007_199_254_740_993_u64),
        ]),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
    ]
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(vec!["", "a", "b", "ITEM-4", "größe", "a\"\\\n", "zA"]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

pub(crate) fn key() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "c", "odd key", "", "7"]).prop_map(str::to_owned)
}

/// Of a JSON Pointer.
pub(crate) fn step() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => key(),
        2 => select(vec!["0", "1", "00", "-1", "~", "/", "~1"]).prop_map(str::to_owned),
    ]
}

pub(crate) fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        4 => number(),
        3 => text().prop_map(Value::from),
    ]
}

pub(crate) fn payload() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key(), inner, 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

pub(crate) fn operand() -> impl Strategy<Value = Value> {
    prop_oneof![2 => number(), 1 => text().prop_map(Value::from)]
}

pub(crate) fn range() -> impl Strategy<Value = Form> {
    let of = |values: BoxedStrategy<Value>| {
        (values.clone(), values, any::<bool>()).prop_filter_map(
            "empty",
            |(one, other, inclusive)| match (order(&one, &other)?, inclusive) {
                (Ordering::Greater, _) => Some(Form::Range(other, one, inclusive)),
                (Ordering::Equal, false) => None,
                _ => Some(Form::Range(one, other, inclusive)),
            },
        )
    };
    prop_oneof![2 => of(number().boxed()), 1 => of(text().prop_map(Value::from).boxed())]
}

pub(crate) fn leaf() -> impl Strategy<Value = Form> {
    prop_oneof![
        3 => scalar().prop_map(Form::Eq),
        1 => payload().prop_map(Form::Eq),
        1 => scalar().prop_map(Form::Ne),
        3 => (select(vec![">", ">=", "<", "<="]), operand())
            .prop_map(|(symbol, operand)| Form::Order(symbol, operand)),
        2 => range(),
        1 => select(vec!["^ITEM", "[0-9]", "a$", ""]).prop_map(Form::Regex),
        1 => prop::collection::vec(scalar().prop_map(Form::Eq), 1..4).prop_map(Form::OneOf),
        2 => Just(Form::Present),
        1 => Just(Form::Absent),
        2 => (part(), text(), any::<bool>())
            .prop_map(|(part, text, ignore_case)| Form::Text(part, text, ignore_case)),
        1 => (-2..4_i64, 0..3_u32).prop_map(|(value, by)| Form::Approx(value, by)),
        1 => Just(Form::Capture),
        1 => text().prop_map(|text| Form::Bytes(text.into_bytes())),
        1 => Just(Form::Anything),
    ]
}

pub(crate) fn part() -> impl Strategy<Value = Part> {
    select(vec![Part::Whole, Part::Inside, Part::Prefix, Part::Suffix])
}

/// Any pattern at all.
pub(crate) fn form() -> impl Strategy<Value = Form> {
    leaf().prop_recursive(4, 30, 4, |inner| {
        let one = || inner.clone().prop_map(Box::new);
        let some = |from: usize| prop::collection::vec(inner.clone(), from..4);
        prop_oneof![
            4 => (prop::collection::vec((key(), inner.clone()), 0..4), any::<bool>())
                .prop_map(|(fields, exact)| Form::Object(fields, exact)),
            4 => prop::collection::vec(prop::option::of(inner.clone()), 0..6).prop_map(Form::List),
            2 => one().prop_map(Form::Every),
            2 => one().prop_map(Form::Any),
            2 => (some(0), any::<bool>()).prop_map(|(forms, open)| Form::Unordered(forms, open)),
            2 => (prop::collection::vec(step(), 0..3), one())
                .prop_map(|(steps, form)| Form::At(steps, form)),
            1 => one().prop_map(Form::Len),
            2 => some(0).prop_map(Form::AllOf),
            2 => some(1).prop_map(Form::AnyOf),
            1 => some(1).prop_map(Form::OneOf),
            2 => one().prop_map(Form::Not),
            1 => one().prop_map(Form::Custom),
        ]
    })
}

/// A pattern made after a payload, most of whose parts hold: random ones differ at the first look.
pub(crate) fn form_after(value: &Value) -> BoxedStrategy<Form> {
    let made = match value {
        Value::Object(object) => {
            let fields: Vec<_> = object
                .iter()
                .map(|(key, value)| {
                    (
                        Just(key.clone()),
                        prop::option::weighted(0.8, form_after(value)),
                    )
                })
                .collect();
            (fields, prop::bool::weighted(0.2))
                .prop_map(|(fields, exact)| {
                    let kept = |(key, form): (String, Option<Form>)| Some((key, form?));
                    Form::Object(fields.into_iter().filter_map(kept).collect(), exact)
                })
                .boxed()
        }
        Value::Array(values) if !values.is_empty() => {
            let first = form_after(&values[0]).prop_map(Box::new);
            let items: Vec<_> = values
                .iter()
                .map(|value| {
                    prop_oneof![
                        4 => form_after(value).prop_map(|form| vec![Some(form)]),
                        1 => form_after(value).prop_map(|form| vec![None, Some(form)]),
                        1 => Just(vec![None]),
                    ]
                })
                .collect();
            let forms: Vec<_> = values.iter().take(5).map(form_after).collect();
            let others = values.len() > 5;
            let shuffled = (forms.prop_shuffle(), prop::bool::weighted(0.3))
                .prop_map(move |(forms, open)| Form::Unordered(forms, open || others));
            prop_oneof![
                4 => items.prop_map(|items| Form::List(items.concat())),
                1 => first.clone().prop_map(Form::Any),
                1 => first.clone().prop_map(Form::Every),
                1 => first.prop_map(|form| Form::At(vec!["0".to_owned()], form)),
                2 => shuffled,
                1 => Just(Form::Len(Box::new(Form::Eq(json!(values.len()))))),
            ]
            .boxed()
        }
        other => prop_oneof![
            3 => Just(Form::Eq(other.clone())),
            1 => Just(Form::Present),
            1 => Just(Form::OneOf(vec![Form::Eq(other.clone()), Form::Absent])),
        ]
        .boxed(),
    };
    let also = |form: Form, other: Form, how: Index| match how.index(12) {
        0 => Form::AllOf(vec![form, other]),
        1 => Form::AnyOf(vec![other, form]),
        2 => Form::Not(Box::new(Form::Not(Box::new(form)))),
        3 => Form::Not(Box::new(form)),
        4 => other,
        _ => form,
    };
    (made, leaf(), any::<Index>())
        .prop_map(move |(form, other, how)| also(form, other, how))
        .boxed()
}

pub(crate) fn payload_and_form() -> impl Strategy<Value = (Value, Form)> {
    prop_oneof![
        1 => (payload(), form()),
        3 => payload().prop_flat_map(|value| {
            let form = form_after(&value);
            (Just(value), form)
        }),
    ]
}
