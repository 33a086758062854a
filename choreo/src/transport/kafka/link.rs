//! The state of a connection, fed by the client's callbacks and by the watch: up or down, and why.
//!
//! Nothing in here blocks: the callbacks run on the threads that deliver messages.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::error::RDKafkaErrorCode;
use tokio::sync::watch;

use crate::secret::Secret;
use crate::transport::{ConnectionEvent, ConnectionEvents, TransportError};

/// Bearer tokens that are kept to be hidden: a strange broker may repeat one that has been renewed.
const KEPT_SECRETS: usize = 4;

/// Locks, also after a panic elsewhere: nothing in here is left half-done.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What callbacks, watch and connection share.
pub(super) struct Link {
    address: String,
    /// What must not show, the newest last.
    secrets: Mutex<VecDeque<Secret>>,
    events: ConnectionEvents,
    state: Mutex<State>,
    /// What the watch waits on.
    work: Condvar,
    /// Why the connection is down; none while it is up, or is being opened.
    down: watch::Sender<Option<TransportError>>,
}

#[derive(Default)]
struct State {
    /// The connect is over: from here on trouble is an event.
    opened: bool,
    closed: bool,
    /// The last that the client said about its connections.
    last_words: Option<String>,
    errand: Errand,
}

/// What the watch is to do before its next regular round.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Errand {
    /// Ask the broker whether it is there.
    pub(super) probe: bool,
    /// Give up the partitions that nobody reads any more.
    pub(super) sweep: bool,
    /// A position is not in its partition any more, or is not known.
    pub(super) out_of_range: bool,
}

impl Link {
    pub(super) fn new(address: String, events: ConnectionEvents) -> Self {
        Self {
            address,
            secrets: Mutex::default(),
            events,
            state: Mutex::default(),
            work: Condvar::new(),
            down: watch::Sender::new(None),
        }
    }

    /// Where it leads, for messages.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// An error while the connection is down.
    pub(super) fn ensure_up(&self) -> Result<(), TransportError> {
        match &*self.down.borrow() {
            None => Ok(()),
            Some(error) => Err(error.clone()),
        }
    }

    pub(super) fn is_down(&self) -> bool {
        self.down.borrow().is_some()
    }

    /// Resolves when the connection goes down, or cannot be opened; at once when it is.
    pub(super) async fn lost(&self) -> TransportError {
        let mut down = self.down.subscribe();
        match down.wait_for(Option::is_some).await {
            Ok(error) => error.clone().unwrap_or_else(|| self.closed_error()),
            Err(_) => self.closed_error(),
        }
    }

    /// Resolves when the connection is up; the error is why it was not within the bound.
    pub(super) async fn up(&self, bound: Duration) -> Result<(), TransportError> {
        let mut down = self.down.subscribe();
        let decided = down.wait_for(|error| error.is_none() || self.is_closed());
        // Too late and closed are told by what is there then.
        let _ = tokio::time::timeout(bound, decided).await;
        self.ensure_up()
    }

    /// The connect has succeeded.
    pub(super) fn opened(&self) {
        locked(&self.state).opened = true;
    }

    /// From now on nothing is reported, and the threads end.
    pub(super) fn close(&self) {
        locked(&self.state).closed = true;
        self.work.notify_all();
        self.down.send_replace(Some(self.closed_error()));
    }

    pub(super) fn is_closed(&self) -> bool {
        locked(&self.state).closed
    }

    fn closed_error(&self) -> TransportError {
        TransportError::Lost {
            reason: format!("the connection to {} was closed by the test", self.address),
        }
    }

    /// Takes what the client says about its connections.
    pub(super) fn observe(&self, code: RDKafkaErrorCode, words: &str) {
        let words = self.without_secrets(words);
        tracing::debug!(address = self.address, ?code, words, "Kafka client");
        match code {
            RDKafkaErrorCode::Authentication
            | RDKafkaErrorCode::SaslAuthenticationFailed
            | RDKafkaErrorCode::UnsupportedSASLMechanism => self.fail(TransportError::Auth {
                endpoint: self.address.clone(),
                reason: words,
            }),
            RDKafkaErrorCode::SSL => self.fail(TransportError::Connect {
                endpoint: self.address.clone(),
                reason: advised(&words),
            }),
            RDKafkaErrorCode::AllBrokersDown => {
                let reason = locked(&self.state).last_words.clone();
                self.broke(&reason.unwrap_or(words));
            }
            RDKafkaErrorCode::BrokerTransportFailure
            | RDKafkaErrorCode::OperationTimedOut
            | RDKafkaErrorCode::Resolve => {
                locked(&self.state).last_words = Some(words);
                self.send(|errand| errand.probe = true);
            }
            RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange => {
                self.send(|errand| errand.out_of_range = true);
            }
            RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownPartition => {
                self.send(|errand| errand.probe = true);
            }
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed => self.refused(&words),
            _ => {}
        }
    }

