//! How a topic is subscribed to: what is decided from the settings, before the broker is asked.

use lapin::types::{AMQPValue, FieldTable};
use serde_json::Value;

use super::address::{self, Address, check_pattern};
use super::properties;

/// What of the transport's settings decides.
#[derive(Debug, Clone)]
pub(super) struct Topology {
    pub(super) exchange: String,
    /// The exchange is not ours: of whatever kind it is.
    pub(super) existing: bool,
    /// How queues are bound, for copies of them.
    pub(super) bindings: Vec<Said>,
    /// Queues that the test is the consumer of.
    pub(super) consumed: Vec<String>,
}

/// What a user says about one binding of a queue.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) queue: String,
    /// The address that it is bound to.
    pub(super) source: String,
    pub(super) arguments: Option<Vec<(String, Value)>>,
}

/// Where the messages of a subscription come from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plan {
    /// A queue of our own, with these bindings.
    Bound {
        bindings: Vec<Binding>,
        /// The queue that it is a copy of: it has to be there.
        copied: Option<String>,
        shown: Shown,
    },
    /// A queue of our own, by name.
    Inbox { queue: String },
    /// A queue of others, whose messages are held while we look at them, and go back.
    Watched { queue: String },
    /// A queue of others, whose messages we take.
    Consumed { queue: String },
}

/// An exchange, and which of its messages are wanted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Binding {
    pub(super) exchange: String,
    pub(super) key: String,
    pub(super) arguments: Arguments,
}

/// The arguments of a binding; headers exchanges look at them, others do not.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Arguments {
    /// A headers exchange gives every message.
    None,
    /// A headers exchange refuses the binding.
    NoHeadersExchange,
    Said(FieldTable),
}

/// How a headers exchange is told to compare.
const COMPARE: &str = "x-match";

impl Arguments {
    pub(super) fn table(&self) -> FieldTable {
        match self {
            Self::None => FieldTable::default(),
            // AMQP does not tell of what kind an exchange is. One that looks at this refuses it.
            Self::NoHeadersExchange => {
                let mut table = FieldTable::default();
                let refused = AMQPValue::LongString("not a headers exchange".into());
                table.insert(COMPARE.into(), refused);
                table
            }
            Self::Said(table) => table.clone(),
        }
    }

    /// Whether the broker's words say that a headers exchange has refused the binding.
    pub(super) fn are_missing(&self, words: &str) -> bool {
        *self == Self::NoHeadersExchange && words.contains(COMPARE)
    }
}

/// What the topic of a received message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown {
    /// Its routing key.
    Key,
    /// Its routing key on another exchange.
    Exchange(String),
    /// What was subscribed to.
    Topic,
}

impl Topology {
    /// The plan for a topic. Queues that start with `inbox` are ours.
    pub(super) fn plan(&self, topic: &str, inbox: &str) -> Result<Plan, String> {
        let bound = |exchange: &str, key: &str, shown: Shown| Plan::Bound {
            bindings: vec![Binding {
                exchange: exchange.into(),
                key: key.into(),
                arguments: Arguments::None,
            }],
            copied: None,
            shown,
        };
        match Address::parse(topic)? {
            Address::Key(key) => {
                self.check_pattern(key)?;
                Ok(bound(&self.exchange, key, Shown::Key))
            }
            Address::Exchange { name, key } => Ok(bound(name, key, Shown::Exchange(name.into()))),
            Address::Queue(queue) => self.queue(queue, inbox),
        }
    }

    fn queue(&self, queue: &str, inbox: &str) -> Result<Plan, String> {
        if queue.starts_with(inbox) {
            return Ok(Plan::Inbox {
                queue: queue.into(),
            });
        }
        if self.consumed.iter().any(|name| name == queue) {
            return Ok(Plan::Consumed {
                queue: queue.into(),
            });
        }
        let mut bindings = Vec::new();
        for said in self.bindings.iter().filter(|said| said.queue == queue) {
            bindings.push(self.binding(said)?);
        }
        if bindings.is_empty() {
            return Ok(Plan::Watched {
                queue: queue.into(),
            });
        }
        Ok(Plan::Bound {
            bindings,
            copied: Some(queue.into()),
            shown: Shown::Topic,
        })
    }

