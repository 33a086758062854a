//! Which texts are channels and which are patterns.

/// What a subscription asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Topic {
    /// One channel, by its name.
    Channel(String),
    /// Every channel that fits a glob pattern of Redis.
    Pattern(String),
}

impl Topic {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Channel(name) | Self::Pattern(name) => name,
        }
    }

    /// `*`, `?` and `[` make a pattern; after a backslash they are ordinary characters, as is a second
    /// backslash.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("the topic is empty".into());
        }
        let mut channel = String::with_capacity(text.len());
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '*' | '?' | '[' => return Ok(Self::Pattern(text.to_owned())),
                '\\' => {
                    let escaped = characters.next_if(|next| matches!(next, '*' | '?' | '[' | '\\'));
                    channel.push(escaped.unwrap_or('\\'));
                }
                other => channel.push(other),
            }
        }
        Ok(Self::Channel(channel))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glob_characters_make_a_pattern_unless_escaped() {
        for text in ["a*", "?", "a[bc]", r"a\**", r"\\*"] {
            assert_eq!(
                Topic::parse(text),
                Ok(Topic::Pattern(text.into())),
                "{text}"
            );
        }
        for (text, channel) in [
            ("orders.created", "orders.created"),
            (r"a\*b", "a*b"),
            (r"a\\b\c", r"a\b\c"),
            (r"a\", r"a\"),
            ("a]b c", "a]b c"),
        ] {
            assert_eq!(
                Topic::parse(text),
                Ok(Topic::Channel(channel.into())),
                "{text}"
            );
        }
        assert!(Topic::parse("").is_err());
    }
}
