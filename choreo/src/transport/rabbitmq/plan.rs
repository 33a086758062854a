//! How a topic is subscribed to: what is decided from the settings, before the broker is asked.

use super::address::{self, Address, check_pattern};

/// What of the transport's settings decides.
#[derive(Debug, Clone)]
pub(super) struct Topology {
    pub(super) exchange: String,
    /// The exchange is not ours: of whatever kind it is.
    pub(super) existing: bool,
    /// Queues with the addresses that they are bound to.
    pub(super) bindings: Vec<(String, String)>,
    /// Queues that the test is the consumer of.
    pub(super) consumed: Vec<String>,
}

/// Where the messages of a subscription come from.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// An exchange, and the routing keys that are wanted of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binding {
    pub(super) exchange: String,
    pub(super) key: String,
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
        for (_, source) in self.bindings.iter().filter(|(name, _)| name == queue) {
            bindings.push(self.binding(queue, source)?);
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

    fn binding(&self, queue: &str, source: &str) -> Result<Binding, String> {
        let wrong = |reason: String| format!("`.binding({queue:?}, {source:?})`: {reason}");
        match Address::parse(source).map_err(wrong)? {
            Address::Key(key) => {
                self.check_pattern(key).map_err(wrong)?;
                Ok(Binding {
                    exchange: self.exchange.clone(),
                    key: key.into(),
                })
            }
            Address::Exchange { name, key } => Ok(Binding {
                exchange: name.into(),
                key: key.into(),
            }),
            Address::Queue(_) => Err(wrong(
                "a queue cannot be bound to a queue; write a routing key or `exchange:NAME/KEY`"
                    .into(),
            )),
        }
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
                ("orders".into(), "orders.#".into()),
                ("orders".into(), "exchange:shop/new".into()),
                ("wrong".into(), "queue:x".into()),
            ],
            consumed: vec!["work".into()],
        }
    }

    fn binding(exchange: &str, key: &str) -> Binding {
        Binding {
            exchange: exchange.into(),
            key: key.into(),
        }
    }

    #[test]
    fn a_topic_has_one_plan() {
        let plan = |topic: &str| topology().plan(topic, "inbox.").expect("a plan");
        assert_eq!(
            plan("orders.*"),
            Plan::Bound {
                bindings: vec![binding("choreo", "orders.*")],
                copied: None,
                shown: Shown::Key,
            }
        );
        assert_eq!(
            plan("exchange:shop/a"),
            Plan::Bound {
                bindings: vec![binding("shop", "a")],
                copied: None,
                shown: Shown::Exchange("shop".into()),
            }
        );
        assert_eq!(
            plan("queue:orders"),
            Plan::Bound {
                bindings: vec![binding("choreo", "orders.#"), binding("shop", "new")],
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
