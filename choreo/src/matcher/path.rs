//! Where a value is inside a message.

use std::fmt::{self, Display, Formatter};

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// Into an object.
    Key(String),
    /// Into a list, counted from zero.
    Index(usize),
    /// Into what is around the payload; only as the first step.
    Part(Part),
}

/// A part of a message that is not its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// The headers, by name.
    Headers,
    /// The record key.
    Key,
    /// What the transport knows besides, by name.
    Metadata,
}

impl Part {
    /// As `expect!` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Headers => "headers",
            Self::Key => "key",
            Self::Metadata => "metadata",
        }
    }
}

impl From<Part> for Segment {
    fn from(part: Part) -> Self {
        Self::Part(part)
    }
}

impl From<&str> for Segment {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for Segment {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// Steps from the root of a message.
///
/// Displayed as `order.items[2].sku`; a key that is no plain word goes into quotes
/// (`order["odd key"]`), and the root is `(message)`. A header's name needs no quotes:
/// `headers.x-source`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Path(Vec<Segment>);

impl Path {
    /// The message itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// Whether this is the message itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The steps, outermost first.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The same place seen from the value that holds this one: the segment goes in front.
    #[must_use]
    pub fn under(mut self, segment: impl Into<Segment>) -> Self {
        self.0.insert(0, segment.into());
        self
    }
}

impl FromIterator<Segment> for Path {
    fn from_iter<I: IntoIterator<Item = Segment>>(segments: I) -> Self {
        Self(segments.into_iter().collect())
    }
}

impl Display for Path {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return formatter.write_str("(message)");
        }
        let in_headers = matches!(self.0.first(), Some(Segment::Part(Part::Headers)));
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Part(part) => formatter.write_str(part.name())?,
                Segment::Index(index) => write!(formatter, "[{index}]")?,
                Segment::Key(name) if in_headers && position == 1 && is_header_name(name) => {
                    write!(formatter, ".{name}")?;
                }
                Segment::Key(key) if !is_plain(key) => write!(formatter, "[{key:?}]")?,
                Segment::Key(key) if position == 0 => formatter.write_str(key)?,
                Segment::Key(key) => write!(formatter, ".{key}")?,
            }
        }
        Ok(())
    }
}

/// Whether a key can stand without quotes, in paths and in patterns.
pub(crate) fn is_plain(key: &str) -> bool {
    let mut chars = key.chars();
    chars
        .next()
        .is_some_and(|first| first == '_' || first.is_alphabetic())
        && chars.all(|other| other == '_' || other.is_alphanumeric())
}

/// Whether a header's name reads well without quotes.
fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_like_the_expression_that_gets_the_value() {
        let path: Path = [
            Segment::from("order"),
            "items".into(),
            2.into(),
            "sku".into(),
        ]
        .into_iter()
        .collect();
        assert_eq!(path.to_string(), "order.items[2].sku");
        assert_eq!(Path::root().to_string(), "(message)");
    }

    #[test]
    fn odd_keys_are_quoted_and_escaped() {
        for (key, shown) in [
            ("odd key", r#"a["odd key"]"#),
            ("", r#"a[""]"#),
            ("7", r#"a["7"]"#),
            ("x.y", r#"a["x.y"]"#),
            ("line\nbreak", r#"a["line\nbreak"]"#),
            ("größe", "a.größe"),
            ("_id", "a._id"),
        ] {
            let path: Path = [Segment::from("a"), key.into()].into_iter().collect();
            assert_eq!(path.to_string(), shown);
        }
        assert_eq!(Path::root().under("odd key").to_string(), r#"["odd key"]"#);
        assert_eq!(Path::root().under(0).to_string(), "[0]");
    }

    #[test]
    fn what_is_around_the_payload_has_a_name() {
        let header = |name: &str| Path::root().under(name).under(Part::Headers).to_string();
        assert_eq!(header("x-source"), "headers.x-source");
        assert_eq!(header("odd: name"), r#"headers["odd: name"]"#);
        assert_eq!(Path::root().under(Part::Key).to_string(), "key");
        let nested = Path::root().under("x-y").under("a").under(Part::Metadata);
        assert_eq!(nested.to_string(), r#"metadata.a["x-y"]"#);
    }

    #[test]
    fn under_puts_the_parent_in_front() {
        let path = Path::root().under("sku").under(2).under("items");
        assert_eq!(path.to_string(), "items[2].sku");
    }
}
