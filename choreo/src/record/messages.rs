//! Messages with their payloads, bounded.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use choreo_report::model::{Direction, Encoding, Message};
use serde_json::Value;

use super::ids::Ids;
use super::transport;
use crate::act::Act;
use crate::codec::Incoming;
use crate::envelope::{Headers, Metadata};
use crate::outcome::{LegInfo, ScenarioResult};
use crate::timeline::{Logged, LoggedMessage};

/// Bytes of one payload.
const PAYLOAD_BYTES: usize = 64 * 1024;
/// Bytes of all payloads of a scenario.
const ALL_BYTES: usize = 512 * 1024;

/// The messages of a scenario, in the order of their numbers.
pub(super) struct Messages<'e> {
    act: &'e Act,
    ids: &'e Ids,
    result: &'e ScenarioResult,
    logged: Vec<Logged>,
    dropped: u64,
    records: Vec<Message>,
    /// Numbers of messages that the log has dropped, and others have kept.
    others: Vec<(u64, Arc<Incoming>)>,
    /// Bytes of payload that may still be written.
    left: usize,
}

/// What is around a payload.
struct Around<'m> {
    key: Option<&'m [u8]>,
    headers: &'m Headers,
    metadata: &'m Metadata,
    reply_to: Option<&'m str>,
}

impl<'e> Messages<'e> {
    pub(super) fn of(act: &'e Act, ids: &'e Ids, result: &'e ScenarioResult) -> Self {
        let (logged, dropped) = act.messages();
        let mut messages = Self {
            act,
            ids,
            result,
            dropped,
            records: Vec::with_capacity(logged.len()),
            others: Vec::new(),
            left: ALL_BYTES,
            logged: Vec::new(),
        };
        for entry in &logged {
            let record = messages.record(entry);
            messages.records.push(record);
        }
        messages.logged = logged;
        messages
    }

    pub(super) fn logged(&self) -> &[Logged] {
        &self.logged
    }

    pub(super) fn get(&self, number: u64) -> Option<&Logged> {
        let index = self.logged.binary_search_by_key(&number, |it| it.number);
        index.ok().map(|index| &self.logged[index])
    }

    /// Of a message that an expectation kept, also when the log has dropped it.
    pub(super) fn id_of(&mut self, leg: u32, message: &Arc<Incoming>) -> String {
        if let Some(number) = self.number_of(message) {
            return id(number);
        }
        let mut others = self.others.iter();
        if let Some((number, _)) = others.find(|(_, other)| Arc::ptr_eq(other, message)) {
            return id(*number);
        }
        let last = self.logged.last().map_or(0, |logged| logged.number);
        let number = last + 1 + self.others.len() as u64;
        self.others.push((number, Arc::clone(message)));
        let logged = Logged {
            number,
            leg,
            at: message.envelope().received_at,
            message: LoggedMessage::In(message.shared()),
        };
        let record = self.record(&logged);
        self.records.push(record);
        id(number)
    }

    /// Of a message that the log has kept.
    pub(super) fn number_of(&self, message: &Arc<Incoming>) -> Option<u64> {
        let is_it = |logged: &&Logged| matches!(&logged.message, LoggedMessage::In(other) if message.is_of(other));
        self.logged.iter().find(is_it).map(|logged| logged.number)
    }

    /// By its number, if it is in the report.
    pub(super) fn id(&self, number: u64) -> Option<String> {
        self.get(number).map(|logged| id(logged.number))
    }

    /// The records, and how many messages are in none.
    pub(super) fn finish(self) -> (Vec<Message>, u64) {
        let dropped = self.dropped.saturating_sub(self.others.len() as u64);
        (self.records, dropped)
    }

