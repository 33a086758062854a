//! Topics of this transport: a routing key, a queue, or another exchange.

/// AMQP writes names and keys with a length of one byte.
const LONGEST: usize = 255;

const QUEUE: &str = "queue:";
const EXCHANGE: &str = "exchange:";

/// What a topic means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Address<'a> {
    /// A routing key, or a binding pattern, on the transport's exchange.
    Key(&'a str),
    /// A queue; messages reach it by the default exchange.
    Queue(&'a str),
    /// A routing key, or a binding pattern, on another exchange.
    Exchange { name: &'a str, key: &'a str },
}

impl<'a> Address<'a> {
    pub(super) fn parse(topic: &'a str) -> Result<Self, String> {
        let address = if let Some(name) = topic.strip_prefix(QUEUE) {
            if name.is_empty() {
                return Err("it names no queue; write `queue:NAME`".into());
            }
            Self::Queue(name)
        } else if let Some(rest) = topic.strip_prefix(EXCHANGE) {
            let (name, key) = rest.split_once('/').unwrap_or((rest, ""));
            if name.is_empty() {
                return Err(
                    "it names no exchange; write `exchange:NAME/KEY`, or `queue:NAME` for a queue by the \
                     default exchange"
                        .into(),
                );
            }
            Self::Exchange { name, key }
        } else if topic.is_empty() {
            return Err(
                "it is empty; write a routing key, `queue:NAME` or `exchange:NAME/KEY`".into(),
            );
        } else {
            Self::Key(topic)
        };
        let longest = match address {
            Self::Key(text) | Self::Queue(text) => text.len(),
            Self::Exchange { name, key } => name.len().max(key.len()),
        };
        if longest > LONGEST {
            return Err(format!(
                "it is too long: AMQP allows {LONGEST} bytes in a name or a routing key"
            ));
        }
        Ok(address)
    }
}

/// Checks a binding pattern of a topic exchange.
pub(super) fn check_pattern(key: &str) -> Result<(), String> {
    match key.split('.').find(|word| is_half_wildcard(word)) {
        None => Ok(()),
        Some(word) => Err(format!(
            "`{word}` in it is no wildcard for RabbitMQ: `*` stands for one whole word and `#` for any number \
             of words, between dots"
        )),
    }
}

/// Checks the routing key of a message to a topic exchange.
pub(super) fn check_concrete(key: &str) -> Result<(), String> {
    if key.contains(['*', '#']) {
        return Err(
            "a message cannot be published to a pattern: `*` and `#` are for subscriptions".into(),
        );
    }
    Ok(())
}

fn is_half_wildcard(word: &str) -> bool {
    word.len() > 1 && word.contains(['*', '#'])
}

/// The topic of a queue.
pub(super) fn of_queue(name: &str) -> String {
    format!("{QUEUE}{name}")
}

/// The topic of a routing key on another exchange.
pub(super) fn of_exchange(name: &str, key: &str) -> String {
    format!("{EXCHANGE}{name}/{key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_a_key_a_queue_or_an_exchange_with_a_key() {
        for (topic, expected) in [
            ("orders.new", Address::Key("orders.new")),
            ("orders.#", Address::Key("orders.#")),
            ("queue:orders", Address::Queue("orders")),
            ("queue:exchange:x", Address::Queue("exchange:x")),
            (
                "exchange:shop/orders.*",
                Address::Exchange {
                    name: "shop",
                    key: "orders.*",
                },
            ),
            (
                "exchange:shop",
                Address::Exchange {
                    name: "shop",
                    key: "",
                },
            ),
            (
                "exchange:shop/a/b",
                Address::Exchange {
                    name: "shop",
                    key: "a/b",
                },
            ),
        ] {
            assert_eq!(Address::parse(topic), Ok(expected), "{topic}");
        }
        let long = "x".repeat(256);
        for (topic, part) in [
            ("", "it is empty"),
            ("queue:", "names no queue"),
            ("exchange:/orders", "default exchange"),
            (&*long, "255 bytes"),
            (&*format!("exchange:x/{long}"), "255 bytes"),
        ] {
            let error = Address::parse(topic).expect_err("no address");
            assert!(error.contains(part), "{topic}: {error}");
        }
    }

    #[test]
    fn wildcards_stand_for_whole_words() {
        for pattern in ["a", "a.*", "#", "*.b.#", "a..b"] {
            assert_eq!(check_pattern(pattern), Ok(()), "{pattern}");
        }
        for pattern in ["a*", "a.b#", "**", "a.*b.c"] {
            assert!(check_pattern(pattern).is_err(), "{pattern}");
        }
        assert!(check_concrete("a.*").is_err());
        assert_eq!(check_concrete("a.b"), Ok(()));
    }
}
