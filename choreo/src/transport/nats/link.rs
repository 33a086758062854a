//! The state of a connection, fed by the client's events: up or down, what the server complained about,
//! and whose question a complaint answers.

use std::future::poll_fn;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Poll;

use async_nats::{Event, ServerError};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::attempt::{Attempts, Kind, Registration};
use super::question::{Question, Questions};
use crate::transport::{ConnectionEvent, ConnectionEvents, TransportError};

/// What a server says to a subscription with `>` in the middle.
const INVALID_SUBJECT: &str = "Invalid Subject";

/// Locks, also after a panic elsewhere: nothing in here is left half-done.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the client's event task, the connection and its tasks share.
pub(super) struct Link {
    address: String,
    /// What the subjects of this connection's inbox start with.
    inbox: OnceLock<String>,
    events: ConnectionEvents,
    closed: AtomicBool,
    state: Mutex<State>,
    /// Why the connection is down; none while it is up.
    down: watch::Sender<Option<String>>,
    /// Told after `down` was set.
    fell: Notify,
    /// Counts losses and returns: whoever waits for something can tell whether it is of this life.
    epoch: watch::Sender<u64>,
}

struct State {
    connected: bool,
    /// The server's last complaint on this connection: often the reason of the loss that follows.
    last_words: Option<String>,
    attempts: Attempts,
    questions: Questions,
    restored: Option<mpsc::UnboundedSender<u64>>,
}

impl Link {
    pub(super) fn new(address: String, events: ConnectionEvents) -> Self {
        let state = State {
            connected: true,
            last_words: None,
            attempts: Attempts::default(),
            questions: Questions::default(),
            restored: None,
        };
        Self {
            address,
            inbox: OnceLock::new(),
            events,
            closed: AtomicBool::new(false),
            state: Mutex::new(state),
            down: watch::Sender::new(None),
            fell: Notify::new(),
            epoch: watch::Sender::new(0),
        }
    }

    /// Sets what the subjects of the inbox start with; complaints about them concern nobody else.
    pub(super) fn set_inbox(&self, prefix: &str) {
        self.inbox.get_or_init(|| prefix.to_owned());
    }

    /// Where it leads, for messages.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Where the epoch of each reconnect goes, for whoever proves the subscriptions.
    pub(super) fn on_reconnect(&self, sender: mpsc::UnboundedSender<u64>) {
        locked(&self.state).restored = Some(sender);
    }

    /// An error while the connection is down.
    pub(super) fn ensure_up(&self) -> Result<(), TransportError> {
        match &*self.down.borrow() {
            None => Ok(()),
            Some(reason) => Err(TransportError::Lost {
                reason: reason.clone(),
            }),
        }
    }

    /// Resolves when the connection goes down; at once when it is.
    pub(super) async fn lost(&self) -> TransportError {
        let mut fell = pin!(self.fell.notified());
        poll_fn(|context| {
            loop {
                // Before the look, so that no loss falls between the two.
                let news = fell.as_mut().poll(context).is_ready();
                if let Err(error) = self.ensure_up() {
                    return Poll::Ready(error);
                }
                if !news {
                    return Poll::Pending;
                }
                fell.set(self.fell.notified());
            }
        })
        .await
    }

