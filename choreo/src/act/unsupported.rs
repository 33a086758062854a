//! What a transport does not have, and what to use instead: said when it is asked for.

use std::fmt;

use bytes::Bytes;

use super::{Act, State};
use crate::envelope::{Body, Draft};
use crate::expectation::{Expectation, Terms};
use crate::ids::LegIndex;
use crate::matcher::envelope::EnvelopePattern;
use crate::outcome::ScenarioErrorKind;
use crate::reply::{Answered, ReplyRule, shown};
use crate::text::edit_distance;
use crate::transport::{Capabilities, Ordering};

/// Names that are this many edits away are offered.
const NEAR: usize = 2;

/// What stands for any part of a topic on one broker or another.
const WILDCARDS: [&str; 5] = ["*", "**", ">", "#", "+"];
/// What is between the parts of a topic.
const SEPARATORS: [char; 3] = ['.', '/', ':'];

/// A transport's name, and what it can do.
pub(super) struct Abilities<'a> {
    pub(super) transport: &'a str,
    pub(super) can: Capabilities,
}

/// Something that is not there.
pub(super) struct Lack {
    /// What it is.
    pub(super) what: String,
    /// What to use or write instead.
    instead: String,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what, self.instead)
    }
}

impl Abilities<'_> {
    /// What a pattern looks at and messages do not have.
    pub(super) fn unreadable(&self, wanted: &EnvelopePattern) -> Option<Lack> {
        if wanted.headers.is_some() && !self.can.headers {
            return Some(self.no_headers());
        }
        if wanted.key.is_some() && !self.can.keys {
            return Some(self.no_keys());
        }
        wanted.metadata.as_ref()?;
        let (transport, readable) = (self.transport, self.can.readable);
        if readable.is_empty() {
            return Some(Lack {
                what: format!("messages of {transport} have no metadata"),
                instead: self.instead(),
            });
        }
        let name = wanted
            .metadata_names()
            .find(|name| !readable.contains(name))?;
        Some(Lack {
            what: self.no_metadata(name, readable),
            instead: format!("what they have is {}", listed(readable)),
        })
    }

    /// What a message is to carry and cannot.
    pub(super) fn unsettable(&self, draft: &Draft) -> Option<Lack> {
        if !draft.headers.is_empty() && !self.can.headers {
            return Some(self.no_headers());
        }
        if draft.key.is_some() && !self.can.keys {
            return Some(self.no_keys());
        }
        let (transport, settable) = (self.transport, self.can.settable);
        let (name, _) = draft
            .metadata
            .iter()
            .find(|(name, _)| !settable.contains(name))?;
        if settable.is_empty() {
            return Some(Lack {
                what: format!("metadata cannot be set on messages of {transport}"),
                instead: self.instead(),
            });
        }
        let what = if self.can.readable.contains(&name) {
            format!("the metadata `{name}` of {transport} can be read and not set")
        } else {
            self.no_metadata(name, settable)
        };
        Some(Lack {
            what,
            instead: format!("what can be set is {}", listed(settable)),
        })
    }

    /// Why a topic stands for no others, though it looks so.
    pub(super) fn no_wildcards(&self, topic: &str) -> Option<Lack> {
        let mut parts = topic.split(SEPARATORS);
        if self.can.wildcards || !parts.any(|part| WILDCARDS.contains(&part)) {
            return None;
        }
        Some(Lack {
            what: format!("{} has no wildcards", self.transport),
            instead: "write a step of its own for each topic".to_owned(),
        })
    }

    /// Why nothing can be said of the order of messages on one topic; they are `together` when their keys or
    /// their partitions are the same.
    pub(super) fn no_order(&self, together: bool) -> Option<Lack> {
        let transport = self.transport;
        match self.can.ordering {
            Ordering::Topic => None,
            Ordering::Partition => (!together).then(|| Lack {
                what: format!(
                    "{transport} keeps it only among messages of one key or one partition"
                ),
                instead: "say which: `key \"…\"` or `metadata { partition: 0 }`".to_owned(),
            }),
            Ordering::None => Some(Lack {
                what: format!("{transport} keeps none"),
                instead: "expect the messages in any order, or in acts of their own".to_owned(),
            }),
        }
    }

    /// Why there is no inbox.
    pub(super) fn no_requests(&self) -> Lack {
        Lack {
            what: format!(
                "{} has no requests, so a scenario has no inbox on it",
                self.transport
            ),
            instead:
                "publish the question with `publish!`, and expect the answer on the topic that \
                      the service sends it to"
                    .to_owned(),
        }
    }

    fn no_headers(&self) -> Lack {
        Lack {
            what: format!("messages of {} have no headers", self.transport),
            instead: "put the value into the payload".to_owned(),
        }
    }

    fn no_keys(&self) -> Lack {
        Lack {
            what: format!("messages of {} have no keys", self.transport),
            instead: self.instead(),
        }
    }

    fn no_metadata(&self, name: &str, known: &[&str]) -> String {
        let transport = self.transport;
        let meant = meant(name, known);
        format!("messages of {transport} have no metadata `{name}`{meant}")
    }

    /// Where a value can go that has no place of its own.
    fn instead(&self) -> String {
        let place = if self.can.headers {
            "use a header or a field of the payload"
        } else {
            "use a field of the payload"
        };
        place.to_owned()
    }
}

