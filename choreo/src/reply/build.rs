//! What makes the payload of an answer: a value, a closure, a closure with state.

use std::any::type_name;
use std::sync::{Arc, Mutex, PoisonError};

use choreo_runner::{BoxFuture, CaughtPanic, catch_panic, catch_panic_now};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::codec::Incoming;
use crate::envelope::Body;
use crate::text::short_type_name;

/// A payload for the wire, or why there is none.
pub type BodyResult = Result<Body, String>;

type Build = dyn Fn(Arc<Incoming>) -> BoxFuture<'static, BodyResult> + Send + Sync;

/// Makes the payload of a reply.
#[derive(Clone)]
pub struct ReplyBuilder {
    build: Arc<Build>,
    has_state: bool,
}

impl ReplyBuilder {
    fn new(
        build: impl Fn(Arc<Incoming>) -> BoxFuture<'static, BodyResult> + Send + Sync + 'static,
    ) -> Self {
        Self {
            build: Arc::new(build),
            has_state: false,
        }
    }

    pub(crate) fn build(&self, trigger: Arc<Incoming>) -> BoxFuture<'static, BodyResult> {
        (self.build)(trigger)
    }

    /// Whether it must see the triggers one after the other, as they came.
    pub(crate) fn has_state(&self) -> bool {
        self.has_state
    }
}

impl std::fmt::Debug for ReplyBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReplyBuilder")
    }
}

/// What a reply's closure may return: a payload, or a `Result` with one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as a reply",
    label = "this closure's value is not a payload",
    note = "a reply's closure returns a value that implements `serde::Serialize`, or a `Result` of one whose error implements `std::error::Error`"
)]
pub trait IntoReply<K> {
    /// The payload, or the name of the error's type: its text may hold payload.
    fn into_reply(self) -> Result<Body, String>;
}

/// Marks replies that cannot fail.
#[derive(Debug)]
pub enum Plain {}

/// Marks replies that can fail.
#[derive(Debug)]
pub enum Fallible {}

impl<R: Serialize> IntoReply<Plain> for R {
    fn into_reply(self) -> Result<Body, String> {
        serde_json::to_value(self)
            .map(Body::Value)
            .map_err(|_| "serde_json::Error".to_owned())
    }
}

impl<R: Serialize, E: std::error::Error> IntoReply<Fallible> for Result<R, E> {
    fn into_reply(self) -> Result<Body, String> {
        match self {
            Ok(reply) => IntoReply::<Plain>::into_reply(reply),
            Err(_) => Err(type_name::<E>().to_owned()),
        }
    }
}

fn parse<A: DeserializeOwned>(message: &Incoming) -> Result<A, String> {
    let value = message
        .decoded()
        .map_err(|_| "the trigger does not decode".to_owned())?;
    A::deserialize(value).map_err(|error| {
        let name = short_type_name::<A>();
        match without_values(&error.to_string(), value) {
            Some(reason) => format!("the message is not a {name}: {reason}"),
            None => format!("the message is not a {name}"),
        }
    })
}

/// Why a message does not decode, of serde's words those that come from types and not from the message:
/// a `Deserialize` of the user's may put anything into them.
fn without_values(reason: &str, message: &Value) -> Option<String> {
    if reason.starts_with("missing field `") {
        return (!says_a_value(reason, message)).then(|| reason.to_owned());
    }
    let (actual, expected) = reason.rsplit_once(", expected ")?;
    let actual = actual
        .strip_prefix("invalid type: ")
        .or_else(|| actual.strip_prefix("invalid value: "))?;
    // `string "1990 EUR"`, `integer `5``: the value begins with a quote.
    let kind = match actual.split(['"', '`']).next()?.trim() {
        "string" => "a string",
        "integer" => "an integer",
        "floating point" => "a floating-point number",
        "boolean" => "a bool",
        "sequence" => "a list",
        "map" => "an object",
        "null" => "null",
        "unit variant" => "a unit variant",
        _ => return None,
    };
    if says_a_value(expected, message) {
        return None;
    }
    let mut places = Vec::new();
    find(message, actual, &mut String::new(), &mut places);
    Some(match places.as_slice() {
        [place] if !place.is_empty() => format!("`{place}` is {kind} instead of {expected}"),
        _ => format!("{kind} instead of {expected}"),
    })
}

