//! Values that stand beside their names in a text: `password=x`, `"api_key": "x"`,
//! `("user", "token"): x`, `--secret x`, the rows of a failure text, and the sentences of causes.
//!
//! Reads the text once from left to right; what is hidden is not read again.

use super::extent::Extents;
use super::hits::{Hits, Rule};
use super::marker::marker_len;
use super::names::{Form, form, path_is_secret, secrecy};

/// Longer names are no names.
const MAX_NAME: usize = 128;
/// Blanks and quotes between a name and its separator.
const MAX_GAP: usize = 8;

/// Finds what stands beside a name.
pub(super) fn find(text: &str, hits: &mut Hits) {
    let bytes = text.as_bytes();
    let mut extents = Extents::new(text);
    let mut at = 0;
    while let Some(offset) = bytes[at..]
        .iter()
        .position(|byte| matches!(byte, b':' | b'=' | b',' | b'-'))
    {
        let separator = at + offset;
        at = separator + 1;
        let found = match bytes[separator] {
            b':' if bytes.get(separator + 1) == Some(&b':') => {
                at += 1;
                None
            }
            // A scheme of a URL.
            b':' if bytes[separator + 1..].starts_with(b"//") => None,
            b':' | b'=' => assigned(text, separator, &mut extents),
            b',' => paired(text, separator, &mut extents),
            _ => option(text, separator, &mut extents),
        };
        if let Some((start, end, rule)) = found {
            hits.add(start..end, rule);
            at = at.max(end);
        }
    }
    if text.contains("  expected ") {
        for row in rows(text) {
            row_values(text, row, hits);
        }
    }
    sentences(text, hits);
}

type Found = Option<(usize, usize, Rule)>;

/// `name: value`, `name = value`, `name => value`.
fn assigned(text: &str, separator: usize, extents: &mut Extents<'_>) -> Found {
    let bytes = text.as_bytes();
    let (start, end) = name_before(bytes, separator)?;
    let name = &text[start..end];
    secrecy(name)?;
    let form = form(name);
    let from = extents.skip_operator(separator + 1);
    if bytes[separator] == b':' && is_file(name) && is_line(&bytes[separator + 1..]) {
        return None;
    }
    // An outcome: `orders.created  pass: 23 µs`.
    if name == "pass" && bytes[separator] == b':' && extents.quoted(from).is_none() {
        return None;
    }
    let (start, end) = match form {
        Form::Plain => extents.value(from)?,
        Form::Authorization => extents.authorization(from, quote_before(bytes, start))?,
        Form::Line => extents.line(from, quote_before(bytes, start))?,
    };
    let rule = match form {
        Form::Authorization => Rule::Authorization,
        Form::Plain | Form::Line => Rule::Assignment,
    };
    Some((start, end, rule))
}

/// A place in a source: `tests/secrets.rs:12`.
fn is_file(name: &str) -> bool {
    name.ends_with(".rs")
}

fn is_line(bytes: &[u8]) -> bool {
    let digits = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b':' | b',' | b')');
    digits > 0 && bytes.get(digits).is_none_or(ends)
}

/// `("name", "value")`, as pairs are written by `Debug` and by JSON.
fn paired(text: &str, comma: usize, extents: &mut Extents<'_>) -> Found {
    let bytes = text.as_bytes();
    let close = comma.checked_sub(1)?;
    let close = if bytes[close] == b')' {
        close.checked_sub(1)?
    } else {
        close
    };
    let quote = bytes[close];
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let (start, end) = name_before(bytes, close + 1)?;
    secrecy(&text[start..end])?;
    let mut before = start;
    if before.checked_sub(1).map(|at| bytes[at]) != Some(quote) {
        return None;
    }
    before -= 1;
    while before > 0 && bytes[before - 1] == b'\\' {
        before -= 1;
    }
    if !matches!(before.checked_sub(1).map(|at| bytes[at]), Some(b'(' | b'[')) {
        return None;
    }
    let from = extents.skip_blanks(comma + 1);
    let (start, end) = extents.quoted(from)?;
    // A list of names is no pair.
    let inner = text[start..end].trim_matches(['"', '\'', '\\']);
    if inner.len() <= MAX_NAME && secrecy(inner).is_some() {
        return None;
    }
    Some((start, end, Rule::Assignment))
}

/// `--password value` on a command line.
fn option(text: &str, dash: usize, extents: &mut Extents<'_>) -> Found {
    let bytes = text.as_bytes();
    let begins = dash == 0 || matches!(bytes[dash - 1], b' ' | b'\t' | b'\n' | b'"' | b'\'');
    if !begins || bytes.get(dash + 1) != Some(&b'-') {
        return None;
    }
    let start = dash + 2;
    let length = bytes[start..]
        .iter()
        .take(MAX_NAME)
        .take_while(|byte| is_name_byte(**byte))
        .count();
    let end = start + length;
    secrecy(&text[start..end])?;
    let from = extents.skip_blanks(end);
    if from == end || bytes.get(from) == Some(&b'-') {
        return None;
    }
    let (start, end) = extents.value(from)?;
    Some((start, end, Rule::Assignment))
}

