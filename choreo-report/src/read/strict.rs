//! What is wrong with a text that is no strict JSON, or no report, in words that help.

use serde_json::error::Category;
use serde_json::{Deserializer, Value};

use super::ReadError;

/// The text without the mark that some editors put before it.
pub(super) fn without_mark(json: &[u8]) -> &[u8] {
    json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json)
}

/// What makes `json` no strict JSON; nothing if it is.
pub(super) fn problem(json: &[u8]) -> Option<ReadError> {
    if let Err(error) = std::str::from_utf8(json) {
        let (line, column) = place(json, error.valid_up_to());
        return Some(ReadError::NotJson {
            problem: "it holds bytes that are no UTF-8".to_owned(),
            line,
            column,
        });
    }
    let mut deserializer = Deserializer::from_slice(json);
    let (path, error) = match serde_path_to_error::deserialize::<_, Value>(&mut deserializer) {
        Ok(_) => (None, deserializer.end().err()?),
        Err(found) => {
            let path = found.path().to_string();
            // The reader's own start is no place worth a mention.
            ((path != ".").then_some(path), found.into_inner())
        }
    };
    let mut problem = describe(json, &error);
    if let Some(path) = path {
        problem = format!("{problem}, at `{path}`");
    }
    Some(ReadError::NotJson {
        problem,
        line: error.line(),
        column: error.column(),
    })
}

fn describe(json: &[u8], error: &serde_json::Error) -> String {
    if json.iter().all(u8::is_ascii_whitespace) {
        return "the file is empty".to_owned();
    }
    if error.classify() == Category::Eof {
        return "it ends in the middle: it was not written to its end, or copied in part"
            .to_owned();
    }
    without_place(error)
}

/// JSON that is no report.
pub(super) fn not_report(path: String, error: &serde_json::Error) -> ReadError {
    ReadError::NotReport {
        path,
        problem: without_place(error),
        line: error.line(),
        column: error.column(),
    }
}

/// The error's text without the line and column that it adds.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

/// Line and column of a byte, both from 1.
fn place(text: &[u8], at: usize) -> (usize, usize) {
    let before = &text[..at.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |newline| newline + 1);
    (line, before.len() - start + 1)
}