    /// From now on nothing is reported, and the client's attempts to reconnect end.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        let mut state = locked(&self.state);
        state.restored = None;
        state.questions.clear();
        self.next_epoch();
        self.down.send_replace(Some(self.closed_words()));
        self.fell.notify_waiters();
    }

    /// Call it with the state locked.
    fn next_epoch(&self) -> u64 {
        let mut next = 0;
        self.epoch.send_modify(|epoch| {
            *epoch += 1;
            next = *epoch;
        });
        next
    }

    /// The number of this life of the connection.
    pub(super) fn epoch(&self) -> u64 {
        *self.epoch.borrow()
    }

    /// Resolves when a life of the connection has ended; at once when it has.
    pub(super) async fn ended(&self, epoch: u64) {
        // Never an error: `self` has the sender.
        let _ = self.epoch.subscribe().wait_for(|now| *now != epoch).await;
    }

    /// Why nothing works, for calls in a life of the connection that has ended.
    pub(super) fn loss(&self) -> TransportError {
        self.ensure_up()
            .err()
            .unwrap_or_else(|| TransportError::Lost {
                reason: format!("the connection to {} broke", self.address),
            })
    }

    /// Says why the connection is still not usable although the server is back: to calls, and with `tell`
    /// to those who wait for its return.
    pub(super) fn explain(&self, epoch: u64, words: &str, tell: bool) {
        let _state = locked(&self.state);
        if self.epoch() != epoch || self.is_closed() || self.ensure_up().is_ok() {
            return;
        }
        let reason = format!("{} is back, but not all of it: {words}", self.address);
        self.down.send_replace(Some(reason.clone()));
        if tell {
            self.events.report(ConnectionEvent::Lost { reason });
        }
    }

    fn closed_words(&self) -> String {
        format!("the connection to {} was closed by the test", self.address)
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Ends the client's connection task when the connection was closed while the server was away.
    ///
    /// The client asks its reconnect settings before each attempt and offers no way to make it give up, so
    /// without this the task would try for ever. `resume_unwind` ends the task without a panic message;
    /// where panics abort the process, the task is left to the end of the runtime.
    pub(super) fn leave_if_closed(&self) {
        if cfg!(panic = "unwind") && self.is_closed() {
            resume_unwind(Box::new("the connection was closed"));
        }
    }

    /// Takes an event of the client, in the order in which they happened.
    pub(super) fn observe(&self, event: Event) {
        if self.is_closed() {
            return;
        }
        match event {
            Event::Connected => self.connected(),
            Event::Disconnected | Event::Closed => self.disconnected(),
            Event::ServerError(error) => self.complained(&words_of(error)),
            Event::SlowConsumer(_) => self.report_refusal(
                "messages came faster than they were taken, and the client dropped some (slow consumer)",
            ),
            // While the connection is down these are failed attempts to reconnect.
            Event::ClientError(error) if locked(&self.state).connected => {
                self.report_refusal(&error.to_string());
            }
            Event::ClientError(_) | Event::LameDuckMode | Event::Draining => {}
        }
    }

    fn connected(&self) {
        let mut state = locked(&self.state);
        // The first one belongs to the connect itself.
        if !state.connected {
            state.connected = true;
            state.last_words = None;
            let epoch = self.next_epoch();
            if let Some(sender) = &state.restored {
                // A receiver that is gone means that the connection is being closed.
                let _ = sender.send(epoch);
            }
        }
    }

    fn disconnected(&self) {
        let mut state = locked(&self.state);
        if !state.connected {
            return;
        }
        state.connected = false;
        self.next_epoch();
        state.questions.clear();
        let reason = match state.last_words.take() {
            Some(words) => format!("{} ended the connection: {words}", self.address),
            None => format!("{} went away (did the server stop?)", self.address),
        };
        let already_down = self.down.send_replace(Some(reason.clone())).is_some();
        self.fell.notify_waiters();
        if !already_down {
            // Under the lock, so that losses and returns are reported in their order.
            self.events.report(ConnectionEvent::Lost { reason });
        }
    }

    /// Reports the return of the connection, if it has not been lost again since `epoch`.
    pub(super) fn confirm(&self, epoch: u64) {
        let _state = locked(&self.state);
        if self.epoch() == epoch && !self.is_closed() {
            self.down.send_replace(None);
            self.events.report(ConnectionEvent::Restored);
        }
    }

    /// Whether the connection has been up without a break since `epoch`.
    pub(super) fn is_current(&self, epoch: u64) -> bool {
        self.epoch() == epoch && !self.is_closed()
    }

    fn complained(&self, words: &str) {
        let mut state = locked(&self.state);
        if words.eq_ignore_ascii_case(INVALID_SUBJECT) {
            // Subjects of users are checked before they are sent, so this is an answer.
            state.questions.answer_oldest();
            return;
        }
        if quoted(words).any(|subject| state.questions.answer(subject)) {
            return;
        }
        // The answer to a question that was given up.
        if self
            .inbox
            .get()
            .is_some_and(|inbox| quoted(words).any(|s| s.starts_with(&**inbox)))
        {
            return;
        }
        if state
            .attempts
            .refuse(words, |subject| quoted(words).any(|s| s == subject))
        {
            return;
        }
        state.last_words = Some(words.to_owned());
        drop(state);
        match forbidden_publication(words) {
            Some(subject) => self.events.report(ConnectionEvent::PublishRefused {
                topic: subject.to_owned(),
                reason: self.shown(words),
            }),
            None => self.report_refusal(words),
        }
    }

    /// Reports what ends every running scenario on the connection.
    pub(super) fn report_refusal(&self, words: &str) {
        let reason = self.shown(words);
        self.events.report(ConnectionEvent::Refused { reason });
    }

    fn shown(&self, words: &str) -> String {
        format!("{}: {words}", self.address)
    }

    /// Asks a question that is answered by an echo on its subject, or by a complaint that names it.
    pub(super) fn ask(self: &Arc<Self>, subject: String) -> Question {
        self.question(subject, Questions::add)
    }

    /// Asks a question that is answered by the complaint that its subject is invalid.
    pub(super) fn ask_by_complaint(self: &Arc<Self>, subject: String) -> Question {
        self.question(subject, Questions::add_by_complaint)
    }

    fn question(
        self: &Arc<Self>,
        subject: String,
        add: fn(&mut Questions, String, oneshot::Sender<()>),
    ) -> Question {
        let (sender, receiver) = oneshot::channel();
        let mut state = locked(&self.state);
        // What is sent while the connection is down would be answered after a reconnect at best.
        if state.connected && !self.is_closed() {
            add(&mut state.questions, subject.clone(), sender);
        }
        Question::new(Arc::clone(self), subject, receiver)
    }

    /// An echo came.
    pub(super) fn answer(&self, subject: &str) {
        self.questions(|questions| {
            questions.answer(subject);
        });
    }

    pub(super) fn questions(&self, change: impl FnOnce(&mut Questions)) {
        change(&mut locked(&self.state).questions);
    }

    /// Catches the server's refusal of an attempt.
    pub(super) fn register(self: &Arc<Self>, kind: Kind, subject: &str) -> Registration {
        let attempt = locked(&self.state).attempts.add(kind, subject);
        Registration::new(Arc::clone(self), attempt)
    }

    pub(super) fn attempts(&self, change: impl FnOnce(&mut Attempts)) {
        change(&mut locked(&self.state).attempts);
    }
}

