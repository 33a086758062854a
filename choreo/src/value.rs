//! JSON values compared by what they mean: numbers by value, and never a bool as a number.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// A JSON number without loss: an integer, or the float that it is.
#[derive(Debug, Clone, Copy)]
enum Exact {
    Int(i128),
    Float(f64),
}

fn exact(number: &Number) -> Option<Exact> {
    number
        .as_i64()
        .map(|int| Exact::Int(int.into()))
        .or_else(|| number.as_u64().map(|int| Exact::Int(int.into())))
        .or_else(|| number.as_f64().map(Exact::Float))
}

/// Compares without rounding: `9007199254740993` is greater than `9007199254740992.0`.
pub(crate) fn compare_numbers(left: &Number, right: &Number) -> Option<Ordering> {
    match (exact(left)?, exact(right)?) {
        (Exact::Int(left), Exact::Int(right)) => Some(left.cmp(&right)),
        (Exact::Float(left), Exact::Float(right)) => left.partial_cmp(&right),
        (Exact::Int(left), Exact::Float(right)) => compare_int_float(left, right),
        (Exact::Float(left), Exact::Int(right)) => {
            compare_int_float(right, left).map(Ordering::reverse)
        }
    }
}

fn compare_int_float(int: i128, float: f64) -> Option<Ordering> {
    /// Far outside i64 and u64, and an i128 holds every whole float below it.
    const BEYOND: f64 = 36_893_488_147_419_103_232.0; // 2^65

    if float.is_nan() {
        None
    } else if float >= BEYOND {
        Some(Ordering::Less)
    } else if float <= -BEYOND {
        Some(Ordering::Greater)
    } else {
        // Exact: the whole part of a float in this range is an i128.
        let whole = float.trunc() as i128;
        Some(
            int.cmp(&whole)
                .then_with(|| 0.0.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal)),
        )
    }
}

/// Orders two numbers by value or two strings by their characters; all else has no order.
pub(crate) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare_numbers(left, right),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// Whether two values are the same, numbers by value at every depth: `[1]` equals `[1.0]`.
///
/// Goes as deep as the shallower of the two.
pub(crate) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            // Numbers without an exact form (more digits than fit) are the same if written the same.
            compare_numbers(left, right).map_or(left == right, Ordering::is_eq)
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, left)| right.get(key).is_some_and(|right| equal(left, right)))
        }
        _ => left == right,
    }
}

/// Whether both are of one JSON type.
pub(crate) fn same_type(left: &Value, right: &Value) -> bool {
    std::mem::discriminant(left) == std::mem::discriminant(right)
}

/// How deep lists and objects are nested, as far as `limit`: a value that is not a container is 1.
pub(crate) fn depth(value: &Value, limit: usize) -> usize {
    if limit <= 1 {
        return limit;
    }
    let inner = |values: &mut dyn Iterator<Item = &Value>| {
        values
            .map(|value| depth(value, limit - 1))
            .max()
            .unwrap_or(0)
    };
    1 + match value {
        Value::Array(values) => inner(&mut values.iter()),
        Value::Object(fields) => inner(&mut fields.values()),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_equal_by_value() {
        for (left, right) in [
            (json!(1), json!(1.0)),
            (json!(-0.0), json!(0)),
            (json!(-0.0), json!(0.0)),
            (json!(i64::MIN), json!(-9_223_372_036_854_775_808.0)),
            (json!([1, { "a": 2.0 }]), json!([1.0, { "a": 2 }])),
        ] {
            assert!(equal(&left, &right), "{left} = {right}");
            assert!(equal(&right, &left), "{right} = {left}");
        }
    }

    #[test]
    fn numbers_do_not_round() {
        let ascending = [
            json!(-1e308),
            json!(i64::MIN),
            json!(-1.5),
            json!(-1),
            json!(0),
            json!(5e-324),
            json!(0.5),
            json!(1),
            json!(9_007_199_254_740_992.0),
            json!(9_007_199_254_740_993_u64),
            json!(i64::MAX),
            json!(9_223_372_036_854_775_808.0), // i64::MAX + 1
            json!(9_223_372_036_854_775_809_u64),
            json!(u64::MAX),
            json!(18_446_744_073_709_551_616.0), // u64::MAX + 1
            json!(1e308),
        ];
        for (at, left) in ascending.iter().enumerate() {
            for (other, right) in ascending.iter().enumerate() {
                assert_eq!(
                    compare(left, right),
                    Some(at.cmp(&other)),
                    "{left} and {right}"
                );
            }
        }
    }

    #[test]
    fn a_bool_is_never_a_number_and_types_do_not_mix() {
        for (left, right) in [
            (json!(true), json!(1)),
            (json!(false), json!(0)),
            (json!("1"), json!(1)),
            (json!(null), json!(0)),
            (json!([]), json!({})),
        ] {
            assert!(!equal(&left, &right));
            assert_eq!(compare(&left, &right), None);
        }
    }

    #[test]
    fn depth_stops_at_the_limit() {
        assert_eq!(depth(&json!(1), 9), 1);
        assert_eq!(depth(&json!([]), 9), 1);
        assert_eq!(depth(&json!([1, { "a": [2] }]), 9), 4);
        assert_eq!(depth(&json!([[[[1]]]]), 3), 3);
    }
}
