//! Topics: wildcards match as their brokers say, what can be published to is told from what can only be subscribed
//! to, and names come out as they went in.
//!
//! What a transport thinks of a topic is asked of an open connection, so these modules are taken in by their paths.
//! They name nothing else of the library.

use crate::bytes::first_line;

#[path = "../../../choreo/src/transport/kafka/topic.rs"]
mod kafka;
#[path = "../../../choreo/src/transport/memory/topic.rs"]
mod memory;
#[path = "../../../choreo/src/transport/nats/subject.rs"]
mod nats;
#[path = "../../../choreo/src/transport/rabbitmq/address.rs"]
mod rabbitmq;
#[path = "../../../choreo/src/transport/redis/topic.rs"]
mod redis;

/// Longer regular expressions take long to be made, and that is no concern of ours.
const LONGEST_REGEX: usize = 60;

pub(crate) fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let (pattern, rest) = first_line(text);
    let (topic, other) = first_line(rest);
    of_memory(pattern, topic);
    of_nats(pattern, topic, other);
    of_rabbitmq(pattern, topic);
    of_redis(pattern);
    of_kafka(pattern, topic);
}

/// The wildcards of NATS, read naively.
fn fits(pattern: &[&str], topic: &[&str]) -> bool {
    match (pattern, topic) {
        ([], []) => true,
        ([">"], [_, ..]) => true,
        (["*", pattern @ ..], [_, topic @ ..]) => fits(pattern, topic),
        ([one, pattern @ ..], [other, topic @ ..]) => one == other && fits(pattern, topic),
        _ => false,
    }
}

fn naive(pattern: &str, topic: &str) -> bool {
    let (pattern, topic): (Vec<_>, Vec<_>) =
        (pattern.split('.').collect(), topic.split('.').collect());
    fits(&pattern, &topic)
}

fn of_memory(pattern: &str, topic: &str) {
    // What can be published to can be subscribed to, and is received then.
    if memory::check_concrete(topic).is_ok() {
        let alone = memory::Pattern::parse(topic).expect("a topic is a pattern");
        assert!(alone.matches(topic), "{topic:?}");
        if let Ok(parsed) = memory::Pattern::parse(pattern) {
            assert_eq!(
                parsed.matches(topic),
                naive(pattern, topic),
                "{pattern:?} {topic:?}"
            );
        }
    }
}

fn of_nats(pattern: &str, topic: &str, other: &str) {
    if nats::check_concrete(topic).is_ok() {
        assert_eq!(nats::check_pattern(topic), Ok(()), "{topic:?}");
        assert!(nats::covers(topic, topic));
        // The in-memory broker takes what NATS takes.
        assert_eq!(memory::check_concrete(topic), Ok(()), "{topic:?}");
    }
    if nats::check_pattern(pattern).is_err() {
        return;
    }
    assert!(memory::Pattern::parse(pattern).is_ok(), "{pattern:?}");
    let is_topic = nats::check_concrete(topic).is_ok();
    if is_topic {
        assert_eq!(
            nats::covers(pattern, topic),
            naive(pattern, topic),
            "{pattern:?} {topic:?}"
        );
    }
    if nats::check_pattern(other).is_ok() {
        assert!(nats::covers(">", other));
        // All that fits the narrower one fits the wider one.
        if is_topic && nats::covers(pattern, other) && naive(other, topic) {
            assert!(naive(pattern, topic), "{pattern:?} {other:?} {topic:?}");
        }
    }
}

fn of_rabbitmq(pattern: &str, name: &str) {
    use rabbitmq::Address;

    if let Ok(Address::Key(key)) = Address::parse(pattern) {
        assert_eq!(key, pattern);
    }
    let fits = |text: &str| (1..=255).contains(&text.len());
    let queue = rabbitmq::of_queue(name);
    let expected = fits(name).then_some(Address::Queue(name));
    assert_eq!(Address::parse(&queue).ok(), expected, "{queue:?}");
    if !name.contains('/') {
        let topic = rabbitmq::of_exchange(name, pattern);
        let is_one = fits(name) && (pattern.is_empty() || fits(pattern));
        let expected = is_one.then_some(Address::Exchange { name, key: pattern });
        assert_eq!(Address::parse(&topic).ok(), expected, "{topic:?}");
    }
    if rabbitmq::check_concrete(pattern).is_ok() {
        assert_eq!(rabbitmq::check_pattern(pattern), Ok(()), "{pattern:?}");
    }
}

fn of_redis(text: &str) {
    use redis::Topic;

    match Topic::parse(text) {
        Err(_) => assert!(text.is_empty()),
        Ok(Topic::Pattern(pattern)) => assert_eq!(pattern, text),
        Ok(Topic::Channel(name)) => {
            let mut escaped = String::new();
            for c in name.chars() {
                if matches!(c, '*' | '?' | '[' | '\\') {
                    escaped.push('\\');
                }
                escaped.push(c);
            }
            let again = Topic::parse(&escaped).expect("it is not empty");
            assert_eq!(again, Topic::Channel(name), "{text:?}");
            assert!(!again.name().is_empty());
        }
    }
}

fn of_kafka(pattern: &str, topic: &str) {
    if kafka::check_name(topic).is_ok() {
        let alone = kafka::Pattern::parse(topic).expect("a name is a pattern");
        assert!(alone.matches(topic) && !alone.is_regex());
        assert_eq!(alone.to_string(), topic);
    }
    if pattern.len() > LONGEST_REGEX {
        return;
    }
    if let Ok(parsed) = kafka::Pattern::parse(pattern) {
        assert_eq!(parsed.to_string(), pattern);
        assert_eq!(parsed.is_regex(), pattern.starts_with('^'));
        // The cluster's own topics are nobody's by accident.
        assert!(!(parsed.is_regex() && parsed.matches("__consumer_offsets")));
        let _ = parsed.matches(topic);
    }
}
