//! How far a value in a text goes: to its closing quote or bracket, or to the next blank.

use super::marker::marker_len;

/// Blanks between a separator and its value.
const MAX_BLANKS: usize = 64;
/// A word in front of a quote or bracket: `Some("x")`, `r"x"`.
const MAX_WORD: usize = 24;
/// How often an opening bracket may have no closing one; then the rest of the text is one value.
/// Keeps the time linear.
const MAX_UNBALANCED: usize = 16;
/// Levels of JSON text in JSON text whose quotes are told apart.
const MAX_LEVEL: usize = 7;

/// Words that stand for no value.
const NO_VALUES: &[&str] = &[
    "null",
    "none",
    "nil",
    "undefined",
    "true",
    "false",
    "absent",
    "present",
    "_",
];
/// Words of the pattern language and of failure texts in front of the value itself.
const LEADS: &[&str] = &[
    "in",
    "contains",
    "prefix",
    "suffix",
    "every",
    "any",
    "len",
    "not",
    "approx",
    "before",
    "after",
    "bytes",
    "ignore_case",
    "unordered",
    "expected",
    "capture",
];
/// Schemes of `authorization` that one more word follows.
const SCHEMES: &[&str] = &[
    "bearer",
    "basic",
    "token",
    "negotiate",
    "ntlm",
    "apikey",
    "jwt",
    "oauth",
];

/// Finds ends of values in one text. Remembers what has no end, so that it is sought once.
#[derive(Debug)]
pub(super) struct Extents<'t> {
    text: &'t str,
    bytes: &'t [u8],
    /// For `"` and `'` on each level: from where on none is closed.
    unclosed: [[Option<usize>; MAX_LEVEL + 1]; 2],
    unbalanced: usize,
}

type Extent = Option<(usize, usize)>;