fn quoted(words: &str) -> impl Iterator<Item = &str> {
    words.split('"').skip(1).step_by(2)
}

/// The subject to which the user may not publish.
fn forbidden_publication(words: &str) -> Option<&str> {
    let words = words.strip_prefix("Permissions Violation for Publish to ")?;
    quoted(words).next()
}

fn words_of(error: ServerError) -> String {
    match error {
        ServerError::Other(words) => words,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> (Arc<Link>, Arc<Mutex<Vec<ConnectionEvent>>>) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let events = ConnectionEvents::new(move |event| locked(&sink).push(event));
        (Arc::new(Link::new("NATS at x:1".into(), events)), seen)
    }

    fn complain(link: &Link, words: &str) {
        link.observe(Event::ServerError(ServerError::Other(words.into())));
    }

    #[test]
    fn a_refusal_goes_to_the_subscription_that_it_names_and_to_no_other() {
        let (link, seen) = link();
        let orders = link.register(Kind::Subscription, "orders");
        let new_orders = link.register(Kind::Subscription, "orders.new");
        complain(
            &link,
            "Permissions Violation for Subscription to \"orders.new\"",
        );
        assert_eq!(orders.refusal(), None);
        assert!(new_orders.refusal().is_some());
        complain(&link, "Permissions Violation for Publish to \"orders\"");
        assert_eq!(orders.refusal(), None);
        let about_orders = |it: &ConnectionEvent| matches!(it, ConnectionEvent::PublishRefused { topic, .. } if topic == "orders");
        assert!(matches!(&locked(&seen)[..], [event] if about_orders(event)));
        drop((orders, new_orders));
        complain(
            &link,
            "Permissions Violation for Subscription to \"orders\"",
        );
        assert_eq!(locked(&seen).len(), 2);
    }

    #[test]
    fn a_loss_is_reported_once_with_the_servers_last_words_and_a_return_only_when_proven() {
        let (link, seen) = link();
        let (sender, mut receiver) = mpsc::unbounded_channel();
        link.on_reconnect(sender);
        link.observe(Event::Connected);
        complain(&link, "Maximum Payload Violation");
        link.observe(Event::Disconnected);
        link.observe(Event::Disconnected);
        assert!(
            matches!(link.ensure_up(), Err(TransportError::Lost { reason }) if reason.contains("Maximum Payload"))
        );
        link.observe(Event::Connected);
        let epoch = receiver.try_recv().expect("a reconnect");
        assert!(link.ensure_up().is_err(), "not before the round trip");
        link.observe(Event::Disconnected);
        link.confirm(epoch);
        assert!(link.ensure_up().is_err(), "it was lost again");
        link.observe(Event::Connected);
        let epoch = receiver.try_recv().expect("a reconnect");
        link.confirm(epoch);
        assert!(link.ensure_up().is_ok());
        let kinds: Vec<_> = locked(&seen)
            .iter()
            .map(|event| match event {
                ConnectionEvent::Lost { .. } => "lost",
                ConnectionEvent::Restored => "restored",
                ConnectionEvent::Refused { .. } => "refused",
                ConnectionEvent::PublishRefused { .. } => "publish refused",
            })
            .collect();
        assert_eq!(kinds, ["refused", "lost", "restored"]);
    }

    #[test]
    fn after_close_nothing_is_reported() {
        let (link, seen) = link();
        link.close();
        link.observe(Event::Disconnected);
        complain(&link, "anything");
        assert!(locked(&seen).is_empty());
        assert!(link.ensure_up().is_err());
    }
}
