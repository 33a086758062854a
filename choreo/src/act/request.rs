//! Requests: the scenario's own inbox, and answers to whoever asked.

use std::sync::Arc;

use super::{Act, State};
use crate::dispatch::lock;
use crate::envelope::{Envelope, Metadata};
use crate::outcome::ScenarioErrorKind;

/// The metadata by which some transports tell the answers to several requests apart.
const CORRELATION_ID: &str = "correlation_id";

impl Act {
    /// The topic for answers that only this scenario has. Without one the scenario ends as error, and
    /// the topic is empty.
    pub(crate) fn inbox(&self) -> &str {
        self.inbox.get_or_init(|| {
            let connection = self.router.connection().ok();
            let minted = self
                .router
                .capabilities()
                .requests
                .then(|| connection.and_then(|connection| connection.inbox()))
                .flatten();
            minted.map(Arc::from).unwrap_or_else(|| {
                self.fail_with(
                    ScenarioErrorKind::Unsupported,
                    self.abilities().no_requests().to_string(),
                );
                Arc::from("")
            })
        })
    }

    /// Whether a topic is this scenario's inbox.
    pub(super) fn is_inbox(&self, topic: &str) -> bool {
        self.inbox.get().is_some_and(|inbox| &**inbox == topic)
    }

    /// Where the answer to a request is to go; a request whose answer nobody waits for ends the
    /// scenario.
    pub(super) fn reply_address(&self, topic: &str) -> Option<Arc<str>> {
        if !self.router.capabilities().requests {
            let text = format!(
                "cannot send a request to `{topic}`: {}",
                self.abilities().no_requests()
            );
            self.fail_with(ScenarioErrorKind::Unsupported, text);
            return None;
        }
        if let Some(inbox) = self.inbox.get()
            && lock(&self.state).listens_on(inbox)
        {
            return Some(Arc::clone(inbox));
        }
        let text = format!(
            "nobody waits for the answer to the request on `{topic}`: write \
             `expect!(s, s.inbox(), {{ … }})` before it, or `publish!` when there is no answer"
        );
        self.fail_with(ScenarioErrorKind::NothingExpected, text);
        None
    }
}

impl State {
    fn listens_on(&self, topic: &str) -> bool {
        self.slots.iter().any(|slot| &*slot.topic == topic)
    }
}

/// Where an answer to this message goes, and the metadata that ties it to the request.
pub(super) fn asker(
    request: &Envelope,
    settable: &[&str],
) -> Result<(Arc<str>, Metadata), (String, String)> {
    let Some(address) = &request.reply_to else {
        return Err((
            "NoReplyAddress".to_owned(),
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
