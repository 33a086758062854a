//! Proof that the server has read everything sent so far: its answer to a last question.
//!
//! A NATS server handles the lines of one connection in order. The question is a message to an inbox of
//! this connection; the answer its echo. A user without permission for it is answered by the complaint,
//! which quotes the subject. Who may not subscribe to the inbox asks with a subscription instead.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::{Client, Subject, Subscriber};
use bytes::Bytes;

use super::link::{Link, locked};
use crate::transport::TransportError;

/// Asks the questions of one connection.
pub(super) struct Probe {
    /// None after `close`: the client's tasks live as long as a handle to it.
    client: Mutex<Option<Client>>,
    link: Arc<Link>,
    inbox: String,
    count: AtomicU64,
    /// The server let us subscribe to the inbox.
    echoes: AtomicBool,
    bound: Duration,
}

/// Why there was no answer.
pub(super) enum Silence {
    Lost(TransportError),
    TooLate(Duration),
    Client(String),
}

impl Probe {
    pub(super) fn new(client: Client, link: Arc<Link>, bound: Duration) -> Self {
        let inbox = client.new_inbox();
        Self {
            client: Mutex::new(Some(client)),
            link,
            inbox,
            count: AtomicU64::new(0),
            echoes: AtomicBool::new(true),
            bound,
        }
    }

    /// Subscribes to the inbox, and finds out which questions the server answers. Gives the subscription
    /// of which the messages belong into [`answered`](Self::answered), unless the server refuses it.
    pub(super) async fn start(&self) -> Result<Option<Subscriber>, Silence> {
        let pattern = format!("{}.*", self.inbox);
        let question = self.next_subject();
        let inbox_refused = self.link.expect_answer(pattern.clone());
        let answer = self.link.expect_answer(question.clone());
        let _pattern = Forget {
            link: &self.link,
            subject: &pattern,
        };
        let _question = Forget {
            link: &self.link,
            subject: &question,
        };
        let mut inbox = self
            .client()?
            .subscribe(pattern.clone())
            .await
            .map_err(client_error)?;
        self.send(question.clone()).await?;
        tokio::select! {
            // In this order: the refusal of the inbox comes before that of the message.
            biased;
            refused = inbox_refused => {
                refused.map_err(|_| self.lost())?;
                self.echoes.store(false, Ordering::Relaxed);
                Ok(None)
            }
            answer = answer => answer.map(|()| Some(inbox)).map_err(|_| self.lost()),
            echo = super::connection::next(&mut inbox) => match echo {
                Some(_) => Ok(Some(inbox)),
                None => Err(self.lost()),
            },
            () = tokio::time::sleep(self.bound) => Err(Silence::TooLate(self.bound)),
        }
    }

    /// A message came to the inbox.
    pub(super) fn answered(&self, subject: &str) {
        self.link.answer(subject);
    }

    /// Resolves when the server has handled everything that was sent on this connection before.
    pub(super) async fn round_trip(&self) -> Result<(), Silence> {
        let subject = self.next_subject();
        let answer = self.link.expect_answer(subject.clone());
        let forget = Forget {
            link: &self.link,
            subject: &subject,
        };
        let result = tokio::time::timeout(self.bound, async {
            if self.echoes.load(Ordering::Relaxed) {
                self.send(subject.clone()).await?;
                answer.await.map_err(|_| self.lost())
            } else {
                let _refused = self
                    .client()?
                    .subscribe(subject.clone())
                    .await
                    .map_err(client_error)?;
                answer.await.map_err(|_| self.lost())
            }
        })
        .await;
        drop(forget);
        result.unwrap_or(Err(Silence::TooLate(self.bound)))
    }

    async fn send(&self, subject: String) -> Result<(), Silence> {
        let subject = Subject::from(subject);
        self.client()?
            .publish(subject, Bytes::new())
            .await
            .map_err(client_error)
    }

    /// Lets go of the client.
    pub(super) fn close(&self) {
        drop(locked(&self.client).take());
    }

    fn client(&self) -> Result<Client, Silence> {
        locked(&self.client).clone().ok_or_else(|| self.lost())
    }

    fn next_subject(&self) -> String {
        format!(
            "{}.{}",
            self.inbox,
            self.count.fetch_add(1, Ordering::Relaxed)
        )
    }

    fn lost(&self) -> Silence {
        let unknown = format!("the connection to {} broke", self.link.address());
        Silence::Lost(
            self.link
                .ensure_up()
                .err()
                .unwrap_or(TransportError::Lost { reason: unknown }),
        )
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

/// Takes a question back when it is answered, given up or cancelled.
struct Forget<'a> {
    link: &'a Link,
    subject: &'a str,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.link.answer(self.subject);
    }
}