/// Whether a text has a string or a number of the message among its words.
fn says_a_value(text: &str, message: &Value) -> bool {
    let says = |word: &str| {
        let is_part = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        !word.is_empty()
            && text.match_indices(word).any(|(start, _)| {
                // The 8 of `u8` is nobody's.
                let (before, after) = (&text[..start], &text[start + word.len()..]);
                !is_part(before.chars().next_back()) && !is_part(after.chars().next())
            })
    };
    match message {
        Value::Null | Value::Bool(_) => false,
        Value::Number(number) => says(&number.to_string()),
        Value::String(string) => says(string),
        Value::Array(items) => items.iter().any(|item| says_a_value(text, item)),
        Value::Object(fields) => fields.values().any(|field| says_a_value(text, field)),
    }
}

/// Where in a message a value is that serde describes so; the message itself has no path.
fn find(value: &Value, described: &str, path: &mut String, places: &mut Vec<String>) {
    let own = match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("boolean `{value}`"),
        Value::Number(value) if value.is_f64() => format!("floating point `{value}`"),
        Value::Number(value) => format!("integer `{value}`"),
        Value::String(value) => format!("string {value:?}"),
        Value::Array(_) => "sequence".to_owned(),
        Value::Object(_) => "map".to_owned(),
    };
    if own == described {
        places.push(path.clone());
    }
    // The name of a field can be what does not decode as well, and is at no path.
    let named = |name: &String| format!("string {name:?}") == described;
    if value
        .as_object()
        .is_some_and(|fields| fields.keys().any(named))
    {
        places.push(String::new());
    }
    let length = path.len();
    let mut enter = |step: &str, child: &Value| {
        path.push_str(step);
        find(child, described, path, places);
        path.truncate(length);
    };
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                enter(&format!("[{index}]"), item);
            }
        }
        Value::Object(fields) => {
            let dot = if length == 0 { "" } else { "." };
            for (name, field) in fields {
                enter(&format!("{dot}{name}"), field);
            }
        }
        _ => {}
    }
}

/// The same payload every time.
pub fn reply_static(body: BodyResult) -> ReplyBuilder {
    ReplyBuilder::new(move |_| Box::pin(std::future::ready(body.clone())))
}

/// What it gives, with a panic as an error.
fn caught<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_panic_now(work).unwrap_or_else(|panic| Err(place_of(panic)))
}

/// Where, and not with what words: the text of a panic may hold payload.
fn place_of(panic: CaughtPanic) -> String {
    match panic.location {
        Some(location) => format!("panic at {location}"),
        None => "panic".to_owned(),
    }
}

/// The message type that a reply's closure takes, with how to decode it.
///
/// Apart from the closure, so that the compiler reports a type that cannot be decoded at the type,
/// and an answer that cannot be sent at the answer.
#[derive(Debug)]
pub struct Decoded<A> {
    decode: fn(&Incoming) -> Result<A, String>,
}

/// For messages that decode into `A`.
pub fn decoded<A: DeserializeOwned>() -> Decoded<A> {
    Decoded { decode: parse::<A> }
}

