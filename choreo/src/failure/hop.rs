//! Nothing came: which hop is silent, and what the framework saw around it.

use std::fmt::Write as _;

use super::{Text, late, place};
use crate::outcome::{
    HandleData, HandleResult, LegInfo, Outcome, ReplyReport, ReplyState, SlipKnown,
};
use crate::text::{Tone, count, edit_distance, shorten};
use crate::transport::Retention;

/// Other topics that are shown.
const TOPICS_SHOWN: usize = 6;

impl Text<'_> {
    pub(super) fn nothing_came(&mut self, data: &HandleData) {
        if let Some(expected) = &data.expected {
            self.line(6, format!("expected {}", shorten(expected, 300)));
        }
        if late(data).is_some() {
            // No hop is broken.
            return;
        }
        self.hop(data);
        self.filtered(data);
        self.other_topics(data);
        self.slip(data);
    }

    /// From what the test sent to the topic that stayed silent.
    fn hop(&mut self, data: &HandleData) {
        let mut sent: Vec<String> = Vec::new();
        for published in &self.result.published {
            let shown = self.result.topic_on(published.leg, &published.topic);
            if !sent.contains(&shown) {
                sent.push(shown);
            }
        }
        let inbox = self.result.is_inbox(&data.topic);
        let silent = if inbox {
            "the inbox".to_owned()
        } else {
            self.result.topic_on(data.leg, &data.topic)
        };
        let hop = match sent.as_slice() {
            [] => format!("the scenario began, and no message followed on {silent}"),
            topics => format!(
                "{} went out, and nothing came back on {silent}",
                topics.join(", ")
            ),
        };
        self.line(6, format!("the hop that broke: {hop}"));
        if inbox {
            // The way back is an address, and no id.
            let text = "does the service answer to the reply address of the request?";
            return self.line(6, self.paint(Tone::Warn, text));
        }
        let result = self.result;
        if result.correlation_id.is_none() {
            return;
        }
        if let Some(first) = result.published.iter().find(|it| !it.stamped) {
            self.unstamped(first.leg, &first.topic, "");
        }
        if let Some(reply) = result.replies.iter().find(|it| it.unstamped_count > 0) {
            self.unstamped(reply.answer_leg, &reply.answer_topic, "the reply on ");
        }
    }

    /// The test's own message left its id behind.
    fn unstamped(&mut self, leg: u32, topic: &str, what: &str) {
        let text = format!(
            "{what}{} went out without this scenario's correlation id ({}): no answer can find its way back",
            self.result.topic_on(leg, topic),
            self.result.leg(leg).correlation.describe()
        );
        self.line(6, self.paint(Tone::Warn, text));
    }

    /// Whether an id of another transport would be a strange one on this.
    fn is_translated(&self, leg: u32) -> bool {
        let id = &self.result.leg(leg).id;
        let others = self.result.legs.iter().map(|other| &other.id);
        others.flatten().any(|other| Some(other) != id.as_ref())
    }

    /// What correlation kept away from this scenario.
    fn filtered(&mut self, data: &HandleData) {
        let traffic = data.traffic;
        let LegInfo {
            correlation, codec, ..
        } = self.result.leg(data.leg);
        let place = correlation.describe();
        if traffic.undecodable > 0 {
            let text = format!(
                "on this topic {} came that could not be decoded as {}: does the service send another format?",
                count(traffic.undecodable, "message"),
                codec.name(),
            );
            self.line(6, self.paint(Tone::Warn, text));
        }
        // A payload that does not decode has no id to read: that is said already.
        let mut replies = self.result.replies.iter();
        let by_reply = replies.any(|reply| {
            reply.unstamped_count > 0
                && reply.answer_leg == data.leg
                && reply.answer_topic == *data.topic
        });
        let by_reply = by_reply.then_some("a reply of this test answered here without its id");
        if traffic.without_id > 0 && !traffic.all_undecodable() {
            let why = by_reply.unwrap_or("does the service copy the id from its input?");
            let text = format!(
                "on this topic {} came without a correlation id ({place}) and {} ignored: {why}",
                count(traffic.without_id, "message"),
                if traffic.without_id == 1 {
                    "was"
                } else {
                    "were"
                },
            );
            self.line(6, self.paint(Tone::Warn, text));
        }
        if traffic.unknown_id > 0 {
            let why = if let Some(why) = by_reply {
                why
            } else if self.is_translated(data.leg) {
                "ids look different on each transport of this stage: does the service translate them \
                 as the bridge does?"
            } else {
                "is another run on this broker, or does the service make up its own id?"
            };
            let text = format!(
                "on this topic {} carried an id that no scenario of this process has ({place}): {why}",
                count(traffic.unknown_id, "message"),
            );
            self.line(6, self.paint(Tone::Warn, text));
        }
        if traffic.late > 0 {
            // One that carries no id may be the answer: it came in time.
            let why = match traffic.without_id {
                0 => ": is the timeout too short?",
                _ => "",
            };
            let text = format!(
                "on this topic {} belonged to scenarios that had ended{why}",
                count(traffic.late, "message"),
            );
            self.line(6, self.paint(Tone::Quiet, text));
        }
        let filtered = traffic.without_id + traffic.unknown_id + traffic.late;
        if filtered == 0 {
            let text = match traffic.received {
                0 => "no message at all came on this topic meanwhile".to_owned(),
                received => {
                    format!(
                        "{} on this topic went to other scenarios",
                        count(received, "message")
                    )
                }
            };
            self.line(6, self.paint(Tone::Quiet, text));
        }
    }

    /// Where nothing moved at all, the trigger may have been there before the service that it was for.
    pub(super) fn nobody_there(&mut self) {
        let result = self.result;
        let silent = |handle: &HandleResult| handle.data.outcome == Outcome::Timeout;
        let nothing = result.outcome == Outcome::Timeout
            && !result.handles.is_empty()
            && result.handles.iter().all(silent)
            && result.busy_topics.is_empty()
            // A slip of the pen says more.
            && result.slips.is_empty();
        // In later acts it is known that the service was there.
        if !nothing || result.act > 1 {
            return;
        }
        let mut legs = result.published.iter().map(|sent| result.leg(sent.leg));
        if let Some(leg) = legs.find(|leg| leg.retention == Retention::None) {
            let text = format!(
                "{leg} keeps no messages for those who subscribe later: was the service ready?"
            );
            self.line(2, self.paint(Tone::Warn, text));
        }
    }

    /// Other topics that were busy, those with similar names first.
    fn other_topics(&mut self, data: &HandleData) {
        let mut topics: Vec<_> = self
            .result
            .busy_topics
            .iter()
            .filter(|busy| (busy.leg, &busy.topic) != (data.leg, &data.topic))
            .map(|busy| {
                let distance = edit_distance(&busy.topic, &data.topic);
                (distance, &busy.topic, busy.leg, busy)
            })
            .collect();
        if topics.is_empty() {
            return;
        }
        topics.sort_by_key(|(distance, topic, leg, _)| (*distance, *topic, *leg));
        let mut text = "meanwhile messages came on".to_owned();
        for (index, (distance, topic, leg, busy)) in topics.iter().take(TOPICS_SHOWN).enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let similar = match distance {
                0 => ", the same name",
                1 | 2 => ", a similar name",
                _ => "",
            };
            let shown = self.result.topic_on(*leg, topic);
            let or_more = if busy.or_more { " or more" } else { "" };
            let _ = write!(
                text,
                "{comma} {shown} ({}{or_more}{similar})",
                busy.received
            );
        }
        if topics.len() > TOPICS_SHOWN {
            let _ = write!(text, " and {} more topics", topics.len() - TOPICS_SHOWN);
        }
        self.line(6, self.paint(Tone::Quiet, text));
    }

    /// A topic that may have been meant to be the silent one.
    fn slip(&mut self, data: &HandleData) {
        let Some(slip) = self.result.slip(data) else {
            return;
        };
        let topic = self.result.topic_on(slip.leg, &slip.topic);
        let silent = self.result.topic_on(slip.leg, &slip.silent);
        let text = match slip.known {
            SlipKnown::Unread => {
                format!("a message on {topic} reached nobody: is it meant to be {silent}?")
            }
            SlipKnown::Overheard => format!(
                "a message of this scenario came on {topic}, where it does not listen: is it meant to be {silent}?"
            ),
            SlipKnown::Sent => format!(
                "this test sent to {topic} and does not listen there: if no service does either, is it \
                 meant to be {silent}?"
            ),
        };
        self.line(6, self.paint(Tone::Warn, text));
    }

    pub(super) fn replies(&mut self) {
        let result = self.result;
        for reply in &result.replies {
            self.reply(reply);
        }
    }

    fn reply(&mut self, reply: &ReplyReport) {
        let state = match &reply.state {
            ReplyState::Replied => match reply.required_count {
                Some(needed) if reply.is_short => {
                    format!(
                        "replied {} of {}",
                        reply.reply_count,
                        count(u64::from(needed), "time")
                    )
                }
                _ => format!("replied {}", count(u64::from(reply.reply_count), "time")),
            },
            ReplyState::Answering if reply.is_delayed => {
                "asked, and the delay of its answer was not over".to_owned()
            }
            ReplyState::Answering => "asked, and its answer was not out yet".to_owned(),
            ReplyState::Dropped => format!(
                "asked, and dropped {} as it was told to",
                count(u64::from(reply.dropped_count), "trigger")
            ),
            ReplyState::ArmedNoMatch => "armed, and no trigger came".to_owned(),
            ReplyState::ArmedMismatched => format!(
                "armed, and its pattern refused {}",
                count(reply.candidate_count, "trigger")
            ),
            ReplyState::Failed(error) => format!("failed ({error})"),
        };
        let (tone, mark) = match &reply.state {
            ReplyState::Failed(_) => (Tone::Bad, "✗"),
            _ if reply.is_short => (Tone::Bad, "✗"),
            ReplyState::Replied => (Tone::Good, "✓"),
            _ => (Tone::Warn, "·"),
        };
        let state = format!("{state}{}", behaved(reply));
        let mark = self.paint(tone, mark);
        let shown = |topic: &str, transport: &Option<std::sync::Arc<str>>| match transport {
            None => topic.to_owned(),
            Some(transport) => format!("{topic} on {transport}"),
        };
        let answer = match reply.answer_topic.as_str() {
            "_" => "whoever asked".to_owned(),
            topic => shown(topic, &reply.answer_transport),
        };
        let triggers: Vec<_> = reply
            .trigger_topics
            .iter()
            .map(|topic| self.result.shown(topic))
            .collect();
        let trigger = shown(&triggers.join(", "), &reply.trigger_transport);
        let topics = self.paint(Tone::Strong, format!("{trigger} → {answer}"));
        let place = self.paint(Tone::Quiet, place(reply.location));
        self.line(2, format!("{mark} reply {topics}  {state}  {place}"));
        if reply.state == ReplyState::ArmedMismatched {
            self.reply_near_miss(reply);
        }
    }
}

/// What it did beside answering, what chance was drawn from, and whether it had to answer.
fn behaved(reply: &ReplyReport) -> String {
    let mut text = String::new();
    match reply.error_count {
        0 => {}
        1 => text += ", 1 of them an error",
        errors => {
            let _ = write!(text, ", {errors} of them errors");
        }
    }
    if reply.unstamped_count > 0 {
        let _ = write!(
            text,
            ", {} without the correlation id",
            reply.unstamped_count
        );
    }
    if reply.dropped_count > 0 && reply.state != ReplyState::Dropped {
        let _ = write!(
            text,
            ", dropped {}",
            count(u64::from(reply.dropped_count), "trigger")
        );
    }
    if reply.is_short {
        text += ", and it is required";
    }
    if let Some(seed) = reply.seed {
        let _ = write!(text, ", seed {seed}");
    }
    text
}
