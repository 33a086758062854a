//! What the arguments of `publish!` and `reply!` may be, with our words when one is something else.

use bytes::Bytes;

/// A topic.
#[diagnostic::on_unimplemented(
    message = "a topic is text, and `{Self}` is not",
    label = "neither `&str` nor `String`",
    note = "write the topic, such as \"orders.created\", or an expression of type `&str` or `String`"
)]
pub trait TopicArgument {
    /// As it is sent.
    fn into_topic(self) -> String;
}

#[diagnostic::do_not_recommend]
impl<T: Into<String>> TopicArgument for T {
    fn into_topic(self) -> String {
        self.into()
    }
}

/// The value of a header.
#[diagnostic::on_unimplemented(
    message = "the value of a header is text, and `{Self}` is not",
    label = "neither `&str` nor `String`",
    note = "write it as text: `\"5\"`, or `(value.to_string())`"
)]
pub trait HeaderArgument {
    /// As it is sent.
    fn into_header(self) -> String;
}

#[diagnostic::do_not_recommend]
impl<T: Into<String>> HeaderArgument for T {
    fn into_header(self) -> String {
        self.into()
    }
}

/// A raw payload or a record key.
#[diagnostic::on_unimplemented(
    message = "raw payloads and keys are bytes or text, and `{Self}` is neither",
    label = "cannot be sent as it is",
    note = "write `b\"…\"`, `\"…\"`, or an expression of type `&'static [u8]`, `Vec<u8>`, `String` or `Bytes`"
)]
pub trait BytesArgument {
    /// As they are sent.
    fn into_bytes(self) -> Bytes;
}

#[diagnostic::do_not_recommend]
impl<T: Into<Bytes>> BytesArgument for T {
    fn into_bytes(self) -> Bytes {
        self.into()
    }
}

/// The topic as text.
pub fn topic(topic: impl TopicArgument) -> String {
    topic.into_topic()
}

/// The header's value as text.
pub fn header_value(value: impl HeaderArgument) -> String {
    value.into_header()
}

/// The key as bytes.
pub fn key(key: impl BytesArgument) -> Bytes {
    key.into_bytes()
}
