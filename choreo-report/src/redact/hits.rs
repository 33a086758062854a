//! What is to be hidden in one text: ranges with the rules that found them.

use std::ops::Range;

use super::marker::{marker, markers};

/// The rules that come with Choreo. Where two find the same, the one named first is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rule {
    /// A secret that the run itself resolved.
    Secret,
    /// One of the user's own, by its number.
    Own(usize),
    PrivateKey,
    Jwt,
    AwsKey,
    ApiKey,
    Bearer,
    Basic,
    Authorization,
    Url,
    /// `name=value` in a text.
    Assignment,
    /// The value of a field.
    Field,
}

impl Rule {
    /// The name of the rule that looks at names of fields.
    pub(super) const FIELD: &'static str = "field";

    pub(super) fn name(self, own: &[impl AsRef<str>]) -> &str {
        match self {
            Self::Secret => "secret",
            // Numbers come from the same list.
            Self::Own(number) => own.get(number).map_or("own", AsRef::as_ref),
            Self::PrivateKey => "private-key",
            Self::Jwt => "jwt",
            Self::AwsKey => "aws-key",
            Self::ApiKey => "api-key",
            Self::Bearer => "bearer",
            Self::Basic => "basic",
            Self::Authorization => "authorization",
            Self::Url => "url",
            Self::Assignment => "assignment",
            Self::Field => Self::FIELD,
        }
    }
}

/// Ranges of one text, in any order, also overlapping.
#[derive(Debug, Default)]
pub(super) struct Hits(Vec<(Range<usize>, Rule)>);

impl Hits {
    pub(super) fn add(&mut self, range: Range<usize>, rule: Rule) {
        if !range.is_empty() {
            self.0.push((range, rule));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges of a decoded text, seen from the text that it was decoded from.
    pub(super) fn add_decoded(&mut self, decoded: Hits, starts: &[usize]) {
        for (range, rule) in decoded.0 {
            self.add(starts[range.start]..starts[range.end], rule);
        }
    }

    /// Ranges that do not overlap, in order, each with the rule that found most of it. What is a
    /// marker already is left out.
    pub(super) fn merged(mut self, text: &str) -> Vec<(Range<usize>, Rule)> {
        let markers: Vec<_> = markers(text).collect();
        for (range, _) in &mut self.0 {
            *range = whole_characters(text, range.clone());
            whole_markers(range, &markers);
        }
        self.0.retain(|(range, _)| !range.is_empty());
        self.0
            .sort_by_key(|(range, rule)| (range.start, std::cmp::Reverse(range.end), *rule));
        let mut merged: Vec<(Range<usize>, Rule)> = Vec::new();
        let mut longest = 0;
        for (range, rule) in self.0 {
            match merged.last_mut() {
                Some((last, shown)) if range.start < last.end => {
                    if range.len() > longest {
                        longest = range.len();
                        *shown = rule;
                    }
                    last.end = last.end.max(range.end);
                }
                _ => {
                    longest = range.len();
                    merged.push((range, rule));
                }
            }
        }
        merged
    }
}

/// The text with markers in the place of the ranges.
pub(super) fn replace(
    text: &str,
    ranges: &[(Range<usize>, Rule)],
    own: &[impl AsRef<str>],
) -> String {
    let mut out = String::with_capacity(text.len() + 16 * ranges.len());
    let mut copied = 0;
    for (range, rule) in ranges {
        out.push_str(&text[copied..range.start]);
        out.push_str(&marker(rule.name(own)));
        copied = range.end;
    }
    out.push_str(&text[copied..]);
    out
}

/// Widens a range to whole markers. Nothing is left of it if it is inside of one.
fn whole_markers(range: &mut Range<usize>, markers: &[Range<usize>]) {
    let first = markers.partition_point(|marker| marker.end <= range.start);
    for marker in &markers[first..] {
        if marker.start >= range.end {
            break;
        }
        if marker.start <= range.start && range.end <= marker.end {
            range.end = range.start;
            break;
        }
        *range = range.start.min(marker.start)..range.end.max(marker.end);
    }
}

/// Widens a range to whole characters of the text.
fn whole_characters(text: &str, range: Range<usize>) -> Range<usize> {
    let mut start = range.start.min(text.len());
    let mut end = range.end.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_NAMES: &[&str] = &[];

    #[test]
    fn overlapping_ranges_become_one_with_the_longest_rule() {
        let mut hits = Hits::default();
        hits.add(2..4, Rule::Jwt);
        hits.add(0..3, Rule::Assignment);
        hits.add(3..8, Rule::Url);
        hits.add(9..10, Rule::Basic);
        let text = "0123456789";
        let merged = hits.merged(text);
        assert_eq!(merged, [(0..8, Rule::Url), (9..10, Rule::Basic)]);
        assert_eq!(
            replace(text, &merged, NO_NAMES),
            "<redacted:url>8<redacted:basic>"
        );
    }

    #[test]
    fn of_two_rules_for_the_same_the_more_telling_is_shown() {
        let mut hits = Hits::default();
        hits.add(0..3, Rule::Assignment);
        hits.add(0..3, Rule::Secret);
        assert_eq!(hits.merged("abc"), [(0..3, Rule::Secret)]);
    }

    #[test]
    fn ranges_grow_to_whole_characters_and_stay_inside() {
        let mut hits = Hits::default();
        hits.add(1..99, Rule::Own(0));
        assert_eq!(hits.merged("é"), [(0..2, Rule::Own(0))]);
    }

    #[test]
    fn markers_are_left_alone() {
        let mut hits = Hits::default();
        hits.add(2..17, Rule::Field);
        assert_eq!(hits.merged("x=<redacted:jwt>"), []);
    }
}
