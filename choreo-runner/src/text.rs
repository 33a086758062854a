//! Words, numbers and colours for people.

use std::fmt::{self, Display};
use std::time::Duration;

/// A measured duration with three significant digits at most: `12.3 ms`, `73 ms`, `1.24 s`.
pub(crate) fn measured(duration: Duration) -> String {
    let nanos = duration.as_secs_f64() * 1e9;
    if nanos < 1.0 {
        return "0 ms".to_owned();
    }
    // Compared after rounding, so that 999.9 µs is 1 ms and not 1000 µs.
    let (value, unit) = [(1.0, "ns"), (1e3, "µs"), (1e6, "ms")]
        .into_iter()
        .map(|(size, unit)| (nanos / size, unit))
        .find(|(value, _)| *value < 999.5)
        .unwrap_or((nanos / 1e9, "s"));
    let decimals = match value {
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
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

/// A number with its noun: `1 scenario`, `3 scenarios`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}

/// The first line of a text, for places that have room for one.
pub(crate) fn first_line(text: &str) -> &str {
    text.trim_start()
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end()
}

/// What a piece of text says, from which follows how it looks on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Warning,
    Bad,
    /// Detail that the eye may pass over.
    Quiet,
    Heading,
}

/// Colours, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    pub(crate) color: bool,
}

impl Paint {
    pub(crate) fn paint<T: Display>(self, tone: Tone, text: T) -> Painted<T> {
        Painted {
            tone: self.color.then_some(tone),
            text,
        }
    }
}

/// A text in its tone. Padding applies to the text, not to the colour codes.
pub(crate) struct Painted<T> {
    tone: Option<Tone>,
    text: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(tone) = self.tone else {
            return self.text.fmt(f);
        };
        f.write_str(match tone {
            Tone::Good => "\x1b[32m",
            Tone::Warning => "\x1b[33m",
            Tone::Bad => "\x1b[1;31m",
            Tone::Quiet => "\x1b[2m",
            Tone::Heading => "\x1b[1m",
        })?;
        self.text.fmt(f)?;
        f.write_str("\x1b[0m")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_significant_digits_at_most() {
        let table = [
            (0, "0 ms"),
            (1, "1 ns"),
            (850, "850 ns"),
            (1_500, "1.5 µs"),
            (999_900, "1 ms"),
            (12_345_678, "12.3 ms"),
            (73_000_000, "73 ms"),
            (99_960_000, "100 ms"),
            (500_000_000, "500 ms"),
            (999_600_000, "1 s"),
            (1_240_000_000, "1.24 s"),
            (75_000_000_000, "75 s"),
            (1_200_000_000_000, "1200 s"),
        ];
        for (nanos, text) in table {
            assert_eq!(measured(Duration::from_nanos(nanos)), text, "{nanos} ns");
        }
    }

    #[test]
    fn padding_does_not_count_the_colour() {
        let paint = Paint { color: true };
        assert_eq!(
            format!("{:>4}", paint.paint(Tone::Good, "ok")),
            "\x1b[32m  ok\x1b[0m"
        );
        let plain = Paint { color: false };
        assert_eq!(format!("{:>4}", plain.paint(Tone::Good, "ok")), "  ok");
    }

    #[test]
    fn nouns_follow_their_number() {
        assert_eq!(count(1, "scenario"), "1 scenario");
        assert_eq!(count(0, "scenario"), "0 scenarios");
    }

    #[test]
    fn the_first_line_skips_leading_blank_lines() {
        assert_eq!(first_line("\n  one \ntwo"), "one");
        assert_eq!(first_line(""), "");
    }
}
