//! Proof that the server has read everything sent so far: its answer to a last question.
//!
//! A NATS server handles the lines of one connection in order, so the answer to a question proves all
//! that was sent before. There are two questions:
//!
//! * a message to an inbox of this connection, answered by its echo. The normal case;
//! * a subscription that cannot be, answered by a complaint. Where a user may be forbidden something, for
//!   two reasons: he may be forbidden the inbox; and the client hands complaints and messages to different
//!   tasks, so an echo could overtake the refusal that the server sent before it, but a complaint cannot.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::{Client, Subject, Subscriber};
use bytes::Bytes;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::attempt::Kind;
use super::link::{Link, locked};
use crate::transport::TransportError;

/// How many may wait for a complaint at a time: the client drops complaints above 128 at once.
const MAX_COMPLAINTS: usize = 16;

/// Asks the questions of one connection.
pub(super) struct Probe {
    /// None after `close`: the client's tasks live as long as a handle to it.
    client: Mutex<Option<Client>>,
    link: Arc<Link>,
    inbox: String,
    count: AtomicU64,
    by_complaint: AtomicBool,
    turns: Semaphore,
    bound: Duration,
}

/// Why there was no answer.
pub(super) enum Silence {
    Lost(TransportError),
    TooLate(Duration),
    Client(String),
}

/// Held while something is sent that the server may complain about.
pub(super) struct Turn<'a> {
    _permit: Option<SemaphorePermit<'a>>,
}

impl Probe {
    /// With `guarded`, the server may forbid the user something.
    pub(super) fn new(client: Client, link: Arc<Link>, guarded: bool, bound: Duration) -> Self {
        let inbox = client.new_inbox();
        link.set_inbox(&inbox);
        Self {
            client: Mutex::new(Some(client)),
            link,
            inbox,
            count: AtomicU64::new(0),
            by_complaint: AtomicBool::new(guarded),
            turns: Semaphore::new(MAX_COMPLAINTS),
            bound,
        }
    }

    /// Asks for the first time. Gives the subscription to the inbox, of which the messages belong into
    /// [`echoed`](Self::echoed), if that is how this connection asks.
    pub(super) async fn start(&self) -> Result<Option<Subscriber>, Silence> {
        if !self.asks_by_complaint() {
            let first = tokio::time::timeout(self.bound, self.open_inbox()).await;
            if let Some(inbox) = first.unwrap_or(Err(Silence::TooLate(self.bound)))? {
                return Ok(Some(inbox));
            }
            // Nobody logs in, and yet the inbox is forbidden: a user for those without a name.
            self.by_complaint.store(true, Ordering::Relaxed);
        }
        self.round_trip(&self.turn().await).await.map(|()| None)
    }

    /// The inbox, after its first echo; none if the server forbids it.
    async fn open_inbox(&self) -> Result<Option<Subscriber>, Silence> {
        let pattern = format!("{}.*", self.inbox);
        let subject = self.next_subject();
        let forbidden = [
            self.link.ask(pattern.clone()),
            self.link.ask(subject.clone()),
        ];
        let [inbox_forbidden, message_forbidden] = forbidden;
        let client = self.client()?;
        let mut inbox = client.subscribe(pattern).await.map_err(client_error)?;
        client
            .publish(Subject::from(subject), Bytes::new())
            .await
            .map_err(client_error)?;
        tokio::select! {
            complaint = inbox_forbidden.answer() => complaint.map(|()| None).ok_or_else(|| self.lost()),
            complaint = message_forbidden.answer() => complaint.map(|()| None).ok_or_else(|| self.lost()),
            echo = super::connection::next(&mut inbox) => match echo {
                Some(_) => Ok(Some(inbox)),
                None => Err(self.lost()),
            },
        }
    }

    /// A message came to the inbox.
    pub(super) fn echoed(&self, subject: &str) {
        self.link.answer(subject);
    }

    /// Waits until it is one's turn to send what the server may complain about.
    pub(super) async fn turn(&self) -> Turn<'_> {
        if !self.asks_by_complaint() {
            return Turn { _permit: None };
        }
        // Never closed, so there is no error.
        Turn {
            _permit: self.turns.acquire().await.ok(),
        }
    }

    /// Resolves when the server has handled everything that was sent on this connection before.
    pub(super) async fn round_trip(&self, _turn: &Turn<'_>) -> Result<(), Silence> {
        let answered = async {
            let client = self.client()?;
            if self.asks_by_complaint() {
                // `>` in the middle. The server does not say which subject it finds invalid: the one who
                // has waited longest is answered.
                let subject = format!("{}.>.{}", self.inbox, self.next_number());
                let mut question = self.link.ask_by_complaint(subject.clone());
                let _nothing = client.subscribe(subject).await.map_err(client_error)?;
                question.is_sent();
                question.answer().await.ok_or_else(|| self.lost())
            } else {
                let subject = self.next_subject();
                let question = self.link.ask(subject.clone());
                let published = client.publish(Subject::from(subject), Bytes::new()).await;
                published.map_err(client_error)?;
                question.answer().await.ok_or_else(|| self.lost())
            }
        };
        let late = |_| Err(Silence::TooLate(self.bound));
        tokio::time::timeout(self.bound, answered)
            .await
            .unwrap_or_else(late)
    }

    /// Subscribes, as a member of a queue group if one is given, and resolves when the server has confirmed it. The messages belong to `take` at once.
    pub(super) async fn subscribe<T>(
        &self,
        subject: &str,
        group: Option<&str>,
        take: impl FnOnce(Subscriber) -> T,
    ) -> Result<T, TransportError> {
        let refused = |reason: String| TransportError::Subscribe {
            topic: subject.into(),
            reason,
        };
        let told = |silence: Silence| match silence {
            Silence::Lost(error) => error,
            Silence::TooLate(_) | Silence::Client(_) => refused(silence.to_string()),
        };
        let client = self.client().map_err(told)?;
        let turn = self.turn().await;
        let registration = self.link.register(Kind::Subscription, subject);
        let subscriber = match group {
            None => client.subscribe(subject.to_owned()).await,
            Some(group) => {
                let (subject, group) = (subject.to_owned(), group.to_owned());
                client.queue_subscribe(subject, group).await
            }
        }
        .map_err(|error| refused(error.to_string()))?;
        let taken = take(subscriber);
        self.round_trip(&turn).await.map_err(told)?;
        match registration.refusal() {
            None => Ok(taken),
            Some(words) => Err(refused(words)),
        }
    }

    fn asks_by_complaint(&self) -> bool {
        self.by_complaint.load(Ordering::Relaxed)
    }

    /// Lets go of the client.
    pub(super) fn close(&self) {
        drop(locked(&self.client).take());
    }

    /// The client, while the connection is open.
    pub(super) fn client(&self) -> Result<Client, Silence> {
        locked(&self.client).clone().ok_or_else(|| self.lost())
    }

    fn next_subject(&self) -> String {
        format!("{}.{}", self.inbox, self.next_number())
    }

    fn next_number(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    fn lost(&self) -> Silence {
        Silence::Lost(self.link.loss())
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(error) => error.fmt(f),
            Self::TooLate(bound) => write!(f, "the server did not confirm it within {bound:?}"),
            Self::Client(words) => f.write_str(words),
        }
    }
}

fn client_error(error: impl fmt::Display) -> Silence {
    Silence::Client(error.to_string())
}
