//! Where a value is inside a message.

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// Into an object.
    Key(String),
    /// Into a list.
    Index(usize),
}

/// Steps from the root of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Path(Vec<Segment>);