    fn binding(&self, said: &Said) -> Result<Binding, String> {
        let Said {
            queue,
            source,
            arguments,
        } = said;
        let wrong = |reason: String| match arguments {
            None => format!("`.binding({queue:?}, {source:?})`: {reason}"),
            Some(_) => format!("`.binding_with({queue:?}, {source:?}, …)`: {reason}"),
        };
        let (exchange, key) = match Address::parse(source).map_err(wrong)? {
            Address::Key(key) => {
                self.check_pattern(key).map_err(wrong)?;
                (&*self.exchange, key)
            }
            Address::Exchange { name, key } => (name, key),
            Address::Queue(_) => {
                return Err(wrong(
                    "a queue cannot be bound to a queue; write a routing key or `exchange:NAME/KEY`"
                        .into(),
                ));
            }
        };
        Ok(Binding {
            exchange: exchange.into(),
            key: key.into(),
            arguments: match arguments {
                None => Arguments::NoHeadersExchange,
                Some(pairs) => Arguments::Said(properties::arguments(pairs).map_err(wrong)?),
            },
        })
    }

    fn check_pattern(&self, key: &str) -> Result<(), String> {
        // For other kinds of exchanges these are letters like others.
        if self.existing {
            Ok(())
        } else {
            check_pattern(key)
        }
    }

    /// Exchange and routing key of a message to a topic.
    pub(super) fn target<'a>(&'a self, topic: &'a str) -> Result<(&'a str, &'a str), String> {
        match Address::parse(topic)? {
            Address::Key(key) => {
                if !self.existing {
                    address::check_concrete(key)?;
                }
                Ok((&self.exchange, key))
            }
            Address::Queue(name) => Ok(("", name)),
            Address::Exchange { name, key } => Ok((name, key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topology() -> Topology {
        Topology {
            exchange: "choreo".into(),
            existing: false,
            bindings: vec![
                said("orders", "orders.#", None),
                said("orders", "exchange:shop/new", Some(("region", "EU".into()))),
                said("wrong", "queue:x", None),
                said("wrong_too", "a", Some(("list", Value::Array(vec![])))),
            ],
            consumed: vec!["work".into()],
        }
    }

    fn said(queue: &str, source: &str, argument: Option<(&str, Value)>) -> Said {
        Said {
            queue: queue.into(),
            source: source.into(),
            arguments: argument.map(|(name, value)| vec![(name.into(), value)]),
        }
    }

    fn binding(exchange: &str, key: &str, arguments: Arguments) -> Binding {
        Binding {
            exchange: exchange.into(),
            key: key.into(),
            arguments,
        }
    }

    #[test]
    fn a_topic_has_one_plan() {
        let plan = |topic: &str| topology().plan(topic, "inbox.").expect("a plan");
        assert_eq!(
            plan("orders.*"),
            Plan::Bound {
                bindings: vec![binding("choreo", "orders.*", Arguments::None)],
                copied: None,
                shown: Shown::Key,
            }
        );
        assert_eq!(
            plan("exchange:shop/a"),
            Plan::Bound {
                bindings: vec![binding("shop", "a", Arguments::None)],
                copied: None,
                shown: Shown::Exchange("shop".into()),
            }
        );
        let mut table = FieldTable::default();
        table.insert("region".into(), AMQPValue::LongString("EU".into()));
        assert_eq!(
            plan("queue:orders"),
            Plan::Bound {
                bindings: vec![
                    binding("choreo", "orders.#", Arguments::NoHeadersExchange),
                    binding("shop", "new", Arguments::Said(table)),
                ],
                copied: Some("orders".into()),
                shown: Shown::Topic,
            }
        );
        let queue = |name: &str| name.to_owned();
        assert_eq!(
            plan("queue:dead"),
            Plan::Watched {
                queue: queue("dead")
            }
        );
        assert_eq!(
            plan("queue:work"),
            Plan::Consumed {
                queue: queue("work")
            }
        );
        assert_eq!(
            plan("queue:inbox.1"),
            Plan::Inbox {
                queue: queue("inbox.1")
            }
        );
        assert!(topology().plan("queue:wrong", "inbox.").is_err());
        let error = topology()
            .plan("queue:wrong_too", "inbox.")
            .expect_err("a list");
        assert_eq!(
            error,
            "`.binding_with(\"wrong_too\", \"a\", …)`: `list` must be a text, a number of at most 64 bits, a bool \
             or null"
        );
        assert!(topology().plan("orders.new*", "inbox.").is_err());
    }

    #[test]
    fn a_message_goes_to_an_exchange_with_a_key() {
        let topology = topology();
        assert_eq!(topology.target("a.b"), Ok(("choreo", "a.b")));
        assert_eq!(topology.target("queue:work"), Ok(("", "work")));
        assert_eq!(topology.target("exchange:shop/a"), Ok(("shop", "a")));
        assert!(topology.target("a.*").is_err());
    }
}
