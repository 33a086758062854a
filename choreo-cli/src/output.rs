//! Text for people on a terminal: colours where they are wanted, and nothing that drives the terminal
//! out of what was read.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::io::Write;

use choreo_report::model::Millis;

/// Writes to the standard output. Whoever reads may have gone away, as in `… | head`.
pub(crate) fn print(text: &str) {
    let mut out = anstream::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Says what went wrong.
pub(crate) fn error(text: &impl Display) {
    let text = text.to_string();
    let mut out = anstream::stderr().lock();
    let title = Painted(Tone::Bad, "error:");
    let _ = writeln!(out, "{title} {}", safe(&text));
}

/// Says what should be known beside the result.
pub(crate) fn note(text: &str) {
    let mut out = anstream::stderr().lock();
    let _ = writeln!(out, "{}", safe(text));
}

/// The text without characters that a terminal obeys.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    let drives = |c: char| c.is_control() && c != '\n' && c != '\t';
    if text.contains(drives) {
        let shown = |c: char| if drives(c) { '\u{FFFD}' } else { c };
        Cow::Owned(text.chars().map(shown).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// The same on one line, and not longer than that.
pub(crate) fn line(text: &str, most: usize) -> String {
    let text = safe(text);
    let mut words = text.split_whitespace();
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        out.push(' ');
        out.push_str(word);
    }
    if out.chars().count() > most {
        let cut = out.char_indices().nth(most.saturating_sub(1));
        out.truncate(cut.map_or(out.len(), |(at, _)| at));
        out.push('…');
    }
    out
}

/// What a text says, from which follows how it looks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tone {
    Good,
    Warning,
    Bad,
    /// Detail that the eye may pass over.
    Quiet,
    Heading,
}

/// A text in its tone. Padding applies to the text.
pub(crate) struct Painted<T>(pub(crate) Tone, pub(crate) T);

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Tone::Good => "\x1b[32m",
            Tone::Warning => "\x1b[33m",
            Tone::Bad => "\x1b[1;31m",
            Tone::Quiet => "\x1b[2m",
            Tone::Heading => "\x1b[1m",
        })?;
        self.1.fmt(f)?;
        f.write_str("\x1b[0m")
    }
}

/// A number with its noun: `1 test`, `3 tests`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}

/// A duration with three significant digits at most: `12.3 ms`, `73 ms`, `1.24 s`.
pub(crate) fn measured(duration: Millis) -> String {
    let ms = duration.get();
    let (value, unit) = match ms {
        0.0 => return "0 ms".to_owned(),
        // Compared after rounding, so that 999.9 µs is 1 ms and not 1000 µs.
        ms if ms < 0.9995 => (ms * 1e3, "µs"),
        ms if ms < 999.5 => (ms, "ms"),
        ms => (ms / 1e3, "s"),
    };
    let decimals = match value {
        value if value < 9.995 => 2,
        value if value < 99.95 => 1,
        _ => 0,
    };
    let digits = format!("{value:.decimals$}");
    let digits = if digits.contains('.') {
        digits.trim_end_matches('0').trim_end_matches('.')
    } else {
        &digits
    };
    format!("{digits} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_significant_digits_at_most() {
        for (ms, text) in [
            (0.0, "0 ms"),
            (0.0015, "1.5 µs"),
            (0.9999, "1 ms"),
            (12.345, "12.3 ms"),
            (73.0, "73 ms"),
            (999.6, "1 s"),
            (1240.0, "1.24 s"),
            (1_200_000.0, "1200 s"),
        ] {
            let duration = Millis::new(ms).expect("it is finite");
            assert_eq!(measured(duration), text);
        }
    }

    #[test]
    fn nothing_that_was_read_drives_the_terminal() {
        assert_eq!(safe("a\x1b[31m\u{7}b\n\tc"), "a\u{FFFD}[31m\u{FFFD}b\n\tc");
        assert_eq!(line("a \n b\x1b  ccc", 6), "a b\u{FFFD} …");
    }
}
