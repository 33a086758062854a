//! What outputs do not show: what reports do not show either.

use anstream::adapter::strip_str;
use choreo_report::redact::Redactor;

/// Ends whatever colours a text has begun.
const RESET: &str = "\x1b[0m";

/// Redacts texts for people, and counts what it hides.
#[derive(Debug)]
pub(crate) struct Redacted {
    /// Nothing is hidden: the reader asked for it.
    show_secrets: bool,
    hidden: u64,
}

impl Redacted {
    pub(crate) fn new(show_secrets: bool) -> Self {
        Self {
            show_secrets,
            hidden: 0,
        }
    }

    /// How many values were hidden.
    pub(crate) fn hidden(&self) -> u64 {
        self.hidden
    }

    pub(crate) fn text(&mut self, text: &str) -> String {
        if self.show_secrets {
            return text.to_owned();
        }
        let mut redactor = Redactor::of_process();
        let redacted = redacted(text, &mut redactor);
        self.hidden += redactor.take_counts().values().sum::<u64>();
        redacted
    }
}

/// Redacts what a person would read of a text: a colour in the middle of a value, or between it and its name, does
/// not keep it from being found. Lines of which nothing is hidden keep their colours.
pub(crate) fn redacted(text: &str, redactor: &mut Redactor) -> String {
    let plain = strip_str(text).to_string();
    let mut redacted = plain.clone();
    redactor.text(&mut redacted);
    if redacted == plain {
        return text.to_owned();
    }
    let is_coloured = plain.len() < text.len();
    let mut originals = text.split('\n');
    let lines = redacted.split('\n').map(|line| match originals.next() {
        Some(original) if strip_str(original).to_string() == line => original.to_owned(),
        _ if is_coloured => format!("{RESET}{line}{RESET}"),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_keep_nothing_from_being_found() {
        for text in [
            "password: hunter22",
            "\x1b[1mpassword\x1b[0m: \x1b[31mhunter22\x1b[0m",
            "password: hun\x1b[1mter\x1b[0m22",
            "pass\x1b[2mword: hunter22",
        ] {
            let mut redacted = Redacted::new(false);
            let shown = redacted.text(text);
            let plain = strip_str(&shown).to_string();
            assert_eq!(plain, "password: <redacted:assignment>", "{text:?}");
            assert_eq!(redacted.hidden(), 1, "{text:?}");
            assert_eq!(Redacted::new(true).text(text), text);
        }
    }

    #[test]
    fn lines_without_anything_to_hide_keep_their_colours() {
        let mut redacted = Redacted::new(false);
        let shown = redacted.text("\x1b[32mone\npassword=hunter22\x1b[0m\n\x1b[31mthree\x1b[0m");
        assert_eq!(
            shown,
            "\x1b[32mone\n\x1b[0mpassword=<redacted:assignment>\x1b[0m\n\x1b[31mthree\x1b[0m"
        );
        let harmless = "\x1b[31mnothing came\x1b[0m";
        assert_eq!(redacted.text(harmless), harmless);
        assert_eq!(redacted.hidden(), 1);
    }
}