impl Act {
    /// What no message of the transport has would never be seen: said at once instead of as a timeout.
    pub(super) fn check_readable(
        &self,
        state: &mut State,
        on: LegIndex,
        topics: impl fmt::Display,
        wanted: &EnvelopePattern,
    ) {
        if let Some(reason) = self.leg(on).abilities().unreadable(wanted) {
            let text = format!("what is expected on {topics} can never come: {reason}");
            self.record_error(state, ScenarioErrorKind::Unsupported, text);
        }
    }

    /// Where the transport keeps no order, one that is wrong says nothing about the service.
    pub(super) fn check_ordered(
        &self,
        state: &mut State,
        on: LegIndex,
        topic: &str,
        terms: &Terms,
    ) {
        if terms.ordered_by.is_none() {
            return;
        }
        let together = terms.envelope.keeps_together_with(&terms.envelope);
        if let Some(reason) = self.leg(on).abilities().no_order(together) {
            let text = format!(
                "`ordered_by` on `{topic}` cannot be judged by the order of arrival: {reason}"
            );
            self.record_error(state, ScenarioErrorKind::Unsupported, text);
        }
    }

    /// The same for the messages of two handles on one topic. Between topics it is the system that gives an order.
    pub(super) fn unordered(&self, state: &State, handles: &[u32]) -> Option<String> {
        let all: Vec<_> = handles
            .iter()
            .filter_map(|handle| state.expectation(*handle))
            .collect();
        all.iter().enumerate().find_map(|(index, first)| {
            let same_topic = |second: &&&Expectation| second.slot == first.slot;
            all[index + 1..].iter().filter(same_topic).find_map(|second| {
                let leg = &self.legs[first.leg as usize];
                let reason = leg.abilities().no_order(first.keeps_together_with(second))?;
                let topic = &first.topic;
                Some(format!("`in_order!` on `{topic}` cannot be judged by the order of arrival: {reason}"))
            })
        })
    }

    /// Where there are no requests, nobody asks; and what a message cannot carry, no answer has.
    pub(super) fn check_answer(&self, state: &mut State, on: LegIndex, rule: &ReplyRule) {
        let leg = self.leg(rule.answer_leg.unwrap_or(on));
        if rule.answer == Answered::Asker && !leg.router.capabilities().requests {
            let text = format!(
                "cannot answer whoever asks on {}: {} has no requests; write the topic of the \
                 answer instead of `_`",
                shown(&rule.triggers),
                leg.info
            );
            self.record_error(state, ScenarioErrorKind::Unsupported, text);
        }
        let around = rule.around.clone();
        let draft = Draft {
            topic: "".into(),
            key: around.key,
            headers: around.headers,
            reply_to: None,
            metadata: around.metadata,
            body: Body::Bytes(Bytes::new()),
        };
        if let Some(lack) = leg.abilities().unsettable(&draft) {
            let text = format!(
                "the answer to {} cannot be sent: {lack}",
                shown(&rule.triggers)
            );
            self.record_error(state, ScenarioErrorKind::Unsupported, text);
        }
    }
}

/// The name that is nearly this one.
fn meant(name: &str, known: &[&str]) -> String {
    let near = known
        .iter()
        .map(|other| (edit_distance(name, other), other))
        .filter(|(distance, _)| *distance <= NEAR)
        .min();
    near.map(|(_, other)| format!(" (did you mean `{other}`?)"))
        .unwrap_or_default()
}

