//! Redaction of any text and any JSON: to redact twice is to redact once, and no secret of the run is left.
//!
//! The first line of an input is the secret.

use std::sync::LazyLock;

use choreo_report::redact::{Redactor, SHORTEST_SECRET, hold_secrets, remember_secret};
use regex::Regex;
use serde_json::Value;

use crate::bytes::first_line;
use crate::secrets;

/// Markers name rules, and such a name may be a secret too.
static MARKER: LazyLock<Regex> = LazyLock::new(|| Regex::new("<redacted(:[a-z0-9_-]+)?>").unwrap());

pub(crate) fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let (secret, text) = first_line(text);
    let _turn = secrets::turn();
    let _holding = hold_secrets();
    // One that looks like a part of a marker would be found in markers for ever.
    let secret = secret.trim();
    let kept = secret.len() >= SHORTEST_SECRET && !secret.contains(['<', '>']);
    if kept {
        remember_secret(secret);
    }
    let secret = kept.then_some(secret);
    of_text(secret, text);
    if let Ok(value) = serde_json::from_str(text) {
        of_value(secret, value);
    }
}

fn of_text(secret: Option<&str>, text: &str) {
    let mut redactor = Redactor::of_process();
    let mut once = text.to_owned();
    redactor.text(&mut once);
    let counted = redactor.take_counts();
    // The other way round is no law: a marker that is widened is not one more.
    assert!(
        once != text || counted.is_empty(),
        "{counted:?} in {text:?}"
    );
    is_gone(secret, &once);

    let mut twice = once.clone();
    redactor.text(&mut twice);
    assert_eq!(twice, once, "to redact twice is to redact once");
    assert!(redactor.take_counts().is_empty());
}

fn of_value(secret: Option<&str>, mut value: Value) {
    let mut redactor = Redactor::of_process();
    redactor.value(&mut value);
    texts_of(&value, &mut |text| is_gone(secret, text));
    let once = value.clone();
    redactor.take_counts();
    redactor.value(&mut value);
    assert_eq!(value, once, "to redact twice is to redact once");
    assert!(redactor.take_counts().is_empty());
}

fn is_gone(secret: Option<&str>, text: &str) {
    if let Some(secret) = secret {
        let shown = MARKER.replace_all(text, "\0");
        assert!(!shown.contains(secret), "{secret:?} is in {text:?}");
    }
}

/// Every text of a value, keys included.
fn texts_of(value: &Value, look: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => look(text),
        Value::Number(number) => look(&number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| texts_of(item, look)),
        Value::Object(fields) => {
            for (key, field) in fields {
                look(key);
                texts_of(field, look);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}
