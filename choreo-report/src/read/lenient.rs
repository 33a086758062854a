//! Reports of the Python tool that are no strict JSON: its numbers that are none, and halves of surrogate pairs.

use crate::model::{Notice, NoticeKind};

/// What Python writes for numbers that JSON does not have.
const NO_NUMBERS: [&str; 3] = ["NaN", "Infinity", "-Infinity"];

/// How the replacement character is written in a string: as long as what it replaces.
const REPLACEMENT: &[u8; 6] = br"\ufffd";

/// A text in which each word for a number that is none is a string, and each half of a surrogate pair the
/// replacement character. All else is as it was.
#[derive(Debug, Default)]
pub(super) struct Replaced {
    pub(super) json: Vec<u8>,
    /// Where in `json` quotes have been added, two around each word.
    quotes: Vec<usize>,
    /// How often each of `NO_NUMBERS` was replaced.
    words: [u64; 3],
    halves: u64,
}

impl Replaced {
    /// Replaces what can be; none if there is nothing of the kind.
    pub(super) fn of(original: &[u8]) -> Option<Self> {
        let mut new = Self::default();
        let mut rest = original;
        while let Some(&first) = rest.first() {
            rest = match first {
                b'"' => new.string(rest),
                b'N' | b'I' | b'-' => new.word(rest),
                _ => new.copy(rest, 1),
            };
        }
        (new.halves > 0 || !new.quotes.is_empty()).then_some(new)
    }

    /// Copies some bytes; returns what is behind them.
    fn copy<'b>(&mut self, rest: &'b [u8], bytes: usize) -> &'b [u8] {
        let (copied, behind) = rest.split_at(bytes.min(rest.len()));
        self.json.extend_from_slice(copied);
        behind
    }

    fn quote(&mut self) {
        self.quotes.push(self.json.len());
        self.json.push(b'"');
    }

    /// Passes over a word, or one byte that begins none.
    fn word<'b>(&mut self, rest: &'b [u8]) -> &'b [u8] {
        for (word, count) in NO_NUMBERS.iter().zip(0..) {
            if let Some(behind) = rest.strip_prefix(word.as_bytes())
                && ends_value(behind)
            {
                self.words[count] += 1;
                self.quote();
                self.copy(rest, word.len());
                self.quote();
                return behind;
            }
        }
        self.copy(rest, 1)
    }

    /// Passes over a string.
    fn string<'b>(&mut self, rest: &'b [u8]) -> &'b [u8] {
        let mut rest = self.copy(rest, 1);
        loop {
            rest = match rest {
                [] => return rest,
                [b'"', ..] => return self.copy(rest, 1),
                [b'\\', b'u', ..] => match unit(rest) {
                    Some(0xD800..=0xDBFF) if matches!(unit(&rest[6..]), Some(0xDC00..=0xDFFF)) => {
                        self.copy(rest, 12)
                    }
                    Some(0xD800..=0xDFFF) => {
                        self.halves += 1;
                        self.json.extend_from_slice(REPLACEMENT);
                        &rest[6..]
                    }
                    _ => self.copy(rest, 2),
                },
                [b'\\', ..] => self.copy(rest, 2),
                _ => {
                    let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'));
                    self.copy(rest, plain.unwrap_or(rest.len()))
                }
            };
        }
    }

    /// How many bytes of the original a reader had read that has read so many of the new text.
    fn read(&self, bytes: usize) -> usize {
        bytes - self.quotes.partition_point(|quote| *quote < bytes)
    }

    /// Line and column in the original of those in the new text, as `serde_json` counts them.
    pub(super) fn place(&self, line: usize, column: usize) -> (usize, usize) {
        let lines = self.json.split_inclusive(|byte| *byte == b'\n');
        let before: usize = lines.take(line.saturating_sub(1)).map(<[u8]>::len).sum();
        // No line ends in a word, so that both texts have the same lines.
        (line, self.read(before + column) - self.read(before))
    }

    /// What was replaced, how often, and by what.
    pub(super) fn notices(&self) -> Vec<Notice> {
        let words = NO_NUMBERS.iter().zip(self.words).map(|(word, count)| {
            let text = format!("`{word}`, which JSON does not have, was read as the text “{word}”");
            (text, count)
        });
        let half = "half of a surrogate pair, which is no character, was read as U+FFFD";
        words
            .chain([(half.to_owned(), self.halves)])
            .filter(|(_, count)| *count > 0)
            .map(|(text, count)| Notice::new(NoticeKind::Replaced, text, count))
            .collect()
    }
}

