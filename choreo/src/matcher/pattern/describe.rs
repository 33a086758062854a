//! Patterns as text, in the syntax of `expect!`.

use std::fmt::{self, Display, Formatter, Write};

use serde_json::Value;

use super::super::Matcher;
use super::super::bounded::{Bounded, bounded};
use super::super::path::is_plain;
use super::{DESCRIPTION_CHARS, Kind, ListItem, Object, Part, Pattern, Text};

/// A value as the operand of a pattern: strings in quotes, objects and lists in parentheses, as
/// without them they would be patterns.
pub(crate) fn literal(value: &Value) -> String {
    bounded(DESCRIPTION_CHARS, |out| write_literal(value, out))
}

fn write_literal(value: &Value, out: &mut Bounded) -> fmt::Result {
    match value {
        Value::Object(_) | Value::Array(_) => write!(out, "({value})"),
        _ => write!(out, "{value}"),
    }
}

/// Writes until the text is full.
pub(crate) fn write(pattern: &Pattern, out: &mut Bounded) -> fmt::Result {
    match &*pattern.kind {
        Kind::Equal(value) => write_literal(value, out),
        Kind::NotEqual(value) => {
            out.write_str("!= ")?;
            write_literal(value, out)
        }
        Kind::Comparison(comparison) => {
            write!(out, "{} {}", comparison.order.symbol(), comparison.operand)
        }
        Kind::Range(range) => write!(out, "{}{}{}", range.low, range.dots(), range.high),
        Kind::Regex(regex) => write!(out, "=~ {}", RawString(regex.as_str())),
        Kind::OneOf(parts) => {
            out.write_str("in [")?;
            write_joined(parts, ", ", write, out)?;
            out.write_str("]")
        }
        Kind::Present => out.write_str("_"),
        Kind::Absent => out.write_str("absent"),
        Kind::Object(object) => write_object(object, out),
        Kind::List(items) => {
            out.write_str("[")?;
            write_joined(items, ", ", write_item, out)?;
            out.write_str("]")
        }
        Kind::Every(part) => write_prefixed("every ", part, out),
        Kind::Any(part) => write_prefixed("any ", part, out),
        Kind::Len(part) => write_prefixed("len ", part, out),
        Kind::Not(part) => write_prefixed("!", part, out),
        Kind::AllOf(parts) if parts.is_empty() => out.write_str("anything"),
        Kind::AllOf(parts) => write_joined(parts, " & ", write_grouped, out),
        Kind::AnyOf(parts) => write_joined(parts, " | ", write_grouped, out),
        Kind::Bytes(bytes) => write!(out, "bytes b\"{}\"", bytes.escape_ascii()),
        Kind::Text(text) => write_text(text, out),
        Kind::Approx(approx) => write!(out, "approx {} +- {}", approx.value, approx.tolerance),
        Kind::Lapse(lapse) => write!(out, "approx {:?} +- {:?}", lapse.value, lapse.tolerance),
        Kind::Moment(moment) => out.write_str(&moment.text()),
        Kind::Unordered(unordered) => {
            out.write_str("unordered [")?;
            write_joined(&unordered.parts, ", ", write, out)?;
            out.write_str(match (unordered.open, unordered.parts.is_empty()) {
                (false, _) => "]",
                (true, true) => "..]",
                (true, false) => ", ..]",
            })
        }
        Kind::At(at) => {
            write!(out, "at {} ", Quoted(at.pointer()))?;
            write_grouped(&at.part, out)
        }
        #[cfg(feature = "json-path")]
        Kind::JsonPath(path) => {
            write!(out, "path {} ", Quoted(path.text()))?;
            write_grouped(&path.part, out)
        }
        Kind::Capture(capture) => {
            write!(out, "capture {}", capture.name)?;
            match capture.type_name() {
                Some(type_name) => write!(out, ": {type_name}"),
                None => Ok(()),
            }
        }
        Kind::Custom(matcher) => out.write_str(&matcher.describe()),
        Kind::Anything => out.write_str("anything"),
        Kind::Broken { why, .. } => out.write_str(why),
    }
}

fn write_text(text: &Text, out: &mut Bounded) -> fmt::Result {
    if text.ignores_case() {
        out.write_str("ignore_case ")?;
    }
    out.write_str(match text.part {
        Part::Whole => "",
        Part::Inside => "contains ",
        Part::Prefix => "prefix ",
        Part::Suffix => "suffix ",
    })?;
    write!(out, "{}", Quoted(&text.text))
}

fn write_object(object: &Object, out: &mut Bounded) -> fmt::Result {
    if object.fields().is_empty() {
        return out.write_str(if object.is_exact() {
            "{ ; exact }"
        } else {
            "{ .. }"
        });
    }
    out.write_str("{ ")?;
    write_joined(object.fields(), ", ", write_field, out)?;
    out.write_str(if object.is_exact() {
        "; exact }"
    } else {
        ", .. }"
    })
}

fn write_field((key, field): &(String, Pattern), out: &mut Bounded) -> fmt::Result {
    if is_plain(key) {
        write!(out, "{key}: ")?;
    } else {
        write!(out, "{}: ", Quoted(key))?;
    }
    write(field, out)
}

fn write_item(item: &ListItem, out: &mut Bounded) -> fmt::Result {
    match item {
        ListItem::One(part) => write(part, out),
        ListItem::Rest => out.write_str(".."),
    }
}

fn write_prefixed(prefix: &str, part: &Pattern, out: &mut Bounded) -> fmt::Result {
    out.write_str(prefix)?;
    write_grouped(part, out)
}

/// With parentheses if the parts would otherwise be read apart.
fn write_grouped(pattern: &Pattern, out: &mut Bounded) -> fmt::Result {
    match &*pattern.kind {
        Kind::AllOf(parts) | Kind::AnyOf(parts) if parts.len() > 1 => {
            out.write_str("(")?;
            write(pattern, out)?;
            out.write_str(")")
        }
        _ => write(pattern, out),
    }
}

fn write_joined<T>(
    parts: &[T],
    separator: &str,
    write: fn(&T, &mut Bounded) -> fmt::Result,
    out: &mut Bounded,
) -> fmt::Result {
    for (position, part) in parts.iter().enumerate() {
        if position > 0 {
            out.write_str(separator)?;
        }
        write(part, out)?;
    }
    Ok(())
}

/// A string in quotes, escaped as in JSON.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", Value::from(self.0))
    }
}

/// A raw string literal with as many `#` as it takes.
struct RawString<'a>(&'a str);

impl Display for RawString<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let mut hashes = String::new();
        while self.0.contains(&format!("\"{hashes}")) {
            hashes.push('#');
        }
        write!(formatter, "r{hashes}\"{}\"{hashes}", self.0)
    }
}