fn listed(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::envelope::{Headers, Metadata};
    use crate::matcher::functions::{anything, object};

    const NOTHING: Abilities<'static> = Abilities {
        transport: "Paper",
        can: Capabilities::plain(),
    };
    const SOME: Abilities<'static> = Abilities {
        transport: "Kafka",
        can: Capabilities::plain()
            .with_headers()
            .with_metadata(&["partition", "timestamp"], &["partition", "offset"]),
    };

    #[expect(clippy::needless_pass_by_value, reason = "for `map`")]
    fn said(lack: Lack) -> String {
        lack.to_string()
    }

    fn draft(set: impl FnOnce(&mut Draft)) -> Draft {
        let mut draft = Draft {
            topic: Arc::from("t"),
            key: None,
            headers: Headers::new(),
            reply_to: None,
            metadata: Metadata::new(),
            body: Body::Bytes(bytes::Bytes::new()),
        };
        set(&mut draft);
        draft
    }

    fn metadata(name: &str) -> EnvelopePattern {
        EnvelopePattern {
            metadata: Some(object([(name, anything())])),
            ..EnvelopePattern::default()
        }
    }

    #[test]
    fn what_cannot_be_sent_is_said_with_what_can() {
        let header = draft(|draft| draft.headers.append("a", "1"));
        let key = draft(|draft| draft.key = Some("k".into()));
        let set = |name: &'static str| draft(|draft| draft.metadata.set(name, 1));
        for (abilities, draft, text) in [
            (
                NOTHING,
                &header,
                "messages of Paper have no headers; put the value into the payload",
            ),
            (
                NOTHING,
                &key,
                "messages of Paper have no keys; use a field of the payload",
            ),
            (
                SOME,
                &key,
                "messages of Kafka have no keys; use a header or a field of the payload",
            ),
            (
                NOTHING,
                &set("partition"),
                "metadata cannot be set on messages of Paper; use a field of the payload",
            ),
            (
                SOME,
                &set("offset"),
                "the metadata `offset` of Kafka can be read and not set; what can be set is \
                 `partition`, `timestamp`",
            ),
            (
                SOME,
                &set("partitoin"),
                "messages of Kafka have no metadata `partitoin` (did you mean `partition`?); what \
                 can be set is `partition`, `timestamp`",
            ),
        ] {
            assert_eq!(abilities.unsettable(draft).map(said).as_deref(), Some(text));
        }
        assert!(SOME.unsettable(&header).is_none());
        assert!(SOME.unsettable(&set("timestamp")).is_none());
    }

    #[test]
    fn only_a_whole_part_of_a_topic_is_a_wildcard() {
        for topic in ["orders.*", "orders:**", "orders/+/new", "#", "orders.>"] {
            let text = "Paper has no wildcards; write a step of its own for each topic";
            assert_eq!(NOTHING.no_wildcards(topic).map(said).as_deref(), Some(text));
        }
        for topic in ["orders", "orders.new*", r"orders.\*", "a+b", "c#", ""] {
            assert!(NOTHING.no_wildcards(topic).is_none(), "{topic}");
        }
        let can = Capabilities::plain().with_wildcards();
        let with = Abilities { can, ..NOTHING };
        assert!(with.no_wildcards("orders.*").is_none());
    }

    #[test]
    fn what_cannot_be_expected_is_said_with_what_can() {
        let headers = EnvelopePattern {
            headers: Some(object([("a", anything())])),
            ..EnvelopePattern::default()
        };
        for (abilities, wanted, text) in [
            (
                NOTHING,
                &headers,
                "messages of Paper have no headers; put the value into the payload",
            ),
            (
                NOTHING,
                &metadata("offset"),
                "messages of Paper have no metadata; use a field of the payload",
            ),
            (
                SOME,
                &metadata("ofset"),
                "messages of Kafka have no metadata `ofset` (did you mean `offset`?); what they \
                 have is `partition`, `offset`",
            ),
            (
                SOME,
                &metadata("x_death"),
                "messages of Kafka have no metadata `x_death`; what they have is `partition`, `offset`",
            ),
        ] {
            assert_eq!(
                abilities.unreadable(wanted).map(said).as_deref(),
                Some(text)
            );
        }
        assert!(SOME.unreadable(&headers).is_none());
        assert!(SOME.unreadable(&metadata("offset")).is_none());
    }
}
