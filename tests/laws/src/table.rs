//! The tables of `#[cases]`, as the macro reads them: JSON as `serde_json` reads it, CSV as it can be written again.
//!
//! No other crate can be linked to a crate of macros, so its reader is taken in as a module.

use serde_json::Value;

#[path = "../../../choreo-macros/src/table/mod.rs"]
mod reader;

use self::reader::{Cell, Cells, Format, Json, Problem, Row, json_value};

pub(crate) fn check(input: &[u8]) {
    assert!(Format::of("a.json").is_some() && Format::of("json").is_none());
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    json(text);
    one_value(text);
    csv(text);
}

/// Refused by us for what JSON allows: twice the same key, and values that nest deeper than a reader may follow.
fn is_stricter(problem: &Problem) -> bool {
    problem.message.contains("is there twice") || problem.message.contains("nest deeper")
}

/// Refused by `serde_json` for what JSON allows: its own limit of nesting, and numbers beyond its own.
fn is_beyond(error: &serde_json::Error) -> bool {
    let text = error.to_string();
    text.contains("recursion limit") || text.contains("number out of range")
}

fn is_row(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

fn json(text: &str) {
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    let oracle = serde_json::from_str::<Vec<Value>>(bare);
    match (rows(Format::Json, text), oracle) {
        (Ok(rows), Ok(values)) => {
            assert_eq!(rows.len(), values.len());
            for (row, value) in rows.iter().zip(&values) {
                same_row(row, value);
            }
        }
        (Ok(_), Err(error)) => assert!(is_beyond(&error), "{error}"),
        (Err(problem), Ok(values)) => {
            assert!(
                is_stricter(&problem) || !values.iter().all(is_row),
                "{problem:?}"
            );
        }
        (Err(_), Err(_)) => {}
    }
}

fn one_value(text: &str) {
    match (json_value(text), serde_json::from_str::<Value>(text)) {
        (Some(ours), Ok(value)) => same(&ours, &value),
        (Some(_), Err(error)) => assert!(is_beyond(&error), "{error}"),
        (None, Ok(value)) => assert!(is_row(&value), "it was not read"),
        (None, Err(_)) => {}
    }
}

/// The rows of a text. Lines are those of the text, and none comes before the one above it.
fn rows(format: Format, text: &str) -> Result<Vec<Row>, Problem> {
    let lines = 1..=1 + text.matches('\n').count();
    let rows = format.rows(text);
    match &rows {
        Ok(rows) => {
            assert!(rows.iter().all(|row| lines.contains(&row.line)));
            assert!(rows.is_sorted_by_key(|row| row.line));
        }
        Err(problem) => {
            assert!(lines.contains(&problem.line), "{problem:?}");
            assert!(!problem.message.is_empty());
        }
    }
    rows
}

fn same_row(row: &Row, value: &Value) {
    match (&row.cells, value) {
        (Cells::Named(cells), Value::Object(fields)) => {
            assert_eq!(cells.len(), fields.len());
            for (key, cell) in cells {
                same_cell(cell, &fields[key]);
            }
        }
        (Cells::Listed(cells), Value::Array(items)) => {
            assert_eq!(cells.len(), items.len());
            for (cell, item) in cells.iter().zip(items) {
                same_cell(cell, item);
            }
        }
        (cells, value) => panic!("{cells:?} is not {value}"),
    }
}

fn same_cell(cell: &Cell, value: &Value) {
    let Cell::Json(json, text) = cell else {
        panic!("{cell:?} is no cell of JSON");
    };
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), *value);
    same(json, value);
}

fn same(json: &Json, value: &Value) {
    match (json, value) {
        (Json::Null, Value::Null) | (Json::Object, Value::Object(_)) => {}
        (Json::Bool(ours), Value::Bool(other)) => assert_eq!(ours, other),
        (Json::Number(ours), Value::Number(_)) => {
            assert_eq!(serde_json::from_str::<Value>(ours).unwrap(), *value);
        }
        (Json::Text(ours), Value::String(other)) => assert_eq!(ours, other),
        (Json::List(ours), Value::Array(others)) => {
            assert_eq!(ours.len(), others.len());
            for (ours, other) in ours.iter().zip(others) {
                same_cell(ours, other);
            }
        }
        (json, value) => panic!("{json:?} is not {value}"),
    }
}

fn csv(text: &str) {
    let Ok(read) = rows(Format::Csv, text) else {
        return;
    };
    let table: Vec<_> = read.iter().map(named).collect();
    let Some(first) = table.first() else { return };
    let header = first.iter().map(|(name, _)| *name).collect();
    let mut written = line(header);
    for row in &table {
        written += &line(row.iter().map(|(_, value)| *value).collect());
    }
    let again = rows(Format::Csv, &written).expect("it is a table");
    let again: Vec<_> = again.iter().map(named).collect();
    assert_eq!(again, table, "it was written as {written:?}");
}

fn named(row: &Row) -> Vec<(&str, &str)> {
    let Cells::Named(cells) = &row.cells else {
        panic!("a row of CSV has names");
    };
    let named = cells.iter().map(|(name, cell)| match cell {
        Cell::Text(text) => (name.as_str(), text.as_str()),
        other => panic!("{other:?} is no text"),
    });
    named.collect()
}

/// A line of fields, all in quotes.
fn line(fields: Vec<&str>) -> String {
    let quoted: Vec<_> = fields
        .into_iter()
        .map(|field| format!("\"{}\"", field.replace('"', "\"\"")))
        .collect();
    quoted.join(",") + "\n"
}
