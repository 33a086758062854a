//! Requests: the scenario's own inbox, and answers to whoever asked.

use std::sync::Arc;

use super::{Act, State};
use crate::dispatch::lock;
use crate::envelope::{Envelope, Metadata};
use crate::ids::LegIndex;
use crate::outcome::{ReplyFailure, ScenarioErrorKind};

/// The metadata by which some transports tell the answers to several requests apart.
const CORRELATION_ID: &str = "correlation_id";

impl Act {
    /// The topic for answers that only this scenario has. Without one the scenario ends as error, and
    /// the topic is empty.
    pub(crate) fn inbox(&self, on: LegIndex) -> &str {
        let leg = self.leg(on);
        leg.inbox.get_or_init(|| {
            let connection = leg.router.connection().ok();
            let minted = leg
                .router
                .capabilities()
                .requests
                .then(|| connection.and_then(|connection| connection.inbox()))
                .flatten();
            minted.map(Arc::from).unwrap_or_else(|| {
                self.fail_with(
                    ScenarioErrorKind::Unsupported,
                    leg.abilities().no_requests().to_string(),
                );
                Arc::from("")
            })
        })
    }

    /// Where the answer to a request is to go; a request whose answer nobody waits for ends the
    /// scenario.
    pub(super) fn reply_address(&self, on: LegIndex, topic: &str) -> Option<Arc<str>> {
        let leg = self.leg(on);
        if !leg.router.capabilities().requests {
            let text = format!(
                "cannot send a request to `{topic}`: {}",
                leg.abilities().no_requests()
            );
            self.fail_with(ScenarioErrorKind::Unsupported, text);
            return None;
        }
        if let Some(inbox) = leg.inbox.get()
            && lock(&self.state).listens_on(on, inbox)
        {
            return Some(Arc::clone(inbox));
        }
        let (scenario, inbox) = match &leg.info.label {
            None => ("s".to_owned(), "s.inbox()".to_owned()),
            Some(label) => (format!("s.{label}"), format!("s.inbox_on(&s.{label})")),
        };
        let text = format!(
            "nobody waits for the answer to the request on `{topic}`: write \
             `expect!({scenario}, {inbox}, {{ … }})` before it, or `publish!` when there is no answer"
        );
        self.fail_with(ScenarioErrorKind::NothingExpected, text);
        None
    }
}

impl State {
    pub(super) fn listens_on(&self, leg: LegIndex, topic: &str) -> bool {
        let mut slots = self.slots.iter();
        slots.any(|slot| slot.leg == leg && &*slot.topic == topic)
    }
}

/// Where an answer to this message goes, and the metadata that ties it to the request.
pub(super) fn asker(
    request: &Envelope,
    settable: &[&str],
) -> Result<(Arc<str>, Metadata), ReplyFailure> {
    let Some(address) = &request.reply_to else {
        return Err(ReplyFailure::sending(
            "NoReplyAddress",
            "the message names no address for its answer, so it was not sent as a request; send it \
             with `request!`, or write the topic of the answer instead of `_`"
                .to_owned(),
        ));
    };
    let mut metadata = Metadata::new();
    if let Some(id) = request.metadata.get(CORRELATION_ID)
        && settable.contains(&CORRELATION_ID)
    {
        metadata.set(CORRELATION_ID, id.clone());
    }
    Ok((Arc::clone(address), metadata))
}