    fn record(&mut self, logged: &Logged) -> Message {
        let leg: &LegInfo = &self.act.legs()[logged.leg as usize].info;
        let topic = self.topic(logged.topic());
        let direction = if logged.came() {
            Direction::In
        } else {
            Direction::Out
        };
        let offset: Duration = logged.at.saturating_duration_since(self.result.started);
        let payload = logged.payload();
        let size = match &logged.message {
            LoggedMessage::Gone { size, .. } => *size,
            LoggedMessage::In(_) | LoggedMessage::Out(_) => payload.map_or(0, <[u8]>::len),
        };
        let (encoding, written, truncated) = match payload {
            None => (Encoding::Text, None, true),
            Some(payload) => self.payload(payload),
        };
        let (number, size) = (id(logged.number), size as u64);
        let mut record = Message::new(number, topic, direction, offset, size, encoding);
        record.transport = Some(transport(leg));
        record.payload = written;
        record.truncated = truncated;
        if let Some(around) = around(&logged.message) {
            record.key = around.key.map(|key| {
                let key = String::from_utf8_lossy(key);
                self.ids.hidden(&key).into_owned()
            });
            record.headers = self.headers(around.headers);
            record.metadata = self.metadata(around.metadata);
            record.reply_to = around.reply_to.map(|topic| self.topic(topic));
        }
        record
    }

    /// As people know it.
    fn topic(&self, topic: &str) -> String {
        self.ids.hidden(self.result.shown(topic)).into_owned()
    }

    /// How it is written, and whether something is missing.
    fn payload(&mut self, payload: &[u8]) -> (Encoding, Option<Value>, bool) {
        let may = PAYLOAD_BYTES.min(self.left);
        let is_cut = payload.len() > may;
        let shown = &payload[..payload.len().min(may)];
        self.left -= shown.len();
        if !is_cut && let Ok(mut value) = serde_json::from_slice(shown) {
            self.ids.hide(&mut value);
            return (Encoding::Json, Some(value), false);
        }
        let text = match std::str::from_utf8(shown) {
            Ok(text) => Some(text),
            // Cut in the middle of a character.
            Err(error) if is_cut && error.error_len().is_none() => {
                std::str::from_utf8(&shown[..error.valid_up_to()]).ok()
            }
            Err(_) => None,
        };
        let (encoding, text) = match text {
            Some(text) => (Encoding::Text, self.ids.hidden(text).into_owned()),
            None => {
                let shown = self.ids.hidden_in_bytes(shown);
                (Encoding::Base64, data_encoding::BASE64.encode(&shown))
            }
        };
        let written = (!is_cut || !shown.is_empty()).then(|| text.into());
        (encoding, written, is_cut)
    }

    fn headers(&self, headers: &Headers) -> BTreeMap<String, Value> {
        let mut record: BTreeMap<String, Value> = BTreeMap::new();
        for (name, value) in headers.iter() {
            let name = self.ids.hidden(name);
            let value = Value::from(self.ids.hidden(value));
            match record.get_mut(&*name) {
                None => {
                    record.insert(name.into_owned(), value);
                }
                Some(Value::Array(values)) => values.push(value),
                Some(first) => *first = Value::Array(vec![first.take(), value]),
            }
        }
        record
    }

    fn metadata(&self, metadata: &Metadata) -> BTreeMap<String, Value> {
        let hidden = |(name, value): (&str, &Value)| {
            let mut value = value.clone();
            self.ids.hide(&mut value);
            (self.ids.hidden(name).into_owned(), value)
        };
        metadata.iter().map(hidden).collect()
    }
}

fn id(number: u64) -> String {
    format!("m{number}")
}

fn around(message: &LoggedMessage) -> Option<Around<'_>> {
    match message {
        LoggedMessage::In(message) => Some(Around {
            key: message.key.as_deref(),
            headers: &message.headers,
            metadata: &message.metadata,
            reply_to: message.reply_to.as_deref(),
        }),
        LoggedMessage::Out(message) => Some(Around {
            key: message.key.as_deref(),
            headers: &message.headers,
            metadata: &message.metadata,
            reply_to: message.reply_to.as_deref(),
        }),
        LoggedMessage::Gone { .. } => None,
    }
}