impl<'t> Extents<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            unclosed: [[None; MAX_LEVEL + 1]; 2],
            unbalanced: 0,
        }
    }

    /// Where the value begins after a separator: behind an operator that stands by itself, as in
    /// `password: =~ r"x"` and `password => "x"`.
    pub(super) fn skip_operator(&self, from: usize) -> usize {
        let mut at = self.skip_blanks(from);
        for _ in 0..2 {
            let operator = self.bytes[at..]
                .iter()
                .take(2)
                .take_while(|byte| matches!(byte, b'=' | b'~' | b'!' | b'<' | b'>'))
                .count();
            let next = self.skip_blanks(at + operator);
            if operator == 0 || next == at + operator {
                break;
            }
            at = next;
        }
        at
    }

    pub(super) fn skip_blanks(&self, from: usize) -> usize {
        let blanks = self.bytes[from..]
            .iter()
            .take(MAX_BLANKS)
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        from + blanks
    }

    /// A value: one or several parts, as in `in ["a"]` and `"a" | "b"`, all in the same quotes.
    pub(super) fn value(&mut self, start: usize) -> Extent {
        let mut end = self.part(start)?;
        let quotes = self.quotes(start);
        let first = end;
        loop {
            let next = self.skip_blanks(end);
            if !matches!(self.bytes.get(next), Some(b'|' | b'&')) || next == end {
                break;
            }
            let next = self.skip_blanks(next + 1);
            if quotes.is_some_and(|quotes| self.quotes(next).is_some_and(|other| other != quotes)) {
                break;
            }
            match self.delimited(next) {
                Some(further) => end = further,
                None => break,
            }
        }
        Some(if end == first {
            self.inside(start, end)
        } else {
            (start, end)
        })
    }

    /// What a value is in that begins with a quote.
    fn quotes(&self, start: usize) -> Option<u8> {
        let mut behind = self.bytes[start..]
            .iter()
            .skip_while(|byte| **byte == b'\\');
        behind
            .next()
            .copied()
            .filter(|byte| matches!(byte, b'"' | b'\''))
    }

    /// A value in quotes or brackets.
    pub(super) fn quoted(&mut self, start: usize) -> Extent {
        self.delimited(start).map(|end| self.inside(start, end))
    }

    /// What is between the quotes, if the value is in quotes: they stay, so that JSON text stays JSON.
    fn inside(&self, start: usize, end: usize) -> (usize, usize) {
        let value = &self.bytes[start..end];
        let slashes = value.iter().take_while(|byte| **byte == b'\\').count();
        let Some(quote @ (b'"' | b'\'')) = value.get(slashes) else {
            return (start, end);
        };
        let inner = &value[slashes + 1..];
        let closed = inner
            .strip_suffix(&[*quote])
            .and_then(|inner| inner.strip_suffix(&value[..slashes]));
        let from = start + slashes + 1;
        (from, from + closed.unwrap_or(inner).len())
    }

    /// The value of `authorization`: a scheme and a word, or all of the line.
    pub(super) fn authorization(&mut self, start: usize, quote: Option<u8>) -> Extent {
        if let Some(end) = self.delimited(start) {
            return Some(self.inside(start, end));
        }
        let (word_start, word_end) = self.bare(start)?;
        let word = &self.text[word_start..word_end];
        let next = self.skip_blanks(word_end);
        if SCHEMES
            .iter()
            .any(|scheme| scheme.eq_ignore_ascii_case(word))
        {
            let is_marker = self.bytes.get(next..).and_then(marker_len).is_some();
            let end = self.delimited(next).or(self.bare(next).map(|(_, end)| end));
            return match end {
                Some(end) => Some((start, end)),
                None => (!is_marker).then_some((start, word_end)),
            };
        }
        if next == word_end {
            return (!is_no_value(word)).then_some((start, word_end));
        }
        self.line(start, quote)
    }

    /// All of the line, or up to the quote that was opened in front of the name.
    pub(super) fn line(&mut self, start: usize, quote: Option<u8>) -> Extent {
        if let Some(end) = self.delimited(start) {
            return Some(self.inside(start, end));
        }
        let rest = &self.bytes[start..];
        let length = rest
            .iter()
            .position(|byte| *byte == b'\n' || Some(*byte) == quote)
            .unwrap_or(rest.len());
        let value = self.text[start..start + length].trim_end();
        let is_marker = marker_len(value.as_bytes()) == Some(value.len());
        (!is_no_value(value) && !is_marker).then(|| (start, start + value.len()))
    }

    fn part(&mut self, start: usize) -> Option<usize> {
        if let Some(end) = self.delimited(start) {
            return Some(end);
        }
        let (_, end) = self.bare(start)?;
        let word = &self.text[start..end];
        if LEADS.contains(&word) {
            let next = self.skip_operator(end);
            if next > end
                && let Some(end) = self.delimited(next)
            {
                return Some(end);
            }
        }
        (!is_no_value(word)).then_some(end)
    }

    /// The end of what a quote or a bracket opens, also with a word in front of it.
    fn delimited(&mut self, start: usize) -> Option<usize> {
        let word = self.bytes[start..]
            .iter()
            .take(MAX_WORD)
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'#'))
            .count();
        let open = start + word;
        let slashes = self.bytes[open..]
            .iter()
            .take(1 << MAX_LEVEL)
            .take_while(|byte| **byte == b'\\')
            .count();
        match self.bytes.get(open + slashes)? {
            quote @ (b'"' | b'\'') if word == 0 || self.is_literal(start, open) => {
                Some(self.quote_end(open + slashes, *quote, slashes))
            }
            b'{' | b'[' | b'(' if slashes == 0 => {
                let end = self.bracket_end(open);
                // `{}` and `[]` hold nothing.
                (end > open + 2).then_some(end)
            }
            _ => None,
        }
    }

    /// Whether the word in front of a quote belongs to it, as in `b"x"` and `r#"x"#`. In `?a=b"` the
    /// quote closes what was opened before.
    fn is_literal(&self, start: usize, open: usize) -> bool {
        let after_blank = start > 0 && matches!(self.bytes[start - 1], b' ' | b'\t');
        let word = self.text[start..open].trim_end_matches('#');
        after_blank && matches!(word, "b" | "r" | "br" | "c" | "u" | "f")
    }

    /// Behind the quote that closes the one at `open`, which `slashes` backslashes stand in front of.
    /// On each level of text in text, what a value's own quotes carry is twice as much and one more.
    fn quote_end(&mut self, open: usize, quote: u8, slashes: usize) -> usize {
        // 0, 1, 3, 7 …: what is more belongs to something else.
        let level = ((slashes + 1).ilog2() as usize).min(MAX_LEVEL);
        let slashes = (1 << level) - 1;
        let kind = usize::from(quote == b'\'');
        if self.unclosed[kind][level].is_none_or(|from| open < from) {
            let mut run = 0;
            for (offset, byte) in self.bytes[open + 1..].iter().enumerate() {
                if *byte == b'\\' {
                    run += 1;
                    continue;
                }
                let closes =
                    *byte == quote && run >= slashes && (run - slashes) % (2 * (slashes + 1)) == 0;
                if closes {
                    return open + 1 + offset + 1;
                }
                run = 0;
            }
            self.unclosed[kind][level] = Some(open);
        }
        self.line_end(open)
    }

    /// Behind the bracket that closes the one at `open`.
    fn bracket_end(&mut self, open: usize) -> usize {
        if self.unbalanced >= MAX_UNBALANCED {
            return self.bytes.len();
        }
        let mut depth = 0_usize;
        let mut in_string = false;
        let mut escaped = false;
        for (offset, byte) in self.bytes[open..].iter().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                b'{' | b'[' | b'(' if !in_string => depth += 1,
                b'}' | b']' | b')' if !in_string => {
                    depth -= 1;
                    if depth == 0 {
                        return open + offset + 1;
                    }
                }
                _ => {}
            }
        }
        self.unbalanced += 1;
        self.line_end(open)
    }

    fn line_end(&self, from: usize) -> usize {
        let rest = &self.bytes[from..];
        from + rest
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap_or(rest.len())
    }

    /// A word without quotes.
    fn bare(&self, start: usize) -> Extent {
        let rest = &self.bytes[start..];
        if let Some(length) = marker_len(rest) {
            let ends = rest.get(length).is_none_or(|byte| is_delimiter(*byte));
            if ends {
                return None;
            }
        }
        let marker = marker_len(rest).unwrap_or(0);
        let mut length = marker
            + rest[marker..]
                .iter()
                .position(|byte| is_delimiter(*byte))
                .unwrap_or(rest.len() - marker);
        // A backslash in front of a quote belongs to the quote.
        if matches!(rest.get(length), Some(b'"' | b'\'')) {
            while length > 0 && rest[length - 1] == b'\\' {
                length -= 1;
            }
        }
        while length > 0 && closes_outside(&rest[..length]) {
            length -= 1;
        }
        (length > 0).then_some((start, start + length))
    }
}

fn is_delimiter(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | b',' | b';' | b'&' | b'<')
}

/// Whether the last byte of a word closes a bracket that was opened before it.
fn closes_outside(word: &[u8]) -> bool {
    let Some((last, inner)) = word.split_last() else {
        return false;
    };
    let opening = match last {
        b')' => b'(',
        b']' => b'[',
        b'}' => b'{',
        b'>' => b'<',
        _ => return false,
    };
    !inner.contains(&opening)
}

fn is_no_value(word: &str) -> bool {
    word.bytes().all(|byte| byte == b'*')
        || matches!(word, "{}" | "[]" | "()")
        || NO_VALUES
            .iter()
            .any(|known| known.eq_ignore_ascii_case(word))
}
