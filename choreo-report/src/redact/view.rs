//! Texts with their escapes undone, and where each part was: a secret may stand in JSON text inside
//! of JSON text, or in the query of a URL.

/// A decoded text.
#[derive(Debug)]
pub(super) struct View {
    pub(super) text: String,
    /// For each byte of `text`, and for its end, where what it was made from begins.
    pub(super) starts: Vec<usize>,
}

/// Undoes escapes with a backslash, as JSON and Rust write them; nothing if there are none.
pub(super) fn without_backslashes(text: &str) -> Option<View> {
    if !text.contains('\\') {
        return None;
    }
    let mut builder = Builder::new(text);
    let mut at = 0;
    while let Some(offset) = text[at..].find('\\') {
        builder.copy(at, at + offset);
        at += offset;
        match escape(&text[at..]) {
            Some((character, length)) => {
                builder.push(character, at);
                at += length;
            }
            None => {
                builder.copy(at, at + 1);
                at += 1;
            }
        }
    }
    builder.finish(at)
}

/// Undoes percent-encoding, and `+` for a space; nothing if there is none.
pub(super) fn without_percents(text: &str) -> Option<View> {
    let bytes = text.as_bytes();
    let mut builder = Builder::new(text);
    let mut copied = 0;
    let mut at = 0;
    while let Some(offset) = text[at..].find('%') {
        at += offset;
        let run: Vec<u8> = bytes[at..]
            .chunks_exact(3)
            .map_while(|unit| match unit {
                [b'%', high, low] => Some(hex(*high)? * 16 + hex(*low)?),
                _ => None,
            })
            .collect();
        match std::str::from_utf8(&run) {
            Ok(decoded) if !run.is_empty() => {
                builder.copy_form(copied, at);
                let mut unit = at;
                for character in decoded.chars() {
                    builder.push(character, unit);
                    unit += 3 * character.len_utf8();
                }
                at += 3 * run.len();
                copied = at;
            }
            _ => at += (3 * run.len()).max(1),
        }
    }
    if copied == 0 {
        return None;
    }
    builder.copy_form(copied, text.len());
    builder.finish(text.len())
}

struct Builder<'t> {
    source: &'t str,
    view: View,
}

impl<'t> Builder<'t> {
    fn new(source: &'t str) -> Self {
        Self {
            source,
            view: View {
                text: String::new(),
                starts: Vec::new(),
            },
        }
    }

    fn copy(&mut self, from: usize, to: usize) {
        self.view.text.push_str(&self.source[from..to]);
        self.view.starts.extend(from..to);
    }

    /// The same with spaces for `+`, as forms are encoded.
    fn copy_form(&mut self, from: usize, to: usize) {
        let plain = self.source[from..to].chars();
        self.view
            .text
            .extend(plain.map(|character| if character == '+' { ' ' } else { character }));
        self.view.starts.extend(from..to);
    }

    fn push(&mut self, character: char, start: usize) {
        self.view.text.push(character);
        self.view
            .starts
            .extend(std::iter::repeat_n(start, character.len_utf8()));
    }

    fn finish(mut self, from: usize) -> Option<View> {
        self.copy(from, self.source.len());
        self.view.starts.push(self.source.len());
        Some(self.view)
    }
}

/// The character of the escape that a text starts with, and the length of the escape.
fn escape(text: &str) -> Option<(char, usize)> {
    let bytes = text.as_bytes();
    let character = match bytes.get(1)? {
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'0' => '\0',
        quoted @ (b'"' | b'\'' | b'\\' | b'/') => char::from(*quoted),
        b'x' => {
            let value = hex(*bytes.get(2)?)? * 16 + hex(*bytes.get(3)?)?;
            return Some((char::from(value), 4));
        }
        b'u' if bytes.get(2) == Some(&b'{') => {
            let digits = bytes[3..].iter().take(7).position(|byte| *byte == b'}')?;
            let value = u32::from_str_radix(text.get(3..3 + digits)?, 16).ok()?;
            return Some((char::from_u32(value)?, digits + 4));
        }
        b'u' => return unicode(bytes),
        _ => return None,
    };
    Some((character, 2))
}

/// `\u0041`, or two of them for a character beyond the first plane.
fn unicode(bytes: &[u8]) -> Option<(char, usize)> {
    let unit = |at: usize| -> Option<u32> {
        let digits = bytes.get(at..at + 4)?;
        digits
            .iter()
            .try_fold(0, |value, digit| Some(value * 16 + u32::from(hex(*digit)?)))
    };
    let first = unit(2)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 6));
    }
    let second = (bytes.get(6..8) == Some(b"\\u")).then(|| unit(8)).flatten();
    match second {
        Some(second) if first < 0xDC00 && (0xDC00..0xE000).contains(&second) => {
            let value = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            Some((char::from_u32(value)?, 12))
        }
        _ => Some((char::REPLACEMENT_CHARACTER, 6)),
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backslashes_are_undone_with_their_places() {
        let view = without_backslashes(r#"a\"b\u0063\ud83d\ude00\q"#).expect("there are escapes");
        assert_eq!(view.text, "a\"bc😀\\q");
        assert_eq!(view.starts, [0, 1, 3, 4, 10, 10, 10, 10, 22, 23, 24]);
        let rust = without_backslashes(r"\u{e9}\x41\0").expect("there are escapes");
        assert_eq!(rust.text, "éA\0");
        assert!(without_backslashes("plain").is_none());
    }

    #[test]
    fn broken_escapes_stay_as_they_are() {
        for text in [r"\", r"\u12", r"\u{110000}", r"\u{zz}", r"\xZ1", r"\é"] {
            let view = without_backslashes(text).expect("there is a backslash");
            assert_eq!(view.text, text);
        }
        let lone = without_backslashes(r"\ud83d!").expect("there is a backslash");
        assert_eq!(lone.text, "\u{FFFD}!");
    }

    #[test]
    fn percents_are_undone_with_their_places() {
        let view = without_percents("a%20b+c%C3%A9%").expect("it is encoded");
        assert_eq!(view.text, "a b cé%");
        assert_eq!(view.starts, [0, 1, 4, 5, 6, 7, 7, 13, 14]);
        for plain in ["plain", "100 %", "%zz", "%ff%fe", "%"] {
            assert!(without_percents(plain).is_none(), "{plain}");
        }
    }
}
