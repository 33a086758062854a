//! The pattern language once more, read naively.

use std::cmp::Ordering;
use std::sync::Arc;

use choreo::matchers::{self, ListItem, Pattern};
use regex::Regex;
use serde_json::{Number, Value, json};

/// The language once more, for the naive reading.
#[derive(Debug, Clone)]
pub(crate) enum Form {
    Eq(Value),
    Ne(Value),
    Order(&'static str, Value),
    Range(Value, Value, bool),
    Regex(&'static str),
    OneOf(Vec<Form>),
    Present,
    Absent,
    Object(Vec<(String, Form)>, bool),
    /// `None` is `..`.
    List(Vec<Option<Form>>),
    Every(Box<Form>),
    Any(Box<Form>),
    Len(Box<Form>),
    AllOf(Vec<Form>),
    AnyOf(Vec<Form>),
    Not(Box<Form>),
    Bytes(Vec<u8>),
    /// The part of the string, and whether case counts.
    Text(Part, String, bool),
    Approx(i64, u32),
    /// Whether there may be others.
    Unordered(Vec<Form>, bool),
    /// By keys and indices.
    At(Vec<String>, Box<Form>),
    Capture,
    Custom(Box<Form>),
    Anything,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Part {
    Whole,
    Inside,
    Prefix,
    Suffix,
}

pub(crate) fn build(form: &Form) -> Pattern {
    let many = |forms: &[Form]| forms.iter().map(build).collect::<Vec<_>>();
    match form {
        Form::Eq(Value::Null) => matchers::null(),
        Form::Eq(value) => matchers::eq(value),
        Form::Ne(value) => matchers::ne(value),
        Form::Order(">", value) => matchers::gt(value),
        Form::Order(">=", value) => matchers::ge(value),
        Form::Order("<", value) => matchers::lt(value),
        Form::Order(_, value) => matchers::le(value),
        Form::Range(low, high, false) => matchers::range(low, high),
        Form::Range(low, high, true) => matchers::range_inclusive(low, high),
        Form::Regex(regex) => matchers::matches(Regex::new(regex).expect("they are all valid")),
        Form::OneOf(forms) => matchers::one_of(many(forms)),
        Form::Present => matchers::present(),
        Form::Absent => matchers::absent(),
        Form::Object(fields, exact) => {
            let fields = fields.iter().map(|(key, form)| (key.clone(), build(form)));
            if *exact {
                matchers::exact_object(fields)
            } else {
                matchers::object(fields)
            }
        }
        Form::List(items) => matchers::list(
            items
                .iter()
                .map(|item| {
                    item.as_ref()
                        .map_or(ListItem::Rest, |form| build(form).into())
                })
                .collect(),
        ),
        Form::Every(form) => matchers::every(build(form)),
        Form::Any(form) => matchers::any(build(form)),
        Form::Len(form) => matchers::len(build(form)),
        Form::AllOf(forms) => matchers::all_of(many(forms)),
        Form::AnyOf(forms) => matchers::any_of(many(forms)),
        Form::Not(form) => matchers::not(build(form)),
        Form::Bytes(bytes) => matchers::bytes(bytes.clone()),
        Form::Text(part, text, ignore_case) => match (part, ignore_case) {
            (Part::Whole, false) => matchers::eq(text),
            (Part::Whole, true) => matchers::eq_ignore_case(text),
            (Part::Inside, false) => matchers::contains(text),
            (Part::Inside, true) => matchers::contains_ignore_case(text),
            (Part::Prefix, false) => matchers::prefix(text),
            (Part::Prefix, true) => matchers::prefix_ignore_case(text),
            (Part::Suffix, false) => matchers::suffix(text),
            (Part::Suffix, true) => matchers::suffix_ignore_case(text),
        },
        Form::Approx(value, tolerance) => matchers::approx(value, tolerance),
        Form::Unordered(forms, false) => matchers::unordered(many(forms)),
        Form::Unordered(forms, true) => matchers::unordered_with_others(many(forms)),
        Form::At(steps, form) => {
            let escaped = steps
                .iter()
                .map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1")));
            matchers::at(escaped.collect::<String>(), build(form))
        }
        // Its name may be taken in a larger pattern, so it stays alone.
        Form::Capture => matchers::matcher(Arc::new(matchers::capture("value"))),
        // Behind an `Arc` it is any matcher, not known as a pattern.
        Form::Custom(form) => matchers::matcher(Arc::new(build(form))),
        Form::Anything => matchers::anything(),
    }
}

/// What a form is asked about, for the naive reading.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) value: Option<&'a Value>,
    pub(crate) raw: Option<&'a [u8]>,
}

pub(crate) fn inside(value: Option<&Value>) -> Asked<'_> {
    Asked { value, raw: None }
}

/// The table, read naively: no sharing of code or structure with the library.
pub(crate) fn holds(form: &Form, asked: Asked<'_>) -> bool {
    let undecodable = asked.value.is_none() && asked.raw.is_some();
    match (form, asked.value) {
        (Form::Anything, _) => true,
        (Form::AllOf(forms), _) => !forms.iter().any(|form| !holds(form, asked)),
        (Form::AnyOf(forms) | Form::OneOf(forms), _) => {
            forms.iter().filter(|form| holds(form, asked)).count() > 0
        }
        (Form::Not(form), _) => {
            let unknowable = undecodable && asks_for_a_value(form);
            !unknowable && !holds(form, asked)
        }
        (Form::Custom(form), _) => holds(form, asked),
        (Form::Bytes(bytes), _) => asked.raw == Some(bytes.as_slice()),
        (Form::Text(Part::Whole, wanted, false), value) => {
            value.and_then(Value::as_str) == Some(wanted)
        }
        (Form::Text(part, wanted, ignore_case), value) => {
            let has = |text: &[u8]| stands_in(*part, text, wanted, *ignore_case);
            asked.raw.is_some_and(has)
                || value
                    .and_then(Value::as_str)
                    .is_some_and(|text| has(text.as_bytes()))
        }
        (Form::Absent, value) => value.is_none() && !undecodable,
        (_, None) => false,
        (Form::At(steps, form), Some(value)) => {
            let found = steps.iter().try_fold(value, |value, step| match value {
                Value::Array(values) => {
                    let mut indices = (0..values.len()).filter(|index| index.to_string() == *step);
                    values.get(indices.next()?)
                }
                other => other.get(step),
            });
            holds(form, inside(found))
        }
        (Form::Present | Form::Capture, Some(_)) => true,
        (Form::Approx(value, by), Some(Value::Number(number))) => {
            let whole = number
                .as_i64()
                .map(i128::from)
                .or(number.as_u64().map(i128::from));
            match whole {
                Some(number) => number.abs_diff(i128::from(*value)) <= u128::from(*by),
                None => {
                    let number = number.as_f64().expect("a float");
                    (number - *value as f64).abs() <= f64::from(*by)
                }
            }
        }
        (Form::Unordered(forms, open), Some(Value::Array(values))) => {
            any_order(forms, *open, &values.iter().collect::<Vec<_>>())
        }
        (Form::Eq(wanted), Some(value)) => canonical(wanted) == canonical(value),
        (Form::Ne(unwanted), Some(value)) => canonical(unwanted) != canonical(value),
        (Form::Order(symbol, operand), Some(value)) => match order(value, operand) {
            Some(Ordering::Less) => symbol.starts_with('<'),
            Some(Ordering::Equal) => symbol.ends_with('='),
            Some(Ordering::Greater) => symbol.starts_with('>'),
            None => false,
        },
        (Form::Range(low, high, inclusive), Some(value)) => {
            let up_to = if *inclusive { "<=" } else { "<" };
            holds(&Form::Order(">=", low.clone()), asked)
                && holds(&Form::Order(up_to, high.clone()), inside(Some(value)))
        }
        (Form::Regex(regex), Some(Value::String(text))) => match *regex {
            "^ITEM" => text.starts_with("ITEM"),
            // Not `\d`, which means the digits of all scripts.
            "[0-9]" => text.contains(|character: char| character.is_ascii_digit()),
            "a$" => text.ends_with('a'),
            "" => true,
            _ => unreachable!("only these are generated"),
        },
        (Form::Object(fields, exact), Some(Value::Object(object))) => {
            let known = |key: &String| fields.iter().any(|(other, _)| other == key);
            fields
                .iter()
                .all(|(key, form)| holds(form, inside(object.get(key))))
                && (!exact || object.keys().all(known))
        }
        (Form::List(items), Some(Value::Array(values))) => glob(items, values),
        (Form::Every(form), Some(Value::Array(values))) => {
            values.iter().all(|value| holds(form, inside(Some(value))))
        }
        (Form::Any(form), Some(Value::Array(values))) => {
            values.iter().any(|value| holds(form, inside(Some(value))))
        }
        (Form::Len(form), Some(Value::Array(values))) => {
            holds(form, inside(Some(&json!(values.len()))))
        }
        _ => false,
    }
}

/// Byte by byte, or letter by letter in lower case.
pub(crate) fn stands_in(part: Part, text: &[u8], wanted: &str, ignore_case: bool) -> bool {
    let folded = std::str::from_utf8(text).ok().filter(|_| ignore_case);
    let (text, wanted) = match folded {
        Some(text) => (text.to_lowercase().into_bytes(), wanted.to_lowercase()),
        None => (text.to_vec(), wanted.to_owned()),
    };
    let wanted = wanted.as_bytes();
    (0..=text.len()).any(|at| {
        let end = at + wanted.len();
        text.get(at..end) == Some(wanted)
            && match part {
                Part::Whole => at == 0 && end == text.len(),
                Part::Inside => true,
                Part::Prefix => at == 0,
                Part::Suffix => end == text.len(),
            }
    })
}

/// Every way to give each form an element is tried.
pub(crate) fn any_order(forms: &[Form], open: bool, values: &[&Value]) -> bool {
    let Some((form, forms)) = forms.split_first() else {
        return open || values.is_empty();
    };
    (0..values.len()).any(|index| {
        let mut others = values.to_vec();
        let value = others.remove(index);
        holds(form, inside(Some(value))) && any_order(forms, open, &others)
    })
}

/// Every way to place the gaps is tried.
pub(crate) fn glob(items: &[Option<Form>], values: &[Value]) -> bool {
    match items.split_first() {
        None => values.is_empty(),
        Some((None, items)) => (0..=values.len()).any(|gap| glob(items, &values[gap..])),
        Some((Some(form), items)) => values
            .split_first()
            .is_some_and(|(value, values)| holds(form, inside(Some(value))) && glob(items, values)),
    }
}

pub(crate) fn asks_for_a_value(form: &Form) -> bool {
    match form {
        Form::Anything | Form::Bytes(_) => false,
        Form::Text(part, _, ignore_case) => *part == Part::Whole && !ignore_case,
        Form::AllOf(forms) | Form::AnyOf(forms) | Form::OneOf(forms) => {
            forms.iter().any(asks_for_a_value)
        }
        Form::Not(form) => asks_for_a_value(form),
        _ => true,
    }
}

pub(crate) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Some(compare_decimals(left, right)),
        (Value::String(left), Value::String(right)) => {
            Some(left.chars().cmp(right.chars())) // code points sort as UTF-8 does
        }
        _ => None,
    }
}

