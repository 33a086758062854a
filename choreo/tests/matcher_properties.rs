//! Patterns of any shape agree with a naive reading of the table in the documentation, their
//! mismatches point at what they talk about, and no input makes them panic.

use std::cmp::Ordering;
use std::sync::Arc;

use choreo::matcher::{Actual, Matcher, Mismatch, MismatchKind, Path, Segment, Subject};
use choreo::matchers::{self, ListItem, Pattern};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use regex::Regex;
use serde_json::{Map, Number, Value, json};

/// The language once more, for the naive reading.
#[derive(Debug, Clone)]
enum Form {
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
enum Part {
    Whole,
    Inside,
    Prefix,
    Suffix,
}

fn build(form: &Form) -> Pattern {
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
struct Asked<'a> {
    value: Option<&'a Value>,
    raw: Option<&'a [u8]>,
}

fn inside(value: Option<&Value>) -> Asked<'_> {
    Asked { value, raw: None }
}

/// The table, read naively: no sharing of code or structure with the library.
fn holds(form: &Form, asked: Asked<'_>) -> bool {
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
fn stands_in(part: Part, text: &[u8], wanted: &str, ignore_case: bool) -> bool {
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
fn any_order(forms: &[Form], open: bool, values: &[&Value]) -> bool {
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
fn glob(items: &[Option<Form>], values: &[Value]) -> bool {
    match items.split_first() {
        None => values.is_empty(),
        Some((None, items)) => (0..=values.len()).any(|gap| glob(items, &values[gap..])),
        Some((Some(form), items)) => values
            .split_first()
            .is_some_and(|(value, values)| holds(form, inside(Some(value))) && glob(items, values)),
    }
}

fn asks_for_a_value(form: &Form) -> bool {
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

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Some(compare_decimals(left, right)),
        (Value::String(left), Value::String(right)) => {
            Some(left.chars().cmp(right.chars())) // code points sort as UTF-8 does
        }
        _ => None,
    }
}

/// A text that two values share if and only if they are equal.
fn canonical(value: &Value) -> String {
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
fn decimal(number: &Number) -> (bool, String, String) {
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

fn compare_decimals(left: &Number, right: &Number) -> Ordering {
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

// What is generated. Few keys, strings and numbers, so that patterns and payloads often meet.

fn number() -> impl Strategy<Value = Value> {
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

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(vec!["", "a", "b", "ITEM-4", "größe", "a\"\\\n", "zA"]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn key() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "c", "odd key", "", "7"]).prop_map(str::to_owned)
}

/// Of a JSON Pointer.
fn step() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => key(),
        2 => select(vec!["0", "1", "00", "-1", "~", "/", "~1"]).prop_map(str::to_owned),
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        4 => number(),
        3 => text().prop_map(Value::from),
    ]
}

fn payload() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key(), inner, 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn operand() -> impl Strategy<Value = Value> {
    prop_oneof![2 => number(), 1 => text().prop_map(Value::from)]
}

fn range() -> impl Strategy<Value = Form> {
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

fn leaf() -> impl Strategy<Value = Form> {
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

fn part() -> impl Strategy<Value = Part> {
    select(vec![Part::Whole, Part::Inside, Part::Prefix, Part::Suffix])
}

/// Any pattern at all.
fn form() -> impl Strategy<Value = Form> {
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
fn form_after(value: &Value) -> BoxedStrategy<Form> {
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

fn payload_and_form() -> impl Strategy<Value = (Value, Form)> {
    prop_oneof![
        1 => (payload(), form()),
        3 => payload().prop_flat_map(|value| {
            let form = form_after(&value);
            (Just(value), form)
        }),
    ]
}

// What every mismatch has to keep.

fn at<'a>(message: &'a Value, path: &Path) -> Option<&'a Value> {
    path.segments()
        .iter()
        .try_fold(message, |value, segment| match segment {
            Segment::Part(_) => None,
            Segment::Key(key) => value.get(key),
            Segment::Index(index) => value.get(index),
        })
}

/// Each path leads to what the mismatch says is there.
fn points_at_what_it_says(mismatch: &Mismatch, message: &Value) {
    let found = at(message, &mismatch.path);
    match &mismatch.actual {
        Actual::Value(value) => assert_eq!(found, Some(value), "{}", mismatch.path),
        Actual::Absent => assert_eq!(found, None, "{}", mismatch.path),
        _ => assert!(found.is_some(), "{}", mismatch.path),
    }
    assert_eq!(
        mismatch.kind == MismatchKind::Missing,
        found.is_none() && mismatch.children.is_empty()
    );
    assert_eq!(
        mismatch.kind == MismatchKind::Composed,
        !mismatch.children.is_empty()
    );
    assert!(!mismatch.expected.is_empty());
    for child in &mismatch.children {
        points_at_what_it_says(child, message);
    }
}

/// `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    let standard = ProptestConfig::default();
    ProptestConfig {
        cases: standard.cases.max(1500),
        failure_persistence: None,
        ..standard
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn patterns_agree_with_the_naive_reading((message, form) in payload_and_form()) {
        let pattern = build(&form);
        let verdict = pattern.check(Subject::present(&message));
        prop_assert_eq!(verdict.is_ok(), holds(&form, inside(Some(&message))), "{:?}", verdict);
        if let Err(mismatch) = verdict {
            points_at_what_it_says(&mismatch, &message);
        }
    }

    #[test]
    fn so_they_do_on_whole_messages(
        (message, form) in payload_and_form(),
        noise in prop::option::weighted(0.3, prop::collection::vec(any::<u8>(), 0..40)),
    ) {
        let raw = noise.unwrap_or_else(|| message.to_string().into_bytes());
        let decoded = serde_json::from_slice::<Value>(&raw).map_err(|error| error.to_string());
        let subject = Subject::message(decoded.as_ref().map_err(String::as_str), &raw);
        let asked = Asked { value: decoded.as_ref().ok(), raw: Some(&raw) };

        let pattern = build(&form);
        let verdict = pattern.check(subject);
        prop_assert_eq!(verdict.is_ok(), holds(&form, asked), "{:?}", verdict);
        prop_assert!(pattern.describe().chars().count() <= 400);
    }

    #[test]
    fn a_pattern_made_of_the_message_itself_holds(message in payload()) {
        prop_assert!(matchers::eq(&message).check(Subject::present(&message)).is_ok());
        prop_assert!(matchers::ne(&message).check(Subject::present(&message)).is_err());
    }
}

#[test]
fn the_generators_reach_both_verdicts() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut matched, mut missed) = (0, 0);
    for _ in 0..500 {
        let tree = payload_and_form()
            .new_tree(&mut runner)
            .expect("filters leave enough");
        let (message, form) = proptest::strategy::ValueTree::current(&tree);
        match build(&form).check(Subject::present(&message)) {
            Ok(()) => matched += 1,
            Err(_) => missed += 1,
        }
    }
    assert!(
        matched > 100 && missed > 100,
        "{matched} matched, {missed} missed"
    );
}

#[test]
fn the_deepest_message_that_decodes_is_matched() {
    let nest = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    let deepest = (1..1000).rev().find_map(|levels| {
        serde_json::from_str::<Value>(&nest(levels))
            .ok()
            .map(|v| (levels, v))
    });
    let (levels, message) = deepest.expect("a list in a list decodes");
    assert!(levels >= 100, "{levels}");

    let pattern =
        |innermost: i64| (0..levels).fold(matchers::eq(innermost), |inner, _| matchers::any(inner));
    assert!(pattern(1).check(Subject::present(&message)).is_ok());
    let mismatch = pattern(2)
        .check(Subject::present(&message))
        .expect_err("1 is not 2");
    points_at_what_it_says(&mismatch, &message);
    assert!(
        matchers::eq(&message)
            .check(Subject::present(&message))
            .is_ok()
    );
}
