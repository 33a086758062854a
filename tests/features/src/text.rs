//! Failure texts without what changes from run to run.

use regex::Regex;

/// Replaces durations, ids, lines, and the name of the one transport that there is.
///
/// # Panics
///
/// When one of its own regexes is none.
pub fn normalised(text: &str) -> String {
    let replaced = [
        (r" *\+?\d+(\.\d+)? (ns|µs|ms|s)\b", " <time>"),
        // Two messages of one instant.
        (r"\bcame just before\b", "came <time> before"),
        (r"\b(sha256:[0-9a-f]{16}|[0-9a-f]{32})\b", "<id>"),
        (r"\.rs:\d+", ".rs:<line>"),
        (r"(?m)^(\w+  .+  over )(Memory|NATS)$", "$1<transport>"),
        (r"(?m)^  (Memory|NATS) keeps", "  <transport> keeps"),
    ];
    replaced.iter().fold(text.to_owned(), |text, (from, to)| {
        let from = Regex::new(from).expect("the regexes of this list compile");
        from.replace_all(&text, *to).into_owned()
    })
}
