//! Text for people: durations, plurals, colour.

use std::fmt::{self, Display};
use std::time::Duration;

/// Whether text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    ansi: bool,
}

/// What a piece of text means; the terminal's colours follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Warn,
    Bad,
    Strong,
    Quiet,
}

impl Style {
    pub(crate) const fn plain() -> Self {
        Self { ansi: false }
    }

    pub(crate) const fn ansi() -> Self {
        Self { ansi: true }
    }

    /// The text in a tone. Pad it before: escape codes have a width of their own.
    pub(crate) fn paint(self, tone: Tone, text: impl Display) -> String {
        if !self.ansi {
            return text.to_string();
        }
        let code = match tone {
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "1;31",
            Tone::Strong => "1",
            Tone::Quiet => "2",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// `1 message`, `2 messages`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else if let Some(stem) = noun.strip_suffix("ss") {
        format!("{number} {stem}sses")
    } else {
        format!("{number} {noun}s")
    }
}

/// A duration with three significant digits and a unit.
pub(crate) struct Took(pub(crate) Duration);

impl Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        let (value, unit) = match nanos {
            0..1_000 => return write!(f, "{nanos} ns"),
            1_000..1_000_000 => (self.0.as_secs_f64() * 1e6, "µs"),
            1_000_000..1_000_000_000 => (self.0.as_secs_f64() * 1e3, "ms"),
            _ => (self.0.as_secs_f64(), "s"),
        };
        // A whole number of the unit is what a person wrote: a budget, a timeout.
        let decimals = match value {
            v if (v - v.round()).abs() < 1e-6 => 0,
            v if v < 10.0 => 2,
            v if v < 100.0 => 1,
            _ => 0,
        };
        write!(f, "{value:.decimals$} {unit}")
    }
}

/// At most so many characters; what is cut is marked.
pub(crate) fn shorten(text: &str, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max_chars.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// How many single-character edits lie between two texts.
pub(crate) fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[right.len()]
}

/// Whether one name may be a slip of the pen for the other. In a short one a letter is a good part of it.
pub(crate) fn is_slip(left: &str, right: &str) -> bool {
    let distance = edit_distance(left, right);
    (1..=2).contains(&distance) && distance * 3 <= left.chars().count()
}

/// The name of a type without the modules it is in.
pub(crate) fn short_type_name<T>() -> String {
    let mut short = String::new();
    let mut word = String::new();
    for character in std::any::type_name::<T>().chars() {
        match character {
            ':' => word.clear(),
            character if character.is_alphanumeric() || character == '_' => word.push(character),
            other => {
                short.push_str(&std::mem::take(&mut word));
                short.push(other);
            }
        }
    }
    short + &word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        let shown = |nanos| Took(Duration::from_nanos(nanos)).to_string();
        assert_eq!(shown(0), "0 ns");
        assert_eq!(shown(1_500), "1.50 µs");
        assert_eq!(shown(12_345_678), "12.3 ms");
        assert_eq!(shown(50_000_000), "50 ms");
        assert_eq!(shown(999_400_000), "999 ms");
        assert_eq!(shown(2_000_000_000), "2 s");
    }

    #[test]
    fn plurals_and_cuts() {
        assert_eq!(count(1, "near miss"), "1 near miss");
        assert_eq!(count(2, "near miss"), "2 near misses");
        assert_eq!(count(0, "message"), "0 messages");
        assert_eq!(shorten("größer", 4), "grö…");
        assert_eq!(shorten("abc", 3), "abc");
    }

    #[test]
    fn edits_are_counted() {
        assert_eq!(edit_distance("orders.processed", "orders.procesed"), 1);
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert!(is_slip("orders.processed", "orders.procesed"));
        assert!(!is_slip("orders", "orders"));
        assert!(!is_slip("ask", "asked"));
    }
}