/// A text that two values share if and only if they are equal.
pub(crate) fn canonical(value: &Value) -> String {
    match value {
        Value::Number(number) => {
            let (negative, whole, fraction) = decimal(number);
            let sign = if negative { "-" } else { "" };
            format!("{sign}{whole}.{fraction}")
        }
        Value::Array(values) => {
            format!(
                "[{}]",
                values.iter().map(canonical).collect::<Vec<_>>().join(",")
            )
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields
                .iter()
                .map(|(key, value)| format!("{key:?}:{}", canonical(value)))
                .collect();
            fields.sort();
            format!("{{{}}}", fields.join(","))
        }
        Value::String(_) | Value::Bool(_) | Value::Null => format!("{value:?}"),
    }
}

/// Sign, digits before the point without leading zeroes, digits after it without trailing ones:
/// the exact value, as every float has a finite decimal expansion.
pub(crate) fn decimal(number: &Number) -> (bool, String, String) {
    let text = match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(int), _, _) => int.to_string(),
        (_, Some(int), _) => int.to_string(),
        (_, _, Some(float)) => format!("{float:.1100}"),
        _ => unreachable!("a number is one of these"),
    };
    let digits = text.trim_start_matches('-');
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0').to_owned();
    let fraction = fraction.trim_end_matches('0').to_owned();
    let zero = whole.is_empty() && fraction.is_empty();
    (text.starts_with('-') && !zero, whole, fraction)
}

pub(crate) fn compare_decimals(left: &Number, right: &Number) -> Ordering {
    let (left_negative, left_whole, left_fraction) = decimal(left);
    let (right_negative, right_whole, right_fraction) = decimal(right);
    let by_size = left_whole
        .len()
        .cmp(&right_whole.len())
        .then(left_whole.cmp(&right_whole))
        .then(left_fraction.cmp(&right_fraction));
    match (left_negative, right_negative) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => by_size,
        (true, true) => by_size.reverse(),
    }
}
