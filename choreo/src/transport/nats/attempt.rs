//! What is on its way to the server, and may be refused by name.

use std::sync::Arc;

use tokio::sync::watch;

use super::link::Link;

/// What a server may refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Subscription,
    Publication,
}

/// The attempts of one connection.
#[derive(Default)]
pub(super) struct Attempts(Vec<Arc<Attempt>>);

pub(super) struct Attempt {
    kind: Kind,
    subject: String,
    refusal: watch::Sender<Option<String>>,
}

impl Attempts {
    pub(super) fn add(&mut self, kind: Kind, subject: &str) -> Arc<Attempt> {
        let attempt = Arc::new(Attempt {
            kind,
            subject: subject.to_owned(),
            refusal: watch::Sender::new(None),
        });
        self.0.push(Arc::clone(&attempt));
        attempt
    }

    /// Gives the server's words to the attempt that they are about; `false` when there is none.
    pub(super) fn refuse(&self, words: &str, names: impl Fn(&str) -> bool) -> bool {
        let kind = if words.to_ascii_lowercase().contains("subscription") {
            Kind::Subscription
        } else {
            Kind::Publication
        };
        // Each is refused once; who has been answered may still wait to be woken.
        let attempt = self.0.iter().find(|attempt| {
            attempt.kind == kind && attempt.refusal.borrow().is_none() && names(&attempt.subject)
        });
        if let Some(attempt) = attempt {
            attempt.refusal.send_replace(Some(words.to_owned()));
        }
        attempt.is_some()
    }

    fn forget(&mut self, attempt: &Arc<Attempt>) {
        self.0.retain(|other| !Arc::ptr_eq(other, attempt));
    }
}

/// An attempt on its way; the server's refusal of it is caught while this lives.
pub(super) struct Registration {
    link: Arc<Link>,
    attempt: Arc<Attempt>,
}

impl Registration {
    pub(super) fn new(link: Arc<Link>, attempt: Arc<Attempt>) -> Self {
        Self { link, attempt }
    }

    /// The server's words, if it has refused the attempt so far.
    pub(super) fn refusal(&self) -> Option<String> {
        self.attempt.refusal.borrow().clone()
    }

    /// The server's words, when it refuses the attempt.
    pub(super) async fn refused(&self) -> String {
        let mut refusal = self.attempt.refusal.subscribe();
        // Never an error: `self` has the sender.
        let words = refusal.wait_for(Option::is_some).await;
        words
            .ok()
            .and_then(|words| words.clone())
            .unwrap_or_default()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.link
            .attempts(|attempts| attempts.forget(&self.attempt));
    }
}
