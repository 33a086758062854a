//! The suite can fail: transports that break one promise each, and the case that finds it.

use std::sync::atomic::{self, AtomicUsize};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::{Case, Subject, Verdict, Wildcard, cases};
use crate::envelope::{Metadata, Outgoing};
use crate::transport::{
    Capabilities, Connection, ConnectionEvents, Delivery, Endpoint, Memory, MemoryConnection,
    MemorySubscriptionGuard, Ordering, Retention, Transport, TransportError,
};

/// The promise that a transport breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    ConfirmsEarly,
    Reorders,
    Repeats,
    SwallowsErrors,
    LosesHeaders,
    LosesKeys,
    AddsMetadata,
    Truncates,
    DropsEmpty,
    KeepsDelivering,
    ReportsThePattern,
    ForgetsOthers,
    IgnoresClose,
    LeavesATask,
    KeepsSubscriptions,
    HidesTheLoss,
    SharesAnInbox,
    MixesUpIds,
    Replays,
    KeepsNothing,
}

const LIMIT: usize = 2 * 1024 * 1024;

#[derive(Clone)]
struct Faulty {
    memory: Memory,
    fault: Fault,
    /// Subscriptions that are confirmed and not live yet.
    pending: Arc<Mutex<Vec<(String, Delivery)>>>,
    published: Arc<AtomicUsize>,
    /// Subscriptions that outlive their guards.
    kept: Arc<Mutex<Vec<MemorySubscriptionGuard>>>,
    /// The only subscription there is, for the transport that forgets the others.
    last: Arc<Mutex<Option<MemorySubscriptionGuard>>>,
    /// The last message, for the transport that shows it to those who come later.
    replayed: Arc<Mutex<Option<Outgoing>>>,
}

impl Faulty {
    fn new(fault: Fault) -> Self {
        Self {
            memory: Memory::new(),
            fault,
            pending: Arc::default(),
            published: Arc::default(),
            kept: Arc::default(),
            last: Arc::default(),
            replayed: Arc::default(),
        }
    }
}

struct FaultyConnection {
    inner: MemoryConnection,
    of: Faulty,
    held_back: Mutex<Option<Outgoing>>,
    closed: Arc<Notify>,
}

impl Transport for Faulty {
    type Connection = FaultyConnection;

    fn name(&self) -> &str {
        "Faulty"
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        Vec::new()
    }

    fn capabilities(&self) -> Capabilities {
        let capabilities = self.memory.capabilities();
        match self.fault {
            Fault::KeepsNothing => capabilities.with_retention(Retention::Log),
            _ => capabilities,
        }
    }