impl<A: 'static> Decoded<A> {
    /// A payload computed from the trigger.
    pub fn compute<R, K, F>(self, build: F) -> ReplyBuilder
    where
        R: IntoReply<K>,
        F: Fn(A) -> R + Send + Sync + 'static,
    {
        ReplyBuilder::new(move |message| {
            let built = caught(|| build((self.decode)(&message)?).into_reply());
            Box::pin(std::future::ready(built))
        })
    }

    /// A payload computed from the trigger and from what earlier triggers left.
    pub fn compute_with<S, R, K, F>(self, state: S, build: F) -> ReplyBuilder
    where
        S: Send + 'static,
        R: IntoReply<K>,
        F: FnMut(A, &mut S) -> R + Send + 'static,
    {
        let kept = Mutex::new((state, build));
        let builder = ReplyBuilder::new(move |message| {
            let built = caught(|| {
                let trigger = (self.decode)(&message)?;
                // After a panic the scenario is over, and nobody looks at the state again.
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let (state, build) = &mut *kept;
                build(trigger, state).into_reply()
            });
            Box::pin(std::future::ready(built))
        });
        ReplyBuilder {
            has_state: true,
            ..builder
        }
    }

    /// A payload computed from the trigger, with time to wait.
    pub fn compute_async<R, K, F, Fut>(self, build: F) -> ReplyBuilder
    where
        R: IntoReply<K>,
        F: Fn(A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = R> + Send + 'static,
    {
        ReplyBuilder::new(move |message| {
            let future = caught(|| (self.decode)(&message).map(&build));
            Box::pin(async move {
                match catch_panic(future?).await {
                    Ok(reply) => reply.into_reply(),
                    Err(panic) => Err(place_of(panic)),
                }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::Deserialize;
    use serde::de::{Error as _, Unexpected};
    use serde_json::{Error, json};

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only decoded")]
    struct Check {
        amount: u8,
        approved: Option<bool>,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only decoded")]
    struct Counts {
        counts: HashMap<char, u32>,
    }

    fn told<A: DeserializeOwned>(message: &Value) -> Option<String> {
        let decoded = A::deserialize(message).map(|_| ());
        let error = decoded.expect_err("it is none").to_string();
        without_values(&error, message)
    }

    #[test]
    fn what_does_not_decode_is_told_without_what_it_was() {
        for (message, reason) in [
            (
                json!({ "amount": "s3cret" }),
                "`amount` is a string instead of u8",
            ),
            (
                json!({ "amount": "a, expected b" }),
                "`amount` is a string instead of u8",
            ),
            // It stands in two places.
            (
                json!({ "amount": "s3cret", "note": "s3cret" }),
                "a string instead of u8",
            ),
            (
                json!({ "amount": 4711.5 }),
                "`amount` is a floating-point number instead of u8",
            ),
            (json!({ "amount": [1] }), "`amount` is a list instead of u8"),
            (
                json!({ "amount": 4711 }),
                "`amount` is an integer instead of u8",
            ),
            (
                json!({ "amount": 1, "approved": 4711 }),
                "`approved` is an integer instead of a boolean",
            ),
            (json!({}), "missing field `amount`"),
        ] {
            assert_eq!(told::<Check>(&message).as_deref(), Some(reason));
        }
    }

    #[test]
    fn a_place_is_named_only_if_there_is_no_other() {
        let order = json!({ "order": { "id": 1 } });
        assert_eq!(
            told::<String>(&order).as_deref(),
            Some("an object instead of a string")
        );
        let lists = json!([[1], 2]);
        assert_eq!(
            told::<String>(&lists).as_deref(),
            Some("a list instead of a string")
        );
        let name = json!({ "counts": { "abc": 1 }, "note": "abc" });
        assert_eq!(
            told::<Counts>(&name).as_deref(),
            Some("a string instead of a character")
        );
    }

    #[test]
    fn what_a_type_of_the_users_says_is_told_without_values() {
        let message = json!({ "card": "4711 EUR", "count": 32 });
        let told = |error: serde_json::Error| without_values(&error.to_string(), &message);
        let number = Unexpected::Str("4711 EUR");
        for error in [
            Error::custom("4711 EUR is no good"),
            Error::custom("missing field `pin` of 4711 EUR"),
            Error::invalid_value(Unexpected::Other("4711 EUR"), &"a card"),
            Error::invalid_value(Unexpected::Other("the map of 4711"), &"a card"),
            Error::invalid_value(number, &"a card, not 4711 EUR"),
            Error::invalid_value(number, &"a number above 32"),
        ] {
            let text = error.to_string();
            assert_eq!(told(error), None, "{text}");
        }
        // A word of the type's that has a value in it is still the type's.
        let reason = "`card` is a string instead of u32";
        let error = Error::invalid_type(number, &"u32");
        assert_eq!(told(error).as_deref(), Some(reason));
    }
}