    /// The broker complained about something that was already handed over.
    pub(super) fn refused(&self, words: &str) {
        let state = locked(&self.state);
        if state.opened && !state.closed {
            let reason = format!("{}: {words}", self.address);
            self.events.report(ConnectionEvent::Refused { reason });
        }
    }

    /// The connection is down, in the client's words.
    pub(super) fn broke(&self, words: &str) {
        if locked(&self.state).opened {
            self.fail(TransportError::Lost {
                reason: format!("the connection to {} broke: {words}", self.address),
            });
        } else {
            self.fail(TransportError::Connect {
                endpoint: self.address.clone(),
                reason: advised(words),
            });
        }
    }

    /// The first reason counts; the rest follows from it.
    fn fail(&self, error: TransportError) {
        let mut state = locked(&self.state);
        if state.closed || self.is_down() {
            return;
        }
        let reason = match &error {
            TransportError::Lost { reason } => reason.clone(),
            other => other.to_string(),
        };
        let error = if state.opened {
            TransportError::Lost {
                reason: reason.clone(),
            }
        } else {
            error
        };
        state.errand.probe = true;
        self.down.send_replace(Some(error));
        self.work.notify_all();
        if state.opened {
            // Under the lock, so that losses and returns are reported in their order.
            self.events.report(ConnectionEvent::Lost { reason });
        }
    }

    /// The connection and its positions are back.
    pub(super) fn restored(&self) {
        let mut state = locked(&self.state);
        if !state.closed && self.is_down() {
            state.last_words = None;
            self.down.send_replace(None);
            self.events.report(ConnectionEvent::Restored);
        }
    }

    /// Sends the watch on an errand.
    pub(super) fn send(&self, order: impl FnOnce(&mut Errand)) {
        order(&mut locked(&self.state).errand);
        self.work.notify_all();
    }

    /// Waits for an errand or for the next regular round; none when the connection was closed.
    pub(super) fn next_errand(&self, round: Duration) -> Option<Errand> {
        let state = locked(&self.state);
        let idle = |state: &mut State| !state.closed && state.errand == Errand::default();
        let (mut state, _) = self
            .work
            .wait_timeout_while(state, round, idle)
            .unwrap_or_else(PoisonError::into_inner);
        (!state.closed).then(|| std::mem::take(&mut state.errand))
    }

    /// Waits, but not when the connection is closed. Between two questions to a broker that announces
    /// nothing, such as the election of a leader.
    pub(super) fn pause(&self, duration: Duration) {
        let state = locked(&self.state);
        let waited = self
            .work
            .wait_timeout_while(state, duration, |state| !state.closed);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// From now on the client's words are shown without it.
    pub(super) fn hide(&self, secret: Secret) {
        let mut secrets = locked(&self.secrets);
        if secrets.len() == KEPT_SECRETS {
            secrets.pop_front();
        }
        secrets.push_back(secret);
    }

    /// The client's words, which a strange broker might have filled with what it was told.
    pub(super) fn without_secrets(&self, words: &str) -> String {
        let mut words = words.to_owned();
        for secret in &*locked(&self.secrets) {
            if !secret.expose().is_empty() {
                words = words.replace(secret.expose(), "<redacted>");
            }
        }
        words
    }
}

/// The client's words, with what to do about them.
pub(super) fn advised(words: &str) -> String {
    let advice = [
        (
            "Connection refused",
            "is the broker running, and is this its port?",
        ),
        (
            "certificate verify failed",
            "name the broker's certificate authority with `Tls::ca_file`, and connect by a name that its certificate has",
        ),
        (
            "certificate required",
            "show the broker a certificate with `Tls::client_cert`",
        ),
        (
            "connecting to a SSL listener",
            "does the broker want TLS? Use `.tls(…)`",
        ),
        ("wrong version number", "does the broker speak TLS?"),
    ];
    match advice.iter().find(|(part, _)| words.contains(part)) {
        Some((_, advice)) => format!("{words} ({advice})"),
        None => words.to_owned(),
    }
}

/// What the parts of a connection report to.
pub(super) type SharedLink = Arc<Link>;
