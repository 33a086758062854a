//! Takes the messages of a subscription where the client hands them over: in its connection task.
//!
//! A task for each subscription would be one more turn of the scheduler per message. The scheduler
//! grants a few turns in a row and then wakes another thread, which costs more than a whole scenario.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use async_nats::{Message, Subscriber};
use futures_core::Stream as _;
use tokio::task::coop::unconstrained;

use super::link::locked;

/// Hands on every message of a subscriber, in order, at the moment at which the client has it. Keeps the
/// client alive until it is stopped.
pub(super) struct Pump {
    subscriber: Mutex<Option<Subscriber>>,
    /// Wake-ups that the thread inside has to answer; nobody is inside at zero.
    wakes: AtomicUsize,
    /// Nothing once the client has no more.
    deliver: Box<dyn Fn(Option<Message>, Instant) + Send + Sync>,
}

impl Pump {
    pub(super) fn start(
        subscriber: Subscriber,
        deliver: impl Fn(Option<Message>, Instant) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let pump = Arc::new(Self {
            subscriber: Mutex::new(Some(subscriber)),
            wakes: AtomicUsize::new(0),
            deliver: Box::new(deliver),
        });
        pump.run();
        pump
    }

    /// Ends the subscription. A message that is being delivered is delivered.
    pub(super) fn stop(&self) {
        let subscriber = locked(&self.subscriber).take();
        // Outside the lock: it wakes.
        drop(subscriber);
    }

    fn run(self: &Arc<Self>) {
        // One thread at a time keeps the order. It also stops a wake-up from inside at the door.
        if self.wakes.fetch_add(1, Ordering::AcqRel) > 0 {
            return;
        }
        let waker = Waker::from(Arc::clone(self));
        let mut context = Context::from_waker(&waker);
        let mut answered = 1;
        loop {
            while let Poll::Ready(message) = self.next(&mut context) {
                let received_at = Instant::now();
                // The client's task must outlive whatever one message does.
                let deliver = AssertUnwindSafe(|| (self.deliver)(message, received_at));
                if catch_unwind(deliver).is_err() {
                    tracing::error!("the delivery of a message panicked");
                }
            }
            match (self.wakes).compare_exchange(answered, 0, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return,
                Err(wakes) => answered = wakes,
            }
        }
    }

    /// The next message that is there, or once the end; without one this is woken when there is.
    fn next(&self, context: &mut Context<'_>) -> Poll<Option<Message>> {
        let mut guard = locked(&self.subscriber);
        let Some(subscriber) = guard.as_mut() else {
            return Poll::Pending;
        };
        // Not at the expense of the client's task: it would be cut short, and this asked again at once.
        let next = std::future::poll_fn(|context| Pin::new(&mut *subscriber).poll_next(context));
        let message = pin!(unconstrained(next)).poll(context);
        if matches!(message, Poll::Ready(None)) {
            let ended = guard.take();
            // Outside the lock: it wakes.
            drop(guard);
            drop(ended);
        }
        message
    }
}

impl Wake for Pump {
    fn wake(self: Arc<Self>) {
        self.run();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.run();
    }
}
