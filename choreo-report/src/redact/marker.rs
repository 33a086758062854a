//! What stands in the place of a hidden value.

use std::borrow::Cow;
use std::ops::Range;

/// What every marker starts with.
const START: &str = "<redacted";
/// The longest name of a rule.
pub(super) const MAX_NAME: usize = 40;

/// The marker of a rule.
pub(super) fn marker(rule: &str) -> String {
    format!("{START}:{rule}>")
}

/// How long the marker is that `bytes` start with, if they start with one.
pub(super) fn marker_len(bytes: &[u8]) -> Option<usize> {
    let rest = bytes.strip_prefix(START.as_bytes())?;
    match rest.first()? {
        b'>' => Some(START.len() + 1),
        b':' => {
            let name = rest[1..]
                .iter()
                .take(MAX_NAME + 1)
                .take_while(|byte| is_name_byte(**byte))
                .count();
            let closed = rest.get(1 + name) == Some(&b'>');
            (name > 0 && closed).then_some(START.len() + name + 2)
        }
        _ => None,
    }
}

/// Whether the text is one marker and nothing else.
pub(super) fn is_marker(text: &str) -> bool {
    marker_len(text.as_bytes()) == Some(text.len())
}

/// A name of a rule as markers can have it: small letters, digits and dashes.
pub(super) fn rule_name(name: &str) -> String {
    let mut rule = String::new();
    for character in name.chars().take(MAX_NAME) {
        let character = character.to_ascii_lowercase();
        if character.is_ascii() && is_name_byte(character as u8) {
            rule.push(character);
        } else if !rule.ends_with('-') {
            rule.push('-');
        }
    }
    let rule = rule.trim_matches('-');
    if rule.is_empty() {
        "own".to_owned()
    } else {
        rule.to_owned()
    }
}

/// The text with markers as version 1.3 has them: `<redacted:field>` becomes `<redacted>`.
#[must_use]
pub fn without_rules(text: &str) -> Cow<'_, str> {
    replaced(text, "<redacted>")
}

/// The text without its markers.
pub(super) fn without_markers(text: &str) -> Cow<'_, str> {
    replaced(text, " ")
}

/// Where the markers of a text are.
pub(super) fn markers(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    text.match_indices(START).filter_map(|(at, _)| {
        let length = marker_len(&text.as_bytes()[at..])?;
        Some(at..at + length)
    })
}

/// The rule that a marker names; empty if it names none.
pub(super) fn rule_of(marker: &str) -> &str {
    let rule = marker
        .strip_prefix(START)
        .and_then(|rest| rest.strip_suffix('>'));
    rule.and_then(|rest| rest.strip_prefix(':')).unwrap_or("")
}

fn replaced<'t>(text: &'t str, with: &str) -> Cow<'t, str> {
    let mut out = String::new();
    let mut copied = 0;
    for marker in markers(text) {
        out.push_str(&text[copied..marker.start]);
        out.push_str(with);
        copied = marker.end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_recognised_as_a_whole() {
        assert!(is_marker("<redacted>"));
        assert!(is_marker("<redacted:url>"));
        assert!(is_marker(&marker("field")));
        for text in [
            "",
            "redacted",
            "<redacted",
            "<redacted:>",
            "<redacted:A>",
            "<redacted:url",
            "<redacted>.",
        ] {
            assert!(!is_marker(text), "{text}");
        }
    }

    #[test]
    fn version_1_3_has_markers_without_rules() {
        assert_eq!(
            without_rules("a <redacted:url>@b <redacted> <redacted:jwt>"),
            "a <redacted>@b <redacted> <redacted>"
        );
        assert!(matches!(
            without_rules("<redacted: nothing"),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn any_name_gives_the_name_of_a_rule() {
        assert_eq!(rule_name("Customer IBAN"), "customer-iban");
        assert_eq!(rule_name("é"), "own");
        assert!(is_marker(&marker(&rule_name(&"x".repeat(100)))));
    }
}
