//! Properties and headers of a message, both ways.

use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable, LongString, ShortString};
use serde_json::{Map, Value, json};

use super::address::{self, Address};
use crate::envelope::{Headers, Metadata};

/// What a published message may set.
pub(super) const SETTABLE: &[&str] = &[
    "message_id",
    "correlation_id",
    "content_type",
    "content_encoding",
    "priority",
    "expiration",
    "type",
    "app_id",
    "timestamp",
    "delivery_mode",
    "user_id",
];

/// What a received message may have.
pub(super) const READABLE: &[&str] = &[
    "message_id",
    "correlation_id",
    "content_type",
    "content_encoding",
    "priority",
    "expiration",
    "type",
    "app_id",
    "timestamp",
    "delivery_mode",
    "user_id",
    "exchange",
    "routing_key",
    "redelivered",
    "x_death",
];

/// Where RabbitMQ writes why a message was dead-lettered.
const DEATHS: &str = "x-death";

/// Everything of a message but its payload.
pub(super) fn outgoing(
    headers: &Headers,
    reply_to: Option<&str>,
    metadata: &Metadata,
) -> Result<BasicProperties, String> {
    let mut properties = BasicProperties::default();
    if !headers.is_empty() {
        properties = properties.with_headers(outgoing_headers(headers)?);
    }
    if let Some(topic) = reply_to {
        properties = properties.with_reply_to(short("reply_to", reply_queue(topic)?)?);
    }
    for (name, value) in metadata.iter() {
        properties = set(properties, name, value)?;
    }
    Ok(properties)
}

/// AMQP's reply-to is the name of a queue and nothing else.
fn reply_queue(topic: &str) -> Result<&str, String> {
    match Address::parse(topic) {
        Ok(Address::Queue(name)) => Ok(name),
        _ => Err(format!(
            "answers cannot go to `{topic}`: AMQP's reply-to is the name of a queue; write `queue:NAME`, or use \
             the inbox of the connection"
        )),
    }
}

fn set(properties: BasicProperties, name: &str, value: &Value) -> Result<BasicProperties, String> {
    let text = || match value {
        Value::String(text) => short(name, text),
        _ => Err(format!("`{name}` must be a text")),
    };
    let number = |range: std::ops::RangeInclusive<u64>| match value.as_u64() {
        Some(number) if range.contains(&number) => Ok(number),
        _ => Err(format!(
            "`{name}` must be a whole number from {} to {}",
            range.start(),
            range.end()
        )),
    };
    // The ranges fit the types.
    let byte = |range| number(range).map(|number| u8::try_from(number).unwrap_or(u8::MAX));
    Ok(match name {
        "message_id" => properties.with_message_id(text()?),
        "correlation_id" => properties.with_correlation_id(text()?),
        "content_type" => properties.with_content_type(text()?),
        "content_encoding" => properties.with_content_encoding(text()?),
        "type" => properties.with_type(text()?),
        "app_id" => properties.with_app_id(text()?),
        "user_id" => properties.with_user_id(text()?),
        "priority" => properties.with_priority(byte(0..=255)?),
        "delivery_mode" => properties.with_delivery_mode(byte(1..=2)?),
        "timestamp" => properties.with_timestamp(number(0..=u64::MAX)?),
        // A text on the wire; milliseconds.
        "expiration" => {
            properties.with_expiration(short(name, &number(0..=u64::from(u32::MAX))?.to_string())?)
        }
        _ => {
            return Err(format!(
                "`{name}` is no property of AMQP; there are {}",
                SETTABLE.join(", ")
            ));
        }
    })
}

fn outgoing_headers(headers: &Headers) -> Result<FieldTable, String> {
    let mut table = FieldTable::default();
    for (name, value) in headers.iter() {
        if table.contains_key(name) {
            return Err(format!(
                "header `{name}` is given twice: AMQP keeps one value for a name"
            ));
        }
        let long = AMQPValue::LongString(LongString::from(value));
        table.insert(short("header name", name)?, long);
    }
    Ok(table)
}

