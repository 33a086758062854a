//! Something wrong came: the closest near miss, field by field.

use std::fmt::Write as _;

use super::Text;
use crate::codec::Incoming;
use crate::matcher::{MismatchKind, Part, Segment, diff};
use crate::outcome::{HandleData, NearMiss, ReplyReport, Wants};
use crate::text::{Tone, count, shorten};

/// Differing fields that are shown of one near miss.
const FIELDS_SHOWN: usize = 16;
/// Characters of a value that are shown.
const VALUE_CHARS: usize = 120;
/// Characters of a payload that are shown.
const PAYLOAD_CHARS: usize = 400;
/// The status of a request that nobody listens for.
const NO_LISTENER: u16 = 503;

/// Whether a broker says that a request has no listener: NATS does, with a status of its own.
fn is_from_broker(near_miss: &NearMiss) -> bool {
    let Some(message) = &near_miss.message else {
        return false;
    };
    let envelope = message.envelope();
    envelope.payload.is_empty() && envelope.metadata.get("status") == Some(&NO_LISTENER.into())
}

impl Text<'_> {
    pub(super) fn near_misses(&mut self, data: &HandleData) {
        let Some(closest) = data.near_misses.first() else {
            return;
        };
        let differing = diff::leaves(&closest.mismatch).count() as u64;
        let matched = data.tally.as_ref().map_or(0, |tally| tally.count);
        let which = match data.near_miss_count {
            1 if matched == 0 => "it".to_owned(),
            // Those that matched were spoken of before this.
            1 => "another message".to_owned(),
            many => format!("the closest of {}", count(many, "near miss")),
        };
        let is_set = matches!(&data.tally, Some(tally) if matches!(tally.wants, Wants::Set { .. }));
        let from = match is_set {
            true => format!(" from {}", shorten(&closest.mismatch.expected, VALUE_CHARS)),
            false => String::new(),
        };
        let mut head = format!("{which} differs{from} in {}", count(differing, "place"));
        if *closest.topic != *data.topic && !self.result.is_inbox(&data.topic) {
            let _ = write!(head, " (on {})", closest.topic);
        }
        self.line(6, format!("{head}:"));
        self.fields(closest);
        self.payload(closest);
        self.around(closest);
        if self.result.is_inbox(&data.topic) && is_from_broker(closest) {
            let text = "the broker sent it, as nobody listens for the request";
            self.line(6, self.paint(Tone::Warn, text));
        }
        let others: Vec<_> = data.near_misses[1..]
            .iter()
            .map(|other| diff::leaves(&other.mismatch).count().to_string())
            .take(5)
            .collect();
        if !others.is_empty() {
            let more = if data.near_miss_count > 6 {
                ", …"
            } else {
                ""
            };
            let text = format!("the others differ in {}{more} places", others.join(", "));
            self.line(6, self.paint(Tone::Quiet, text));
        }
    }

    fn fields(&mut self, near_miss: &NearMiss) {
        let leaves: Vec<_> = diff::leaves(&near_miss.mismatch).collect();
        let rows: Vec<_> = leaves
            .iter()
            .take(FIELDS_SHOWN)
            .map(|leaf| {
                let path = leaf.path.to_string();
                let expected = match leaf.kind {
                    MismatchKind::Unexpected => "nothing".to_owned(),
                    _ => shorten(&leaf.expected, VALUE_CHARS),
                };
                (
                    path,
                    expected,
                    diff::render_actual(&leaf.actual, VALUE_CHARS),
                )
            })
            .collect();
        let width = |pick: fn(&(String, String, String)) -> &str, most: usize| {
            rows.iter()
                .map(|row| pick(row).chars().count())
                .max()
                .unwrap_or(0)
                .min(most)
        };
        let (path_width, expected_width) = (width(|row| &row.0, 40), width(|row| &row.1, 40));
        for (path, expected, actual) in &rows {
            let path = self.paint(Tone::Strong, format!("{path:<path_width$}"));
            let expected = self.paint(Tone::Good, format!("{expected:<expected_width$}"));
            let actual = self.paint(Tone::Bad, actual);
            self.line(8, format!("{path}  expected {expected}  got {actual}"));
        }
        if leaves.len() > FIELDS_SHOWN {
            self.line(8, format!("… and {} more", leaves.len() - FIELDS_SHOWN));
        }
    }

    fn payload(&mut self, near_miss: &NearMiss) {
        let Some(message) = &near_miss.message else {
            let text = format!("payload of {} bytes, not kept", near_miss.size_bytes);
            return self.line(6, self.paint(Tone::Quiet, text));
        };
        self.payload_of(message);
    }

    pub(super) fn payload_of(&mut self, message: &Incoming) {
        self.payload_as("payload", message);
    }

    pub(super) fn payload_as(&mut self, word: &str, message: &Incoming) {
        let bytes = &message.envelope().payload;
        let text = match std::str::from_utf8(bytes) {
            Ok("") => "empty".to_owned(),
            Ok(text) => shorten(
                &text.escape_debug().to_string().replace("\\\"", "\""),
                PAYLOAD_CHARS,
            ),
            Err(_) => format!("{} bytes that are not UTF-8", bytes.len()),
        };
        self.line(6, self.paint(Tone::Quiet, format!("{word}  {text}")));
    }

    /// The closest trigger that a reply's pattern refused.
    pub(super) fn reply_near_miss(&mut self, reply: &ReplyReport) {
        if let Some(closest) = reply.near_misses.first() {
            let differing = diff::leaves(&closest.mismatch).count() as u64;
            self.line(
                6,
                format!(
                    "the closest trigger differs in {}:",
                    count(differing, "place")
                ),
            );
            self.fields(closest);
            self.payload(closest);
            self.around(closest);
        }
    }

    /// What else there was where something differs around the payload. Of headers the names: their
    /// values may be secret.
    fn around(&mut self, near_miss: &NearMiss) {
        let Some(message) = &near_miss.message else {
            return;
        };
        let envelope = message.envelope();
        let differs = |part: Part| {
            diff::leaves(&near_miss.mismatch)
                .any(|leaf| leaf.path.segments().first() == Some(&Segment::Part(part)))
        };
        if differs(Part::Headers) {
            let names: Vec<_> = envelope
                .headers
                .iter()
                .map(|(name, _)| name.to_owned())
                .collect();
            self.others(Part::Headers, &names);
        }
        // Without a payload, what a broker says in the place of an answer is all there is.
        let says_something = envelope.payload.is_empty() && !envelope.metadata.is_empty();
        if differs(Part::Metadata) || says_something {
            let entries: Vec<_> = envelope
                .metadata
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect();
            self.others(Part::Metadata, &entries);
        }
    }

    fn others(&mut self, part: Part, entries: &[String]) {
        let text = match entries {
            [] => "none".to_owned(),
            entries => shorten(&entries.join(", "), PAYLOAD_CHARS),
        };
        let line = format!("{}  {text}", part.name());
        self.line(6, self.paint(Tone::Quiet, line));
    }
}