/// The name that ends before `end`, across blanks, operators, quotes and brackets.
fn name_before(bytes: &[u8], end: usize) -> Option<(usize, usize)> {
    let mut end = end;
    let mut gap = 0;
    while end > 0 && gap < MAX_GAP && is_gap(bytes[end - 1]) {
        end -= 1;
        gap += 1;
    }
    let length = bytes[..end]
        .iter()
        .rev()
        .take(MAX_NAME)
        .take_while(|byte| is_name_byte(**byte))
        .count();
    let start = end - length;
    // The name of a rule in a marker is no name.
    let in_marker = bytes[..start].ends_with(b"<redacted:");
    (length > 0 && !in_marker).then_some((start, end))
}

fn quote_before(bytes: &[u8], start: usize) -> Option<u8> {
    let before = *bytes.get(start.checked_sub(1)?)?;
    matches!(before, b'"' | b'\'').then_some(before)
}

fn is_gap(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t' | b'!' | b'<' | b'>' | b'=' | b'~' | b'"' | b'\'' | b'`' | b'\\' | b')' | b']'
    )
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$')
}

/// The lines of a text that show a difference: `path  expected "a"  got "b"`.
fn rows(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let row = (start, start + line.trim_end_matches(['\n', '\r']).len());
        start += line.len();
        row
    })
}

fn row_values(text: &str, (start, end): (usize, usize), hits: &mut Hits) {
    const EXPECTED: &str = "  expected ";
    const GOT: &str = "  got ";
    let line = &text[start..end];
    let Some(at) = line.find(EXPECTED) else {
        return;
    };
    if !path_is_secret(line[..at].trim()) {
        return;
    }
    let from = at + EXPECTED.len();
    let (expected, got) = match line[from..].find(GOT) {
        Some(got) => (from..from + got, from + got + GOT.len()..line.len()),
        None => (from..line.len(), line.len()..line.len()),
    };
    for part in [expected, got] {
        let value = line[part.clone()].trim();
        let lead = line[part.clone()].len() - line[part.clone()].trim_start().len();
        let is_marker = marker_len(value.as_bytes()) == Some(value.len());
        if !matches!(value, "" | "nothing" | "absent" | "_") && !is_marker {
            let from = start + part.start + lead;
            hits.add(from..from + value.len(), Rule::Assignment);
        }
    }
}

/// ``in the message on `users`, `user.password` was "a", expected "b"``: all that is behind the path, as a value may
/// hold any words.
fn sentences(text: &str, hits: &mut Hits) {
    const WAS: &str = "` was ";
    /// No value begins like this: it is in quotes, or of another kind.
    const NO_VALUE: [&str; 2] = ["out of order", "not out when"];
    const MISSING: &str = "missing";
    let mut hidden_to = 0;
    for (at, _) in text.match_indices(WAS) {
        let path = text[..at].rsplit(['`', '\n']).next().unwrap_or_default();
        if at < hidden_to || path.len() > MAX_NAME || !path_is_secret(path) {
            continue;
        }
        let mut rest = &text[at + WAS.len()..];
        if let Some(expected) = rest.strip_prefix(MISSING) {
            let Some(expected) = expected.strip_prefix(", expected ") else {
                continue;
            };
            rest = expected;
        }
        let behind = &rest[marker_len(rest.as_bytes()).unwrap_or(0)..];
        if behind.is_empty()
            || behind.starts_with(['\n', '\r'])
            || NO_VALUE.iter().any(|it| rest.starts_with(it))
        {
            continue;
        }
        let from = text.len() - rest.len();
        hidden_to = from + rest.lines().next().map_or(0, str::len);
        hits.add(from..hidden_to, Rule::Assignment);
    }
}

#[cfg(test)]
mod tests {
    use super::super::hits::replace;
    use super::*;

    fn redacted(text: &str) -> String {
        let mut hits = Hits::default();
        find(text, &mut hits);
        let ranges = hits.merged(text);
        let names: &[&str] = &[];
        replace(text, &ranges, names)
            .replace("<redacted:assignment>", "#")
            .replace("<redacted:authorization>", "@")
    }

