//! What may be subscribed to and published to: names of topics, and regular expressions over them.

use std::fmt;
use std::sync::Arc;

use regex::Regex;

/// The longest name that Kafka takes.
const MAX_LENGTH: usize = 249;

/// What a subscription is for.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    Topic(Arc<str>),
    /// librdkafka's convention: what starts with `^` is a regular expression.
    Regex(Regex),
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with('^') {
            check_name(text)?;
            return Ok(Self::Topic(text.into()));
        }
        match Regex::new(text) {
            Ok(regex) => Ok(Self::Regex(regex)),
            Err(error) => Err(format!("it is no regular expression: {error}")),
        }
    }

    pub(super) fn matches(&self, topic: &str) -> bool {
        match self {
            Self::Topic(name) => **name == *topic,
            // The cluster's own topics are meant only by their names.
            Self::Regex(regex) => !topic.starts_with("__") && regex.is_match(topic),
        }
    }

    pub(super) fn is_regex(&self) -> bool {
        matches!(self, Self::Regex(_))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Topic(name) => name,
            Self::Regex(regex) => regex.as_str(),
        })
    }
}

/// Whether Kafka would take it as the name of a topic.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("the topic is empty".into());
    }
    if name == "." || name == ".." {
        return Err("`.` and `..` are no topics".into());
    }
    if name.starts_with('^') {
        return Err("a regular expression cannot be published to: name one topic".into());
    }
    if name.len() > MAX_LENGTH {
        return Err(format!(
            "it has {} characters, and Kafka takes {MAX_LENGTH}",
            name.len()
        ));
    }
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    match name.chars().find(|c| !u8::try_from(*c).is_ok_and(legal)) {
        None => Ok(()),
        Some('*' | '?' | '[' | '(' | '|') => Err(
            "topics of Kafka have no wildcards; a regular expression starts with `^`, such as `^orders\\..*`"
                .into(),
        ),
        Some(other) => Err(format!(
            "{other:?} cannot be in the name of a topic: letters, digits, `.`, `_` and `-` can"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_name_or_a_regular_expression() {
        let topic = Pattern::parse("orders.new").expect("a name");
        assert!(topic.matches("orders.new") && !topic.matches("orders_new"));
        let regex = Pattern::parse(r"^orders\..*").expect("a regular expression");
        assert!(regex.matches("orders.new") && !regex.matches("my.orders.new"));
        let all = Pattern::parse("^.*").expect("a regular expression");
        assert!(all.matches("a") && !all.matches("__consumer_offsets"));
    }

    #[test]
    fn what_is_no_topic_says_why() {
        for (text, expected) in [
            ("", "empty"),
            ("..", "no topics"),
            ("orders.*", "starts with `^`"),
            ("a b", "' ' cannot be"),
            ("a\0b", "cannot be"),
            ("^(", "no regular expression"),
        ] {
            let error = Pattern::parse(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert!(check_name(&"x".repeat(250)).is_err());
        assert!(
            check_name("^a")
                .expect_err("a regex")
                .contains("cannot be published to")
        );
    }
}
