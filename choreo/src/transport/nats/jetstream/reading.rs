//! The messages of one consumer, handed on where the client has them; the follower hears of the rest.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use async_nats::{Message, Subject, Subscriber};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::super::link::locked;
use super::super::pump::Pump;
use super::super::subject::covers;
use super::delivered::{Delivered, envelope};
use super::start::Position;
use crate::transport::Delivery;

/// What the follower must see to.
#[derive(Debug)]
pub(super) enum Event {
    /// The server asks how far we are, and wants an answer there.
    FlowControl(Subject),
    /// The consumer is of no more use.
    Broken(&'static str),
    /// The client has ended.
    Closed,
}

/// How far the reading is.
struct Progress {
    /// The sequence of the next message of this consumer.
    expected: u64,
    position: Position,
    /// When the server was last heard.
    heard: Instant,
    /// Nothing is handed on any more.
    is_over: bool,
}

/// A consumer that is being read. Reading ends with it.
pub(super) struct Reading {
    progress: Arc<Mutex<Progress>>,
    events: UnboundedReceiver<Event>,
    pump: Arc<Pump>,
}

impl Reading {
    /// Reads a new consumer that begins at the position.
    pub(super) fn start(subscriber: Subscriber, position: Position, to: Destination) -> Self {
        let progress = Arc::new(Mutex::new(Progress {
            expected: 1,
            position,
            heard: Instant::now(),
            is_over: false,
        }));
        let (sender, events) = unbounded_channel();
        let shared = Arc::clone(&progress);
        let pump = Pump::start(subscriber, move |message, at| {
            to.take(message, at, &shared, &sender);
        });
        Self {
            progress,
            events,
            pump,
        }
    }

    /// What comes next for the follower. Cancelling it loses nothing.
    pub(super) async fn event(&mut self) -> Event {
        // The pump holds the other end, and this the pump.
        self.events.recv().await.unwrap_or(Event::Closed)
    }

    pub(super) fn heard(&self) -> Instant {
        locked(&self.progress).heard
    }

    /// Ends the reading: where the next consumer begins. What is being handed on has been by then.
    pub(super) fn end(self) -> Position {
        let mut progress = locked(&self.progress);
        progress.is_over = true;
        progress.position
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.pump.stop();
    }
}

/// Where the messages go.
pub(super) struct Destination {
    pub(super) pattern: Arc<str>,
    pub(super) delivery: Delivery,
    /// The server sends what the pattern covers, and nothing else.
    pub(super) is_filtered: bool,
}

impl Destination {
    /// Takes the next message, or the end of them all. Whoever ends the reading waits for it here.
    fn take(
        &self,
        message: Option<Message>,
        at: Instant,
        progress: &Mutex<Progress>,
        events: &UnboundedSender<Event>,
    ) {
        let mut progress = locked(progress);
        if progress.is_over {
            return;
        }
        progress.heard = at;
        // Nobody listens once the reading has ended.
        let tell = |event| drop(events.send(event));
        let Some(message) = message else {
            progress.is_over = true;
            return tell(Event::Closed);
        };
        let missing = if message.status.is_some() {
            if let Some(reply) = flow_control(&message) {
                tell(Event::FlowControl(reply));
            }
            last_sent(&message).is_some_and(|last| last >= progress.expected)
        } else {
            let Some(delivered) = message.reply.as_deref().and_then(Delivered::read) else {
                return;
            };
            if delivered.consumer_sequence == progress.expected {
                progress.expected += 1;
                progress.position = Position::After(delivered.stream_sequence);
                if self.is_filtered || covers(&self.pattern, &message.subject) {
                    let envelope = envelope(&message, delivered, &self.pattern, at);
                    self.delivery.deliver(envelope);
                }
                false
            } else {
                true
            }
        };
        if missing {
            progress.is_over = true;
            tell(Event::Broken("a message is missing"));
        }
    }
}

/// Where the server wants to hear that what came before has been read.
fn flow_control(message: &Message) -> Option<Subject> {
    let stalled = || Some(header(message, "Nats-Consumer-Stalled")?.into());
    message.reply.clone().or_else(stalled)
}

/// The last message that the server has sent, as its heartbeat tells.
fn last_sent(message: &Message) -> Option<u64> {
    header(message, "Nats-Last-Consumer")?.parse().ok()
}

fn header<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    let value = message.headers.as_ref()?.get(name)?;
    Some(value.as_str())
}