/// The arguments of a binding. A headers exchange compares whole numbers of all sizes by value.
pub(super) fn arguments(pairs: &[(String, Value)]) -> Result<FieldTable, String> {
    let mut table = FieldTable::default();
    for (name, value) in pairs {
        let unfit =
            || format!("`{name}` must be a text, a number of at most 64 bits, a bool or null");
        let value = match value {
            Value::String(text) => AMQPValue::LongString(LongString::from(text.as_str())),
            Value::Bool(value) => AMQPValue::Boolean(*value),
            Value::Null => AMQPValue::Void,
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(number), _) => AMQPValue::LongLongInt(number),
                (None, Some(number)) if !value.is_u64() => AMQPValue::Double(number),
                _ => return Err(unfit()),
            },
            Value::Array(_) | Value::Object(_) => return Err(unfit()),
        };
        table.insert(short("argument name", name)?, value);
    }
    Ok(table)
}

/// A text of at most 255 bytes.
pub(super) fn short(what: &str, text: &str) -> Result<ShortString, String> {
    ShortString::try_new(text)
        .map_err(|_| format!("`{what}` is longer than AMQP allows: 255 bytes"))
}

/// What a received message says about itself.
pub(super) struct Described {
    pub(super) headers: Headers,
    pub(super) metadata: Metadata,
    pub(super) reply_to: Option<String>,
}

pub(super) fn incoming(delivery: &Delivery) -> Described {
    let properties = &delivery.properties;
    let mut metadata = Metadata::new();
    for (name, text) in [
        ("message_id", properties.message_id()),
        ("correlation_id", properties.correlation_id()),
        ("content_type", properties.content_type()),
        ("content_encoding", properties.content_encoding()),
        ("type", properties.kind()),
        ("app_id", properties.app_id()),
        ("user_id", properties.user_id()),
    ] {
        if let Some(text) = text {
            metadata.set(name, text.as_str());
        }
    }
    if let Some(priority) = properties.priority() {
        metadata.set("priority", *priority);
    }
    if let Some(mode) = properties.delivery_mode() {
        metadata.set("delivery_mode", *mode);
    }
    if let Some(seconds) = properties.timestamp() {
        metadata.set("timestamp", *seconds);
    }
    if let Some(expiration) = properties.expiration() {
        let text = expiration.as_str();
        metadata.set(
            "expiration",
            text.parse()
                .map_or_else(|_| json!(text), |ms: u64| json!(ms)),
        );
    }
    metadata.set("exchange", delivery.exchange.as_str());
    metadata.set("routing_key", delivery.routing_key.as_str());
    metadata.set("redelivered", delivery.redelivered);
    let mut headers = Headers::new();
    for (name, value) in properties.headers().iter().flat_map(FieldTable::inner) {
        if name.as_str() == DEATHS {
            metadata.set("x_death", deaths(value));
        } else {
            headers.append(name.as_str(), header(value));
        }
    }
    Described {
        headers,
        metadata,
        reply_to: properties
            .reply_to()
            .as_ref()
            .map(|queue| address::of_queue(queue.as_str())),
    }
}

/// The list of deaths, the latest first, under names that need no quotes.
fn deaths(value: &AMQPValue) -> Value {
    let mut value = json_of(value);
    for death in value.as_array_mut().into_iter().flatten() {
        if let Value::Object(fields) = death {
            *fields = std::mem::take(fields)
                .into_iter()
                .map(|(name, value)| (name.replace('-', "_"), value))
                .collect();
        }
    }
    value
}