    async fn connect(&self, events: ConnectionEvents) -> Result<FaultyConnection, TransportError> {
        let events = match self.fault {
            Fault::HidesTheLoss => ConnectionEvents::new(|_| ()),
            _ => events,
        };
        let closed = Arc::new(Notify::new());
        if self.fault == Fault::LeavesATask {
            let closed = Arc::clone(&closed);
            tokio::spawn(async move { closed.notified().await });
        }
        Ok(FaultyConnection {
            inner: self.memory.connect(events).await?,
            of: self.clone(),
            held_back: Mutex::default(),
            closed,
        })
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Connection for FaultyConnection {
    type Subscription = Option<MemorySubscriptionGuard>;

    async fn subscribe(
        &self,
        topic: &str,
        delivery: Delivery,
    ) -> Result<Self::Subscription, TransportError> {
        let fault = self.of.fault;
        let pattern = topic.to_owned();
        let twice = Delivery::new(move |mut envelope| {
            match fault {
                Fault::ReportsThePattern => envelope.topic = pattern.as_str().into(),
                Fault::AddsMetadata => envelope.metadata.set("colour", "red"),
                Fault::LosesKeys => envelope.key = None,
                Fault::Truncates => envelope.payload.truncate(64 * 1024),
                Fault::DropsEmpty if envelope.payload.is_empty() => return,
                Fault::Repeats => delivery.deliver(envelope.clone()),
                Fault::MixesUpIds => {
                    let text = String::from_utf8_lossy(&envelope.payload).into_owned();
                    if text.contains("somebody-else") {
                        envelope.payload = "{}".into();
                    }
                }
                _ => {}
            }
            delivery.deliver(envelope);
        });
        let guard = self.inner.subscribe(topic, twice.clone()).await?;
        match fault {
            Fault::ConfirmsEarly => {
                drop(guard);
                // Live before the second message, which is one too late.
                locked(&self.of.pending).push((topic.to_owned(), twice));
                Ok(None)
            }
            Fault::KeepsDelivering | Fault::KeepsSubscriptions => {
                locked(&self.of.kept).push(guard);
                Ok(None)
            }
            Fault::ForgetsOthers => {
                *locked(&self.of.last) = Some(guard);
                Ok(None)
            }
            Fault::Replays => {
                let last = locked(&self.of.replayed).clone();
                if let Some(last) = last {
                    self.inner.publish(last).await?;
                }
                Ok(Some(guard))
            }
            _ => Ok(Some(guard)),
        }
    }

    async fn publish(&self, mut message: Outgoing) -> Result<(), TransportError> {
        match self.of.fault {
            Fault::ConfirmsEarly => {
                let first = self.of.published.fetch_add(1, atomic::Ordering::SeqCst) == 0;
                let pending = if first {
                    Vec::new()
                } else {
                    std::mem::take(&mut *locked(&self.of.pending))
                };
                for (topic, delivery) in pending {
                    let guard = self.inner.subscribe(&topic, delivery).await?;
                    locked(&self.of.kept).push(guard);
                }
            }
            Fault::Replays => *locked(&self.of.replayed) = Some(message.clone()),
            Fault::LosesHeaders => message.headers = crate::envelope::Headers::new(),
            Fault::AddsMetadata => message.metadata = Metadata::new(),
            Fault::Reorders => {
                let earlier = locked(&self.held_back).take();
                match earlier {
                    // Every second pair changes places.
                    Some(earlier) => {
                        self.inner.publish(message).await?;
                        return self.inner.publish(earlier).await;
                    }
                    None if message.payload == "500" => {
                        *locked(&self.held_back) = Some(message);
                        return Ok(());
                    }
                    None => {}
                }
            }
            _ => {}
        }
        let refused = if message.payload.len() > LIMIT {
            Err(TransportError::Publish {
                topic: message.topic.to_string(),
                reason: "too large".to_owned(),
            })
        } else {
            self.inner.publish(message).await
        };
        match self.of.fault {
            Fault::SwallowsErrors => Ok(()),
            _ => refused,
        }
    }

    fn inbox(&self) -> Option<String> {
        match self.of.fault {
            Fault::SharesAnInbox => Some("inbox.everybody".to_owned()),
            _ => self.inner.inbox(),
        }
    }

    async fn close(&self) {
        if self.of.fault != Fault::IgnoresClose {
            self.inner.close().await;
        }
    }
}

impl Drop for FaultyConnection {
    fn drop(&mut self) {
        self.closed.notify_one();
    }
}

struct Broken(Faulty);

impl Subject for Broken {
    type Transport = Faulty;

    fn transport(&self) -> Faulty {
        self.0.clone()
    }

    fn max_payload(&self) -> Option<usize> {
        Some(LIMIT)
    }

    fn refused_topic(&self) -> Option<String> {
        Some("two..dots".to_owned())
    }

    fn transport_from_first(&self) -> Option<Faulty> {
        Some(self.0.clone())
    }

    async fn subscriptions(&self) -> Option<usize> {
        Some(self.0.memory.subscription_count().await)
    }

    async fn restart(&self) -> Option<Result<(), String>> {
        self.0.memory.break_connections("the broker restarts");
        self.0.memory.restore();
        Some(Ok(()))
    }

    fn standing_tasks(&self) -> usize {
        1
    }

    fn patience(&self) -> Duration {
        match self.0.fault {
            Fault::None => Duration::from_secs(20),
            // What is awaited never comes.
            _ => Duration::from_millis(500),
        }
    }
}

fn case(name: &str) -> Case<Broken> {
    let found = cases().into_iter().find(|case| case.name() == name);
    found.unwrap_or_else(|| panic!("there is no case `{name}`"))
}

/// That a case finds a fault, and that the violation says so.
#[track_caller]
fn finds(name: &str, fault: Fault, said: &str) {
    let case = case(name);
    match case.run(&Broken(Faulty::new(fault))) {
        Err(violation) => {
            assert_eq!(violation.case, name);
            let text = violation.to_string();
            assert!(text.contains(case.promise()), "{text}");
            assert!(text.contains(said), "{text}");
        }
        Ok(verdict) => panic!("`{name}` found nothing wrong with {fault:?}: {verdict:?}"),
    }
}

#[test]
fn the_memory_transport_keeps_every_promise() {
    let not_applicable: Vec<_> = cases()
        .into_iter()
        .filter_map(|case| {
            let verdict = case.run(&Broken(Faulty::new(Fault::None)));
            match verdict.unwrap_or_else(|violation| panic!("{}: {violation}", case.name())) {
                Verdict::Kept => None,
                Verdict::NotApplicable(why) => Some((case.name(), why)),
            }
        })
        .collect();
    assert_eq!(not_applicable, []);
}

#[test]
fn a_confirmation_before_the_subscription_is_live_is_found() {
    finds(
        "a_confirmed_subscription_misses_nothing",
        Fault::ConfirmsEarly,
        "round 1 of 500: the message published at once did not arrive",
    );
}

#[test]
fn a_changed_order_is_found() {
    finds(
        "order_is_kept",
        Fault::Reorders,
        "message 500 of 1000: expected \"500\"",
    );
}

#[test]
fn a_second_copy_is_found() {
    finds("order_is_kept", Fault::Repeats, "got \"0\"");
    finds(
        "every_connection_gets_a_message",
        Fault::Repeats,
        "message 1 for connection 1",
    );
    finds(
        "wildcards_keep_concrete_topics",
        Fault::Repeats,
        "a message",
    );
}

#[test]
fn swallowed_errors_are_found() {
    let fault = Fault::SwallowsErrors;
    finds(
        "a_refused_publish_is_an_error",
        fault,
        "which the broker refuses, was Ok",
    );
    finds(
        "a_payload_over_the_limit_is_an_error",
        fault,
        "2097153 bytes was Ok",
    );
    finds("a_closed_connection_refuses", fault, "was Ok");
    finds(
        "a_refused_publish_ends_the_scenario",
        fault,
        "ended as timeout",
    );
}

#[test]
fn lost_parts_of_messages_are_found() {
    finds("headers_arrive", Fault::LosesHeaders, "arrived as None");
    finds("keys_arrive", Fault::LosesKeys, "arrived as None");
    finds("a_large_payload_arrives", Fault::Truncates, "65536 bytes");
    finds("an_empty_payload_arrives", Fault::DropsEmpty, "0 bytes");
}

#[test]
fn undeclared_metadata_is_found() {
    finds(
        "metadata_has_declared_names",
        Fault::AddsMetadata,
        "`colour`",
    );
}

#[test]
fn a_delivery_after_the_end_is_found() {
    finds(
        "unsubscribing_ends_delivery",
        Fault::KeepsDelivering,
        "still got messages",
    );
}

#[test]
fn a_pattern_in_place_of_a_topic_is_found() {
    finds(
        "wildcards_keep_concrete_topics",
        Fault::ReportsThePattern,
        ".*`",
    );
}

#[test]
fn a_forgotten_subscription_is_found() {
    finds(
        "every_connection_gets_a_message",
        Fault::ForgetsOthers,
        "for connection 1 did not arrive",
    );
    finds(
        "a_chain_of_six_replies_passes",
        Fault::ForgetsOthers,
        "ended as timeout",
    );
}

#[test]
fn messages_from_before_that_come_or_are_lost_are_found() {
    let case = "messages_from_before_come_as_declared";
    finds(case, Fault::Replays, "expected \"after\"");
    finds(
        case,
        Fault::KeepsNothing,
        "the message \"before\", which the broker keeps, did not arrive",
    );
}

#[test]
fn a_close_that_closes_nothing_is_found() {
    finds("a_closed_connection_refuses", Fault::IgnoresClose, "was Ok");
}

#[test]
fn a_task_that_stays_is_found() {
    finds(
        "close_leaves_no_task",
        Fault::LeavesATask,
        "2 tasks are alive after close",
    );
}

#[test]
fn subscriptions_that_stay_are_found() {
    finds(
        "sequential_scenarios_leave_no_subscription",
        Fault::KeepsSubscriptions,
        "the broker holds 200 subscriptions",
    );
}

#[test]
fn a_hidden_loss_is_found() {
    finds(
        "a_restart_restores_subscriptions",
        Fault::HidesTheLoss,
        "the loss of the connection",
    );
    finds(
        "scenarios_recover_from_a_restart",
        Fault::HidesTheLoss,
        "ended as timeout",
    );
}

#[test]
fn a_shared_inbox_is_found() {
    finds(
        "inboxes_are_declared",
        Fault::SharesAnInbox,
        "are not four topics",
    );
    finds(
        "requests_are_answered",
        Fault::SharesAnInbox,
        "came to the inbox of another connection",
    );
}

#[test]
fn lost_ids_are_found() {
    finds(
        "a_foreign_message_is_logged",
        Fault::MixesUpIds,
        "0 of 1 messages",
    );
}

/// What a transport without any capability is not asked for, it is said not to be.
#[test]
fn what_is_not_declared_is_not_applicable() {
    struct Plain(Memory);

    #[derive(Clone)]
    struct PlainMemory(Memory);

    impl Transport for PlainMemory {
        type Connection = MemoryConnection;
        fn name(&self) -> &str {
            "Plain"
        }
        fn endpoints(&self) -> Vec<Endpoint> {
            Vec::new()
        }
        fn capabilities(&self) -> Capabilities {
            Capabilities::plain()
                .with_ordering(Ordering::None)
                .with_retention(Retention::Log)
        }
        async fn connect(
            &self,
            events: ConnectionEvents,
        ) -> Result<MemoryConnection, TransportError> {
            self.0.connect(events).await
        }
    }

    impl Subject for Plain {
        type Transport = PlainMemory;
        fn transport(&self) -> PlainMemory {
            PlainMemory(self.0.clone())
        }
        fn wildcard(&self) -> Wildcard {
            panic!("asked for a wildcard that is not declared")
        }
    }

    let subject = Plain(Memory::new());
    for (name, why) in [
        ("headers_arrive", "`headers`"),
        ("keys_arrive", "`keys`"),
        ("order_is_kept", "`ordering`"),
        ("wildcards_keep_concrete_topics", "`wildcards`"),
        ("requests_are_answered", "`requests`"),
        (
            "messages_from_before_come_as_declared",
            "`transport_from_first`",
        ),
        ("a_refused_publish_is_an_error", "`refused_topic`"),
        ("a_payload_over_the_limit_is_an_error", "`max_payload`"),
        (
            "sequential_scenarios_leave_no_subscription",
            "`subscriptions`",
        ),
        ("a_restart_restores_subscriptions", "`restart`"),
    ] {
        let case = cases().into_iter().find(|case| case.name() == name);
        match case.expect("a case").run(&subject) {
            Ok(Verdict::NotApplicable(said)) => assert!(said.contains(why), "{said}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}
