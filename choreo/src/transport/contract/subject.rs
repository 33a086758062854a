//! What the suite has to know of a broker, besides the transport itself.

use std::time::Duration;

use crate::ids::CorrelationId;
use crate::transport::Transport;

/// A transport under test, with a broker behind it that may be written to.
///
/// Only [`transport`](Self::transport) has to be given. The others widen what can be checked: what they
/// leave out, cases report as not applicable.
pub trait Subject: Send + Sync + 'static {
    /// The transport.
    type Transport: Transport;

    /// The transport, ready to connect to the broker. Called several times per case; all connections
    /// must lead to the same broker.
    fn transport(&self) -> Self::Transport;

    /// A topic that nobody uses, with `name` (ASCII letters, digits and `-`) somewhere in it. Cases ask
    /// once for every topic that they need.
    ///
    /// Given otherwise: `contract.` and 32 random digits, a dot, and the name.
    fn topic(&self, name: &str) -> String {
        format!("contract.{}.{name}", CorrelationId::random(""))
    }

    /// A pattern of topics, and topics to try it with. Called only when the transport declares
    /// [`wildcards`](crate::transport::Capabilities::wildcards).
    ///
    /// Given otherwise: `*` in place of the last part of a topic with dots.
    fn wildcard(&self) -> Wildcard {
        let prefix = format!("contract.{}", CorrelationId::random(""));
        Wildcard {
            pattern: format!("{prefix}.*"),
            inside: [format!("{prefix}.one"), format!("{prefix}.two")],
            outside: format!("outside.{prefix}.one"),
        }
    }

    /// The size in bytes above which the broker refuses a payload; `None` when it has no limit that a
    /// test can reach.
    fn max_payload(&self) -> Option<usize> {
        None
    }

    /// A topic that may not be published to, such as a malformed one; `None` when there is none.
    fn refused_topic(&self) -> Option<String> {
        None
    }

    /// The transport to the same broker, with subscriptions that begin with the first message that it still has;
    /// `None` when it has no such option. Asked for when the transport declares
    /// [`Retention::Log`](crate::transport::Retention::Log).
    fn transport_from_first(&self) -> Option<Self::Transport> {
        None
    }

    /// How many subscriptions (or consumers, or queues) the broker holds, as the broker tells; `None`
    /// when it cannot be asked. Everybody's count, so the case that asks wants the broker
    /// [for itself](super::Case::wants_the_broker_alone).
    fn subscriptions(&self) -> impl Future<Output = Option<usize>> {
        async { None }
    }

    /// Ends the broker and starts it again at the same address, and returns when it takes connections;
    /// `None` when that cannot be done. The case that calls it wants the broker
    /// [for itself](super::Case::wants_the_broker_alone).
    fn restart(&self) -> impl Future<Output = Option<Result<(), String>>> {
        async { None }
    }

    /// How many tasks the broker itself keeps on the runtime of a case, because it runs in the test
    /// process; 0 unless given.
    fn standing_tasks(&self) -> usize {
        0
    }

    /// How long the suite waits for what must come; 20 s unless given. Only broken promises take so
    /// long, so be generous: slow machines are no reason to fail.
    fn patience(&self) -> Duration {
        Duration::from_secs(20)
    }
}

/// A pattern for subscriptions, and topics on both sides of it. See [`Subject::wildcard`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wildcard {
    /// What is subscribed to.
    pub pattern: String,
    /// Concrete topics that the pattern matches.
    pub inside: [String; 2],
    /// A concrete topic that it does not match.
    pub outside: String,
}
