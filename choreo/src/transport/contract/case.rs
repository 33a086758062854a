//! A case: a promise of transports, and how to find out whether one keeps it.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use super::peer::Broken;
use super::{
    Subject, connection, isolation, messages, publishing, requests, restart, scenarios,
    subscriptions,
};

/// How long a case may take as a whole. It ends what its own bounds do not, such as a hanging close.
const CASE_BOUND: Duration = Duration::from_secs(240);

/// How long the end of a case's runtime may take.
const SHUTDOWN_BOUND: Duration = Duration::from_secs(1);

type Checking<'a> = Pin<Box<dyn Future<Output = Result<Verdict, Broken>> + 'a>>;

/// What a case found when nothing was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// The promise is kept.
    Kept,
    /// It is not given, and this is why: a capability that the transport does not declare, or something
    /// that the [`Subject`] leaves out.
    NotApplicable(String),
}

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("broken promise: {promise}\n  {what}")]
#[non_exhaustive]
pub struct Violation {
    /// The case that found it.
    pub case: &'static str,
    /// What transports promise.
    pub promise: &'static str,
    /// What happened instead.
    pub what: String,
}

/// One promise of transports, to be checked on a subject.
pub struct Case<S> {
    name: &'static str,
    promise: &'static str,
    alone: bool,
    check: for<'a> fn(&'a S) -> Checking<'a>,
}

impl<S> Case<S> {
    /// Its name, in `snake_case`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What transports promise, as a sentence.
    pub fn promise(&self) -> &'static str {
        self.promise
    }

    /// Whether the case counts what the broker holds or restarts it, so that no other case may use the
    /// same broker at the same time. All others may run in parallel on one broker.
    pub fn wants_the_broker_alone(&self) -> bool {
        self.alone
    }

    /// Checks the promise, on a tokio runtime of its own.
    ///
    /// # Errors
    ///
    /// When the promise is broken.
    ///
    /// # Panics
    ///
    /// When it is called from async code, or when the transport panics.
    pub fn run(&self, subject: &S) -> Result<Verdict, Violation> {
        let violation = |what| Violation {
            case: self.name,
            promise: self.promise,
            what,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| violation(format!("cannot start a runtime: {error}")))?;
        let result = runtime
            .block_on(async { tokio::time::timeout(CASE_BOUND, (self.check)(subject)).await });
        runtime.shutdown_timeout(SHUTDOWN_BOUND);
        match result {
            Ok(Ok(verdict)) => Ok(verdict),
            Ok(Err(Broken(what))) => Err(violation(what)),
            Err(_) => Err(violation(format!(
                "the case did not end within {CASE_BOUND:?}: a call never returned"
            ))),
        }
    }
}

impl<S> fmt::Debug for Case<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

macro_rules! table {
    ($($name:ident in $module:ident $($alone:ident)?: $promise:literal,)*) => {
        /// Every case, in the order in which they are best read.
        pub fn cases<S: Subject>() -> Vec<Case<S>> {
            vec![$(Case {
                name: stringify!($name),
                promise: $promise,
                alone: table!(@alone $($alone)?),
                check: |subject| Box::pin($module::$name(subject)),
            }),*]
        }
    };
    (@alone) => { false };
    (@alone alone) => { true };
}

table! {
    connects_and_closes_any_number_of_times in connection:
        "connect and close work any number of times, a second close does nothing, and a close is no loss",
    a_close_disturbs_no_other_connection in connection:
        "closing one connection leaves the others as they are",
    a_closed_connection_refuses in connection:
        "subscribe and publish on a closed connection are errors, at once",
    close_leaves_no_task in connection:
        "after close no task of the connection is left",
    a_dropped_connection_leaves_no_task in connection:
        "a connection that is dropped without a close leaves no task either",
    bytes_arrive_as_they_are in messages:
        "a payload arrives byte by byte, on its topic, with the instant of its receipt",
    text_arrives_as_it_is in messages:
        "a text payload arrives as it is",
    json_arrives_as_it_is in messages:
        "a JSON payload arrives as it is in a scenario",
    an_empty_payload_arrives in messages:
        "an empty payload is a message like any other",
    a_large_payload_arrives in messages:
        "a payload of 1 MiB arrives whole",
    headers_arrive in messages:
        "headers arrive with their names and values",
    keys_arrive in messages:
        "keys arrive byte by byte",
    metadata_has_declared_names in messages:
        "received metadata has only names that the capabilities declare as readable",
    order_is_kept in messages:
        "1 000 rapid messages arrive in the order in which they were published, each once",
    every_connection_gets_a_message in subscriptions:
        "a message reaches every connection that is subscribed to its topic, each once",
    a_confirmed_subscription_misses_nothing in subscriptions:
        "a message that any connection publishes after a subscription was confirmed is delivered (500 of 500)",
    messages_from_before_come_as_declared in subscriptions:
        "what was published before a subscription does not come, unless the broker keeps it and it was asked for",
    unsubscribing_ends_delivery in subscriptions:
        "a dropped subscription gets no more messages, and no other subscription ends with it",
    a_topic_can_be_subscribed_to_again in subscriptions:
        "a topic that was unsubscribed a moment ago can be subscribed to again",
    wildcards_keep_concrete_topics in subscriptions:
        "a pattern gets the messages of the topics that it matches, under their concrete topics, and no others",
    a_refused_publish_is_an_error in publishing:
        "a message that the broker refuses is an error for the publisher",
    a_refused_publish_ends_the_scenario in publishing:
        "a scenario whose message is refused ends as error with the cause, not as timeout",
    a_payload_over_the_limit_is_an_error in publishing:
        "a payload above the broker's limit is an error, and the connection works on",
    requests_are_answered in requests:
        "an answer reaches the inbox of the connection that asked, and no other",
    inboxes_are_declared in requests:
        "a connection has inboxes exactly when the transport declares requests",
    silence_is_a_timeout in scenarios:
        "a scenario on a topic on which nothing comes ends as timeout",
    a_wrong_message_is_a_fail in scenarios:
        "a scenario that gets a message other than the expected one ends as fail and shows it",
    a_chain_of_six_replies_passes in scenarios:
        "a chain of six replies reaches its end",
    a_late_message_is_logged in isolation:
        "a message for a scenario that has ended is ignored and logged as late",
    a_foreign_message_is_logged in isolation:
        "a message with somebody else's correlation id reaches no scenario and is logged",
    two_harnesses_do_not_see_each_other in isolation:
        "scenarios of two harnesses on the same topics do not see each other's messages",
    sequential_scenarios_leave_no_subscription in scenarios alone:
        "200 scenarios, one after the other, leave no subscription on the broker",
    a_restart_restores_subscriptions in restart alone:
        "when the broker restarts, the loss is reported, subscriptions come back, and then messages arrive",
    scenarios_recover_from_a_restart in restart alone:
        "a scenario that runs when the broker restarts ends as error, and later ones pass",
}
