//! Handles that expect another number of messages than one, and the order between handles.

use std::time::Duration;

use super::{Text, latency_of, place};
use crate::codec::Incoming;
use crate::outcome::{Cause, Disorder, HandleData, OutOfOrder, Outcome, Tally, Wants};
use crate::text::{Tone, Took, count, shorten};

/// Characters of a pattern or a value that are shown.
const SHOWN_CHARS: usize = 300;

/// What became of it, in a few words; nothing where a handle of one message says the same.
pub(super) fn verdict(data: &HandleData, tally: &Tally, within: &str) -> Option<String> {
    if let Some(violation) = &tally.violation {
        return Some(match &violation.cause {
            Cause::TooMany { after } => too_many(tally, *after),
            Cause::Disorder(disorder) => out_of_order(tally, disorder),
        });
    }
    let quiet = Took(tally.quiet);
    match data.outcome {
        Outcome::Pass | Outcome::Slow if tally.needs_message() => {
            let matched = count(tally.count, "message");
            Some(format!("{matched}, {}", latency_of(data)))
        }
        Outcome::Pass | Outcome::Slow if tally.count == 0 => Some(format!("quiet for {quiet}")),
        Outcome::Pass | Outcome::Slow => {
            let matched = count(tally.count, "message");
            Some(format!("{matched} in {quiet}"))
        }
        Outcome::Error => None,
        _ if data.failed_fast => None,
        _ if data.is_unjudged() || tally.unheard => {
            let came = match tally.count {
                0 => String::new(),
                number => format!(", {number} came"),
            };
            Some(if tally.unheard {
                format!("no sign of life from the broker after {quiet}{came}")
            } else {
                format!("the scenario ended before {quiet} were over{came}")
            })
        }
        _ if tally.count == 0 => None,
        _ if data.interrupted => Some(format!("{} of {} so far", tally.count, needed(tally))),
        _ => Some(format!(
            "{} of {} came {within}",
            tally.count,
            needed(tally)
        )),
    }
}

/// The least number of messages.
fn needed(tally: &Tally) -> String {
    match &tally.wants {
        Wants::Count { least, .. } => count(*least, "message"),
        Wants::Set { size, .. } => count(*size as u64, "message"),
    }
}

fn too_many(tally: &Tally, after: Duration) -> String {
    let after = Took(after);
    match &tally.wants {
        Wants::Count { most: Some(0), .. } => format!(
            "a message came {after} into the {} in which none may",
            Took(tally.quiet)
        ),
        Wants::Count {
            least: 1,
            most: Some(1),
        } => format!("a duplicate came {after} after the first"),
        Wants::Count { .. } | Wants::Set { .. } => format!(
            "one too many: message {} came {after} after the last that was allowed",
            tally.count + 1
        ),
    }
}

fn out_of_order(
    tally: &Tally,
    Disorder {
        path,
        before,
        value,
    }: &Disorder,
) -> String {
    let number = tally.count + 1;
    let shown = |value: &serde_json::Value| shorten(&value.to_string(), SHOWN_CHARS);
    match (before, value) {
        (_, None) => format!("message {number} has no `{path}`, by which messages are ordered"),
        (None, Some(value)) => format!(
            "`{path}` of message {number} is {}, and only numbers and strings have an order",
            shown(value)
        ),
        (Some(before), Some(value))
            if std::mem::discriminant(before) != std::mem::discriminant(value) =>
        {
            format!(
                "`{path}` of message {number} is {} after {}, and these have no order",
                shown(value),
                shown(before)
            )
        }
        (Some(before), Some(value)) => format!(
            "out of order: `{path}` of message {number} is {} after {}",
            shown(value),
            shown(before)
        ),
    }
}

impl Text<'_> {
    /// The message that broke it, or what is missing.
    pub(super) fn tally(&mut self, data: &HandleData, tally: &Tally) {
        if let Some(violation) = &tally.violation {
            if let (Some(expected), Cause::TooMany { .. }) = (&data.expected, &violation.cause) {
                let word = match &tally.wants {
                    Wants::Count { most: Some(0), .. } => "forbidden",
                    _ => "expected",
                };
                let since = self.since(data);
                self.line(
                    6,
                    format!("{word} {}{since}", shorten(expected, SHOWN_CHARS)),
                );
            }
            self.offender(data, &violation.message);
            return;
        }
        if let Wants::Set { missing, .. } = &tally.wants {
            for pattern in missing {
                let word = self.paint(Tone::Bad, "missing");
                self.line(6, format!("{word}  {}", shorten(pattern, SHOWN_CHARS)));
            }
        } else if let Some(expected) = &data.expected
            && tally.count > 0
        {
            self.line(6, format!("expected {}", shorten(expected, SHOWN_CHARS)));
        }
        if data.outcome == Outcome::Fail {
            self.near_misses(data);
        }
    }

    fn offender(&mut self, data: &HandleData, message: &Incoming) {
        let envelope = message.envelope();
        if *envelope.topic != *data.topic && !self.result.is_inbox(&data.topic) {
            let topic = format!("on {}", envelope.topic);
            self.line(6, self.paint(Tone::Quiet, topic));
        }
        self.payload_of(message);
    }

    /// From which message the time counts, where it is not the trigger.
    pub(super) fn since(&self, data: &HandleData) -> String {
        let opened_by = data.since.map(|index| self.handle_at(index));
        opened_by
            .map(|handle| format!(" since {handle}"))
            .unwrap_or_default()
    }

    /// A handle in the words of another one's text.
    fn handle_at(&self, index: u32) -> String {
        let data = self.result.handle_data(index);
        let data = data.expect("handles name those of their act and of earlier ones");
        let on = match &self.result.leg(data.leg).label {
            None => String::new(),
            Some(label) => format!(" on {label}"),
        };
        let topic = self.result.shown(&data.topic);
        format!("`{topic}`{on} ({})", place(data.location))
    }

    /// The handles whose messages came in the wrong order.
    pub(super) fn order(&mut self, order: &OutOfOrder) {
        let by = match order.by {
            by if by.is_zero() => "just".to_owned(),
            by => Took(by).to_string(),
        };
        let text = format!(
            "{} {}  {}: {} came {by} before {}  {}",
            self.paint(Tone::Bad, "✗"),
            self.paint(Tone::Strong, "order"),
            Outcome::Fail,
            self.handle_at(order.second),
            self.handle_at(order.first),
            self.paint(Tone::Quiet, place(order.location)),
        );
        self.line(2, text);
        // Of the one that came too early its first message, and of the other its last.
        let received = |message: &&Incoming| message.envelope().received_at;
        let early = self.result.handle_data(order.second);
        if let Some(message) = early.and_then(|data| messages(data).min_by_key(received)) {
            self.payload_as("first", message);
        }
        let late = self.result.handle_data(order.first);
        if let Some(message) = late.and_then(|data| messages(data).max_by_key(received)) {
            self.payload_as("then ", message);
        }
    }
}

/// The messages that matched, as far as they are kept.
fn messages(data: &HandleData) -> impl Iterator<Item = &Incoming> {
    let more = data.tally.iter().flat_map(|tally| &tally.more);
    data.incoming.iter().chain(more).map(|message| &**message)
}
