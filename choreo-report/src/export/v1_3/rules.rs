//! What version 1.3 demands of names, lists and texts.

use std::collections::HashSet;
use std::hash::Hash;

/// Bytes of a text that are kept: the last ones.
const TEXT_BYTES: usize = 65_536;

/// Characters of a transport's name.
const NAME_CHARS: usize = 64;

/// Characters of the name of a bridge.
const BRIDGE_CHARS: usize = 128;

/// A transport's name: letters, digits, `_` and `-`, everything else replaced.
pub(super) fn transport_name(name: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name: String = name
        .chars()
        .take(NAME_CHARS)
        .map(|c| if fits(c) { c } else { '_' })
        .collect();
    match name.is_empty() {
        true => "unknown".to_owned(),
        false => name,
    }
}

/// A bridge's name: a letter, then letters, digits and `_`.
pub(super) fn bridge_class(name: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name: String = name
        .chars()
        .skip_while(|c| !c.is_ascii_alphabetic())
        .take(BRIDGE_CHARS)
        .map(|c| if fits(c) { c } else { '_' })
        .collect();
    match name.is_empty() {
        true => "Bridge".to_owned(),
        false => name,
    }
}

/// `v` and a number.
pub(super) fn is_version(text: &str) -> bool {
    text.strip_prefix('v')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// `sha256:` and 16 hex digits.
pub(super) fn is_hash(text: &str) -> bool {
    let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    text.strip_prefix("sha256:")
        .is_some_and(|digits| digits.len() == 16 && digits.bytes().all(is_digit))
}

/// Each only once, in the order in which they come.
pub(super) fn unique<T: Clone + Eq + Hash>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    items.filter(|item| seen.insert(item.clone())).collect()
}

/// Keeps `most` of the items in their order: first all that `matters`, then the others.
pub(super) fn keep<T>(
    items: &mut Vec<T>,
    most: usize,
    cut: &mut u64,
    matters: impl Fn(&T) -> bool,
) {
    let over = items.len().saturating_sub(most);
    if over == 0 {
        return;
    }
    *cut += over as u64;
    let mut important = items.iter().filter(|item| matters(item)).count().min(most);
    let mut others = most - important;
    items.retain(|item| {
        let room = if matters(item) {
            &mut important
        } else {
            &mut others
        };
        let has_room = *room > 0;
        *room -= usize::from(has_room);
        has_room
    });
}

/// Keeps the end of a text, behind a line that says how much is missing.
pub(super) fn keep_tail(text: &mut String, cut: &mut u64) {
    // A text that the Python tool has cut is this much and its first line.
    if text.len() <= TEXT_BYTES || (text.len() <= TEXT_BYTES + 64 && was_cut(text)) {
        return;
    }
    let mut start = text.len() - TEXT_BYTES;
    while !text.is_char_boundary(start) {
        start += 1;
    }
    *text = format!("[{start} bytes truncated]\n{}", &text[start..]);
    *cut += 1;
}

fn was_cut(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first.starts_with('[') && first.ends_with(" bytes truncated]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_to_fit() {
        assert_eq!(transport_name("redis-streams"), "redis-streams");
        assert_eq!(transport_name("my broker/é"), "my_broker__");
        assert_eq!(transport_name(""), "unknown");
        assert_eq!(transport_name(&"x".repeat(100)).len(), 64);
        assert_eq!(bridge_class("_Header Bridge"), "Header_Bridge");
        assert_eq!(bridge_class("42"), "Bridge");
    }

    #[test]
    fn what_matters_is_kept_first_and_in_order() {
        let mut items: Vec<u32> = (1..=10).collect();
        let mut cut = 0;
        keep(&mut items, 4, &mut cut, |n| *n > 7);
        assert_eq!((items, cut), (vec![1, 8, 9, 10], 6));
        let mut items = vec![1, 2, 3];
        keep(&mut items, 2, &mut cut, |_| true);
        assert_eq!((items, cut), (vec![1, 2], 7));
    }

    #[test]
    fn of_a_long_text_the_end_is_kept() {
        let mut cut = 0;
        let mut text = "é".repeat(40_000) + "end";
        let length = text.len();
        keep_tail(&mut text, &mut cut);
        let (head, tail) = text.split_once('\n').unwrap();
        assert_eq!(head, format!("[{} bytes truncated]", length - tail.len()));
        assert!(tail.ends_with("éend") && tail.len() <= TEXT_BYTES);
        assert_eq!(cut, 1);
        let once = text.clone();
        keep_tail(&mut text, &mut cut);
        assert_eq!((text, cut), (once, 1));
    }
}
