//! Topic names and patterns, with the wildcards of NATS subjects.

/// A parsed subscription topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pattern {
    /// A topic without wildcards.
    Exact(String),
    /// Tokens, some of them `*`, and whether a `>` follows.
    Wild {
        tokens: Vec<Option<String>>,
        rest: bool,
    },
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        check_tokens(text)?;
        if !text.split('.').any(|token| token == "*" || token == ">") {
            return Ok(Self::Exact(text.to_owned()));
        }
        let mut tokens: Vec<_> = text.split('.').collect();
        let rest = tokens.last() == Some(&">");
        if rest {
            tokens.pop();
        }
        if tokens.contains(&">") {
            return Err("`>` may only be the last token".to_owned());
        }
        let tokens = tokens
            .into_iter()
            .map(|token| (token != "*").then(|| token.to_owned()))
            .collect();
        Ok(Self::Wild { tokens, rest })
    }

    pub(super) fn matches(&self, topic: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == topic,
            Self::Wild { tokens, rest } => {
                let mut actual = topic.split('.');
                for token in tokens {
                    match (actual.next(), token) {
                        (None, _) => return false,
                        (Some(actual), Some(token)) if actual != token => return false,
                        _ => {}
                    }
                }
                // `>` stands for one token or more.
                actual.next().is_some() == *rest
            }
        }
    }
}

/// Refuses what cannot be published to.
pub(super) fn check_concrete(topic: &str) -> Result<(), String> {
    check_tokens(topic)?;
    match topic.split('.').find(|token| matches!(*token, "*" | ">")) {
        Some(wildcard) => Err(format!(
            "`{wildcard}` is a wildcard: publish to a concrete topic"
        )),
        None => Ok(()),
    }
}

fn check_tokens(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("the topic is empty".to_owned());
    }
    if text.split('.').any(str::is_empty) {
        return Err("the topic has an empty token: two dots in a row, or one at an end".to_owned());
    }
    if text.contains(char::is_whitespace) {
        return Err("the topic has white space in it".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, topic: &str) -> bool {
        Pattern::parse(pattern)
            .expect("a valid pattern")
            .matches(topic)
    }

    #[test]
    fn wildcards_match_as_nats_does() {
        assert!(matches("a.b", "a.b"));
        assert!(!matches("a.b", "a.b.c"));
        assert!(matches("a.*", "a.b"));
        assert!(!matches("a.*", "a"));
        assert!(!matches("a.*", "a.b.c"));
        assert!(matches("*.b.*", "a.b.c"));
        assert!(matches("a.>", "a.b"));
        assert!(matches("a.>", "a.b.c"));
        assert!(!matches("a.>", "a"));
        assert!(matches(">", "a"));
        assert!(matches("a.*.>", "a.b.c.d"));
    }

    #[test]
    fn malformed_topics_are_refused() {
        for bad in ["", ".", "a..b", "a.", "a b", "a.>.b"] {
            assert!(Pattern::parse(bad).is_err(), "{bad:?}");
        }
        for bad in ["a.*", ">", "", "a..b"] {
            assert!(check_concrete(bad).is_err(), "{bad:?}");
        }
        assert!(check_concrete("a.b*").is_ok());
    }
}
