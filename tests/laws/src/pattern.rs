//! Dynamic patterns against any JSON: they agree with a naive reading, which is that of the library's own test. No
//! pointer and no query makes them panic.

use choreo::matcher::{Matcher, Subject};
use choreo::matchers;
use serde_json::{Map, Value, json};

use crate::bytes::{Choices, first_line};

#[path = "../../../choreo/tests/matcher_properties/law.rs"]
mod law;
#[path = "../../../choreo/tests/matcher_properties/reading.rs"]
mod reading;

use self::reading::{Form, Part, order};

/// What the naive reading tries out one after the other stays below some thousand ways.
const DEPTH: usize = 4;
const WIDTH: usize = 4;

pub(crate) fn check(input: &[u8]) {
    let mut choices = Choices::new(input);
    let message = value(&mut choices, DEPTH);
    let form = form(&mut choices, DEPTH);
    law::agrees(&message, &form);
    law::agrees_on_message(message.to_string().as_bytes(), &form);
    law::agrees_on_message(choices.rest(), &form);
    if let Ok(text) = std::str::from_utf8(input) {
        places(text);
    }
}

/// A pointer or a query in the first line, and a message behind it.
fn places(text: &str) {
    let (place, message) = first_line(text);
    let Ok(message) = serde_json::from_str::<Value>(message) else {
        return;
    };
    let subject = Subject::present(&message);
    let _ = matchers::json_path(place, matchers::anything()).check(subject);
    let there = matchers::at(place, matchers::present());
    let expected = match place.is_empty() || place.starts_with('/') {
        true => message.pointer(place).is_some(),
        false => false,
    };
    // `serde_json` takes a `~` that stands for nothing as it is.
    let is_escaped = place
        .split('~')
        .skip(1)
        .all(|rest| rest.starts_with(['0', '1']));
    assert_eq!(
        there.check(subject).is_ok(),
        expected && is_escaped,
        "{place}"
    );
    assert!(!there.describe().is_empty());
}

pub(crate) fn value(choices: &mut Choices<'_>, depth: usize) -> Value {
    match choices.below(if depth == 0 { 8 } else { 12 }) {
        0 => Value::Null,
        1 => choices.yes().into(),
        2 => i64::from(choices.byte()).into(),
        3 => choices.number().into(),
        4 => choices.number().cast_signed().into(),
        5 => json!(f64::from_bits(choices.number())),
        6 => key(choices).into(),
        7 => choices.text().into(),
        8 | 9 => (0..choices.below(WIDTH))
            .map(|_| value(choices, depth - 1))
            .collect(),
        _ => {
            let fields = (0..choices.below(WIDTH)).map(|_| {
                let key = key(choices);
                (key, value(choices, depth - 1))
            });
            Value::Object(fields.collect::<Map<_, _>>())
        }
    }
}

/// Few, so that patterns and messages often meet.
fn key(choices: &mut Choices<'_>) -> String {
    choices
        .one_of(&["a", "b", "c", "odd key", "", "7", "ITEM-4", "ß"])
        .to_owned()
}

fn form(choices: &mut Choices<'_>, depth: usize) -> Form {
    let kind = choices.below(if depth == 0 { 12 } else { 24 });
    let scalar = |choices: &mut Choices<'_>| value(choices, 0);
    match kind {
        0 => Form::Eq(value(choices, depth)),
        1 => Form::Ne(value(choices, depth)),
        2 => Form::Order(choices.one_of(&[">", ">=", "<", "<="]), operand(choices)),
        3 => range(operand(choices), operand(choices), choices.yes()),
        4 => Form::Regex(choices.one_of(&["^ITEM", "[0-9]", "a$", ""])),
        5 => Form::OneOf(vec![Form::Eq(scalar(choices)), Form::Eq(scalar(choices))]),
        6 => Form::Present,
        7 => Form::Absent,
        8 => Form::Bytes(choices.text().into_bytes()),
        9 => {
            let part = choices.one_of(&[Part::Whole, Part::Inside, Part::Prefix, Part::Suffix]);
            Form::Text(part, choices.text(), choices.yes())
        }
        10 => Form::Approx(i64::from(choices.byte()), u32::from(choices.byte())),
        11 => match choices.yes() {
            true => Form::Capture,
            false => Form::Anything,
        },
        12 | 13 => {
            let fields = (0..choices.below(WIDTH)).map(|_| {
                let key = key(choices);
                (key, form(choices, depth - 1))
            });
            Form::Object(fields.collect(), choices.yes())
        }
        14 | 15 => {
            let items =
                (0..choices.below(WIDTH)).map(|_| choices.yes().then(|| form(choices, depth - 1)));
            Form::List(items.collect())
        }
        16 => Form::Every(one(choices, depth)),
        17 => Form::Any(one(choices, depth)),
        18 => Form::Unordered(some(choices, depth, 0), choices.yes()),
        19 => {
            let steps = (0..choices.below(3)).map(|_| match choices.yes() {
                true => key(choices),
                false => choices
                    .one_of(&["0", "1", "00", "-1", "~", "/", "+1"])
                    .to_owned(),
            });
            Form::At(steps.collect(), one(choices, depth))
        }
        20 => Form::Len(one(choices, depth)),
        21 => Form::AllOf(some(choices, depth, 0)),
        22 => Form::AnyOf(some(choices, depth, 1)),
        _ => match choices.yes() {
            true => Form::Not(one(choices, depth)),
            false => Form::Custom(one(choices, depth)),
        },
    }
}

fn one(choices: &mut Choices<'_>, depth: usize) -> Box<Form> {
    Box::new(form(choices, depth - 1))
}

fn some(choices: &mut Choices<'_>, depth: usize, least: usize) -> Vec<Form> {
    (0..least + choices.below(WIDTH - least))
        .map(|_| form(choices, depth - 1))
        .collect()
}

/// What can be compared: a number or a text.
fn operand(choices: &mut Choices<'_>) -> Value {
    match value(choices, 0) {
        Value::Null | Value::Bool(_) => 1.into(),
        value => value,
    }
}

/// An empty range is refused where it is made.
fn range(one: Value, other: Value, inclusive: bool) -> Form {
    match order(&one, &other) {
        Some(std::cmp::Ordering::Less) => Form::Range(one, other, inclusive),
        Some(std::cmp::Ordering::Greater) => Form::Range(other, one, inclusive),
        Some(std::cmp::Ordering::Equal) => Form::Range(one, other, true),
        None => Form::Present,
    }
}