/// Whether a value could have ended before this.
fn ends_value(behind: &[u8]) -> bool {
    let next = behind.iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(next, None | Some(b',' | b']' | b'}'))
}

/// The UTF-16 code unit that an escape at the beginning stands for.
fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(br"\u")?.get(..4)?;
    digits.iter().try_fold(0, |unit, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(unit << 4 | u16::try_from(digit).ok()?)
    })
}

/// The same problem with a word that has been replaced in its place.
pub(super) fn without_quotes(problem: &str) -> String {
    let word = NO_NUMBERS.into_iter().find_map(|word| {
        let rest = problem.strip_prefix(&format!("invalid type: string \"{word}\""))?;
        Some(format!("`{word}` is no value that JSON has{rest}"))
    });
    word.unwrap_or_else(|| problem.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn replaced(text: &str) -> String {
        let replaced = Replaced::of(text.as_bytes()).expect("there is something to replace");
        String::from_utf8(replaced.json).unwrap()
    }

    #[test]
    fn words_become_strings() {
        for (text, expected) in [
            ("NaN", r#""NaN""#),
            (
                "[NaN,-Infinity , Infinity]",
                r#"["NaN","-Infinity" , "Infinity"]"#,
            ),
            (
                "{\"a\": NaN\n, \"NaN\": Infinity}",
                "{\"a\": \"NaN\"\n, \"NaN\": \"Infinity\"}",
            ),
            (r#"["\"NaN, NaN", NaN]"#, r#"["\"NaN, NaN", "NaN"]"#),
            (r#"["\\", NaN]"#, r#"["\\", "NaN"]"#),
        ] {
            assert_eq!(replaced(text), expected);
        }
    }

    #[test]
    fn halves_become_the_replacement_character() {
        for (text, expected) in [
            (r#""\ud800 lone""#, r#""\ufffd lone""#),
            (r#""\uDE00\uD83D""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ud83d\u0041\ud83d\n""#, r#""\ufffd\u0041\ufffd\n""#),
            (r#"{"\udfff": 1}"#, r#"{"\ufffd": 1}"#),
        ] {
            assert_eq!(replaced(text), expected);
        }
    }

    #[test]
    fn all_else_stays() {
        for text in [
            "",
            "[-1, -0.5, null, true]",
            r#"["NaN", "-Infinity", "\\ud800", "\ud83d\ude00", "\u00e9", "\\"]"#,
            r#"{"NaN": "Infinity"}"#,
            // No values, though they look like some.
            "{NaN: 1}",
            "[NaNs, nan, +Inf, Infinity1]",
            r#""\ud8"#,
            r#""\ud8zz""#,
            r#""\"#,
        ] {
            assert!(Replaced::of(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn each_kind_is_counted() {
        let text = br#"[NaN, Infinity, NaN, "\ud800\ud800", {"\ud800": -Infinity}]"#;
        let notices = Replaced::of(text).unwrap().notices();
        let told: Vec<_> = notices.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "`NaN`, which JSON does not have, was read as the text “NaN” (2)",
                "`Infinity`, which JSON does not have, was read as the text “Infinity”",
                "`-Infinity`, which JSON does not have, was read as the text “-Infinity”",
                "half of a surrogate pair, which is no character, was read as U+FFFD (3)",
            ]
        );
    }

    #[test]
    fn places_are_those_of_the_original() {
        let replaced = Replaced::of(b"[NaN,\n NaN, NaN, 1]\n").unwrap();
        // After the second word of the second line, and at the number.
        assert_eq!(replaced.place(2, 13), (2, 9));
        assert_eq!(replaced.place(2, 16), (2, 12));
        assert_eq!(replaced.place(1, 0), (1, 0));
        assert_eq!(replaced.place(3, 0), (3, 0));
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "(NaN|-?Infinity|[\"\\\\\u{e000}, \u{1f600}:\\]}]){0,5}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn strict_json_is_never_changed(value in value()) {
            for json in [serde_json::to_vec(&value), serde_json::to_vec_pretty(&value)] {
                prop_assert!(Replaced::of(&json.unwrap()).is_none());
            }
        }

        #[test]
        fn any_bytes_are_copied_but_for_what_is_replaced(bytes in "[NaInfity\"\\\\ud8c, -]{0,60}") {
            if let Some(replaced) = Replaced::of(bytes.as_bytes()) {
                prop_assert_eq!(replaced.json.len(), bytes.len() + replaced.quotes.len());
                prop_assert_eq!(replaced.read(replaced.json.len()), bytes.len());
            }
        }
    }
}
