//! Types that name the topic they travel on.

/// A payload type with a topic of its own; derive it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a topic",
    label = "not a `Message`",
    note = "put `#[derive(Message)]` and `#[message(topic = \"…\")]` on the type"
)]
pub trait Message {
    /// Where messages of this type go and come from.
    const TOPIC: &'static str;
}