    #[test]
    fn values_beside_their_names_are_found() {
        let table = [
            ("password=hunter2", "password=#"),
            ("password: hunter2, user: bob", "password: #, user: bob"),
            ("?token=abc&page=2#top", "?token=#&page=2#top"),
            (
                "{\"password\":\"hun\\\"ter2\",\"n\":1}",
                "{\"password\":\"#\",\"n\":1}",
            ),
            (
                "{\\\"password\\\":\\\"hun\\\\\\\"ter2\\\",\\\"n\\\":1}",
                "{\\\"password\\\":\\\"#\\\",\\\"n\\\":1}",
            ),
            (
                "User { password: Some(\"x y\"), age: 3 }",
                "User { password: #, age: 3 }",
            ),
            (
                "{\"credentials\": {\"a\": [1, \"}\"]}, \"b\": 1}",
                "{\"credentials\": #, \"b\": 1}",
            ),
            (
                "(\"user\", \"password\"): \"hunter2\"",
                "(\"user\", \"password\"): \"#\"",
            ),
            (
                "[(\"x-api-key\", \"abc\"), (\"a\", \"b\")]",
                "[(\"x-api-key\", \"#\"), (\"a\", \"b\")]",
            ),
            (
                "connect --password hunter2 --user bob",
                "connect --password # --user bob",
            ),
            ("DB_PASSWORD=a;B=c", "DB_PASSWORD=#;B=c"),
            ("password: =~ r\"^hunter\"", "password: =~ #"),
            ("password: in [\"a\", \"b\"], x: 1", "password: #, x: 1"),
            ("password: \"a\" | \"b\", x: 1", "password: #, x: 1"),
            ("(password=abc)", "(password=#)"),
            ("password: \"cut off", "password: \"#"),
            (
                "password: \"cut off\nnext: line",
                "password: \"#\nnext: line",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(redacted(text), expected, "{text}");
        }
    }

    #[test]
    fn headers_have_values_with_blanks() {
        let table = [
            ("Authorization: Bearer abc", "Authorization: @"),
            (
                "authorization=Basic a+b/c==, user=bob",
                "authorization=@, user=bob",
            ),
            (
                "curl -H 'Authorization: Token abc' http://x",
                "curl -H 'Authorization: @' http://x",
            ),
            (
                "Authorization: Digest a=\"b\", c=d\nHost: x",
                "Authorization: @\nHost: x",
            ),
            ("Authorization: abc", "Authorization: @"),
            ("Cookie: a=b; c=d\nHost: x", "Cookie: #\nHost: x"),
            (
                "{\"set-cookie\":\"a=b; c=d\",\"x\":1}",
                "{\"set-cookie\":\"#\",\"x\":1}",
            ),
            ("passphrase: correct horse battery", "passphrase: #"),
        ];
        for (text, expected) in table {
            assert_eq!(redacted(text), expected, "{text}");
        }
    }

    #[test]
    fn rows_of_a_failure_text_are_found() {
        assert_eq!(
            redacted("  user.password  expected \"a b\"   got \"c d\"\n  count  expected 1  got 2"),
            "  user.password  expected #   got #\n  count  expected 1  got 2"
        );
        assert_eq!(
            redacted("  password  expected _  got nothing"),
            "  password  expected _  got nothing"
        );
    }

    #[test]
    fn sentences_of_causes_are_found() {
        let table = [
            (
                "in the message on `users`, `user.password` was \"a\", expected \"b\"",
                "in the message on `users`, `user.password` was #",
            ),
            (
                "2 messages came on `users`; in the closest, `tokens[0]` was the number 7, \
                 expected \"` was \", and 1 more place differs\nnext",
                "2 messages came on `users`; in the closest, `tokens[0]` was #\nnext",
            ),
            (
                "in the message on `users`, `password` was missing, expected \"b\"",
                "in the message on `users`, `password` was missing, expected #",
            ),
            (
                "message 3 on `auth.token` was out of order: `password` was \"a\" after \"b\"",
                "message 3 on `auth.token` was out of order: `password` was #",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(redacted(text), expected, "{text}");
            let once = expected.replace('#', "<redacted:assignment>");
            assert_eq!(redacted(&once), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "at tests/secrets.rs:12",
            "panicked at src/password.rs:12:5:",
            "message 3 on `auth.token` was out of order: `version` was 3 after 4",
            "the reply to `auth.token` was not out when the scenario ended",
            "in the message on `a`, `author` was \"bob\", expected \"eve\"",
            "`password` was missing",
            "author: bob",
            "keyboard=qwerty",
            "auth::token::Thing",
            "token://host",
            "password: null",
            "has_password=true",
            "password=***",
            "password: <redacted:secret>",
            "password=",
            "password: absent",
            "required: [\"password\", \"token\"]",
            "12:30:01",
            "orders.created  pass: 23.1 µs",
        ] {
            assert_eq!(redacted(text), text);
        }
    }
}