/// A header's value as text; tables and lists as JSON.
fn header(value: &AMQPValue) -> String {
    match json_of(value) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn json_of(value: &AMQPValue) -> Value {
    match value {
        AMQPValue::Boolean(value) => json!(value),
        AMQPValue::ShortShortInt(value) => json!(value),
        AMQPValue::ShortShortUInt(value) => json!(value),
        AMQPValue::ShortInt(value) => json!(value),
        AMQPValue::ShortUInt(value) => json!(value),
        AMQPValue::LongInt(value) => json!(value),
        AMQPValue::LongUInt(value) => json!(value),
        AMQPValue::LongLongInt(value) => json!(value),
        AMQPValue::Float(value) => json!(value),
        AMQPValue::Double(value) => json!(value),
        AMQPValue::DecimalValue(value) => {
            json!(f64::from(value.value) / 10_f64.powi(i32::from(value.scale)))
        }
        AMQPValue::Timestamp(seconds) => json!(seconds),
        AMQPValue::ShortString(text) => json!(text.as_str()),
        AMQPValue::LongString(text) => json!(String::from_utf8_lossy(text.as_bytes())),
        AMQPValue::ByteArray(bytes) => json!(String::from_utf8_lossy(bytes.as_slice())),
        AMQPValue::FieldArray(values) => values.as_slice().iter().map(json_of).collect(),
        AMQPValue::FieldTable(table) => table
            .inner()
            .iter()
            .map(|(name, value)| (name.to_string(), json_of(value)))
            .collect::<Map<_, _>>()
            .into(),
        AMQPValue::Void => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(name: &'static str, value: impl Into<Value>) -> Metadata {
        let mut metadata = Metadata::new();
        metadata.set(name, value);
        metadata
    }

    #[test]
    fn properties_go_out_and_come_back() {
        let mut set = Metadata::new();
        for name in SETTABLE {
            match *name {
                "priority" | "timestamp" | "expiration" => set.set(*name, 7),
                "delivery_mode" => set.set(*name, 2),
                _ => set.set(*name, format!("a {name}")),
            }
        }
        let mut headers = Headers::new();
        headers.append("x-source", "test");
        let mut delivery = Delivery::mock(1, "shop".into(), "orders.new".into(), true, vec![]);
        delivery.properties = outgoing(&headers, Some("queue:answers"), &set).expect("fine");
        assert_eq!(
            delivery
                .properties
                .expiration()
                .as_ref()
                .map(ShortString::as_str),
            Some("7")
        );
        let described = incoming(&delivery);
        for (name, value) in set.iter() {
            assert_eq!(described.metadata.get(name), Some(value), "{name}");
        }
        assert_eq!(described.metadata.get("exchange"), Some(&json!("shop")));
        assert_eq!(described.metadata.get("redelivered"), Some(&json!(true)));
        assert_eq!(described.reply_to.as_deref(), Some("queue:answers"));
        assert_eq!(described.headers, headers);
        for (name, _) in described.metadata.iter() {
            assert!(READABLE.contains(&name), "{name}");
        }
    }

    #[test]
    fn what_amqp_cannot_carry_is_refused() {
        let none = Headers::new();
        for (set, part) in [
            (metadata("priority", 256), "from 0 to 255"),
            (metadata("delivery_mode", 3), "from 1 to 2"),
            (metadata("timestamp", "now"), "whole number"),
            (metadata("message_id", 7), "must be a text"),
            (metadata("message_id", "x".repeat(256)), "255 bytes"),
            (metadata("partition", 1), "no property of AMQP"),
        ] {
            let error = outgoing(&none, None, &set).expect_err("no property");
            assert!(error.contains(part), "{error}");
        }
        let error = outgoing(&none, Some("orders.new"), &Metadata::new()).expect_err("no queue");
        assert!(error.contains("`queue:NAME`"), "{error}");
        let mut twice = Headers::new();
        twice.append("a", "1");
        twice.append("a", "2");
        let error = outgoing(&twice, None, &Metadata::new()).expect_err("twice");
        assert!(error.contains("given twice"), "{error}");
    }

    #[test]
    fn deaths_are_metadata_and_other_values_are_text() {
        let mut death = FieldTable::default();
        death.insert("reason".into(), AMQPValue::LongString("rejected".into()));
        death.insert("count".into(), AMQPValue::LongLongInt(1));
        death.insert(
            "routing-keys".into(),
            AMQPValue::FieldArray(vec![AMQPValue::LongString("work".into())].into()),
        );
        let mut table = FieldTable::default();
        let deaths = vec![AMQPValue::FieldTable(death)];
        table.insert(DEATHS.into(), AMQPValue::FieldArray(deaths.into()));
        table.insert("attempt".into(), AMQPValue::LongInt(3));
        table.insert(
            "tags".into(),
            AMQPValue::FieldArray(vec![AMQPValue::Boolean(true)].into()),
        );
        let mut delivery = Delivery::mock(1, "".into(), "dead".into(), false, vec![]);
        delivery.properties = BasicProperties::default().with_headers(table);
        let described = incoming(&delivery);
        assert_eq!(
            described.metadata.get("x_death"),
            Some(&json!([{ "reason": "rejected", "count": 1, "routing_keys": ["work"] }]))
        );
        assert_eq!(described.headers.get("attempt"), Some("3"));
        assert_eq!(described.headers.get("tags"), Some("[true]"));
        assert_eq!(described.headers.get(DEATHS), None);
    }
}
