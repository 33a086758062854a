//! JetStream's requests: JSON in, JSON out, over the subjects `$JS.API.…`.
//!
//! Written out instead of taken from the client's own JetStream context, which starts a task per context
//! and consumers that end nowhere: here every wait ends with the connection, and nothing outlives it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_nats::client::RequestErrorKind;
use async_nats::{HeaderMap, Message, Request, Subject, Subscriber};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::super::attempt::Kind;
use super::super::link::Link;
use super::super::probe::{Probe, Silence};
use crate::transport::TransportError;

/// The server's numbers for what is told apart here.
mod code {
    pub(super) const NOT_ENABLED: [u64; 2] = [10039, 10076];
    pub(super) const STREAM_NOT_FOUND: u64 = 10059;
}

/// Asks the server about streams and consumers, over one connection.
pub(super) struct Api {
    pub(super) probe: Arc<Probe>,
    pub(super) link: Arc<Link>,
    /// How long the server may take for an answer.
    pub(super) bound: Duration,
}

/// Why there is no good answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// The connection ended first.
    Lost(TransportError),
    /// The server did not let the request through.
    Refused(String),
    /// Nobody listens on the subject.
    NoResponders,
    /// Nothing came.
    Late(Duration),
    /// The message does not fit.
    TooLarge(String),
    /// JetStream's own refusal: its number and its words.
    Api { code: u64, words: String },
    /// Anything else.
    Other(String),
}

#[derive(Debug, Deserialize)]
pub(super) struct Stream {
    #[serde(default)]
    pub(super) created: String,
    pub(super) config: StreamConfig,
    pub(super) state: StreamState,
}

#[derive(Debug, Deserialize)]
pub(super) struct StreamConfig {
    pub(super) name: String,
    /// None when it mirrors another stream.
    #[serde(default)]
    pub(super) subjects: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct StreamState {
    pub(super) first_seq: u64,
    pub(super) last_seq: u64,
}

#[derive(Deserialize)]
struct StreamPage {
    total: usize,
    #[serde(default)]
    streams: Option<Vec<Stream>>,
}

#[derive(Deserialize)]
struct Answer {
    error: Option<ApiError>,
}

#[derive(Deserialize)]
struct ApiError {
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
}

impl Api {
    /// Sends a request in one life of the connection, and waits for its answer, its refusal or its end.
    pub(super) async fn request(
        &self,
        epoch: u64,
        subject: &str,
        headers: Option<HeaderMap>,
        payload: Bytes,
    ) -> Result<Message, Fault> {
        let client = self.probe.client().map_err(silent)?;
        let registration = self.link.register(Kind::Publication, subject);
        let mut request = Request::new().payload(payload).timeout(None);
        if let Some(headers) = headers {
            request = request.headers(headers);
        }
        let answer = client.send_request(Subject::from(subject), request);
        let answered = async {
            tokio::select! {
                biased;
                answer = answer => answer.map_err(|error| match error.kind() {
                    RequestErrorKind::NoResponders => Fault::NoResponders,
                    RequestErrorKind::MaxPayloadExceeded => Fault::TooLarge(error.to_string()),
                    _ => Fault::Other(error.to_string()),
                }),
                words = registration.refused() => Err(Fault::Refused(words)),
                () = self.link.ended(epoch) => Err(Fault::Lost(self.link.loss())),
            }
        };
        tokio::time::timeout(self.bound, answered)
            .await
            .unwrap_or(Err(Fault::Late(self.bound)))
    }

    /// Whether the user may subscribe to inboxes.
    pub(super) async fn check_inbox(&self) -> Result<(), Fault> {
        self.inbox().await.map(drop)
    }

    /// A new inbox, live.
    pub(super) async fn inbox(&self) -> Result<(String, Subscriber), Fault> {
        let client = self.probe.client();
        let subject = client.map_err(silent)?.new_inbox();
        let subscribed = self
            .probe
            .subscribe(&subject, None, |subscriber| subscriber);
        match subscribed.await {
            Ok(subscriber) => Ok((subject, subscriber)),
            Err(error @ TransportError::Lost { .. }) => Err(Fault::Lost(error)),
            Err(TransportError::Subscribe { reason, .. }) => Err(Fault::Refused(reason)),
            Err(error) => Err(Fault::Other(error.to_string())),
        }
    }

    /// Whether JetStream is there.
    pub(super) async fn check(&self, epoch: u64) -> Result<(), Fault> {
        self.ask::<Value>(epoch, "INFO", &Value::Null)
            .await
            .map(drop)
    }

    /// The streams that keep messages of a subject or of a part of a pattern.
    pub(super) async fn streams_for(
        &self,
        epoch: u64,
        subject: &str,
    ) -> Result<Vec<Stream>, Fault> {
        let mut found = Vec::new();
        loop {
            let body = json!({ "subject": subject, "offset": found.len() });
            let page: StreamPage = self.ask(epoch, "STREAM.LIST", &body).await?;
            let streams = page.streams.unwrap_or_default();
            let is_last = streams.is_empty();
            found.extend(streams);
            if is_last || found.len() >= page.total {
                return Ok(found);
            }
        }
    }

    pub(super) async fn stream(&self, epoch: u64, name: &str) -> Result<Stream, Fault> {
        self.ask(epoch, &format!("STREAM.INFO.{name}"), &Value::Null)
            .await
    }

    /// Creates a stream unless it is there.
    pub(super) async fn ensure_stream(
        &self,
        epoch: u64,
        name: &str,
        subjects: &[String],
    ) -> Result<(), Fault> {
        match self.stream(epoch, name).await {
            Err(Fault::Api {
                code: code::STREAM_NOT_FOUND,
                ..
            }) => {}
            other => return other.map(drop),
        }
        let config = json!({
            "name": name,
            "subjects": subjects,
            "storage": "file",
            "retention": "limits",
            "discard": "old",
            "num_replicas": 1,
        });
        self.ask::<Value>(epoch, &format!("STREAM.CREATE.{name}"), &config)
            .await
            .map(drop)
    }

    /// Creates a consumer; its position is fixed when this resolves.
    pub(super) async fn create_consumer(
        &self,
        epoch: u64,
        stream: &str,
        name: &str,
        config: &Value,
    ) -> Result<(), Fault> {
        let body = json!({ "stream_name": stream, "config": config });
        let mut operation = format!("CONSUMER.CREATE.{stream}.{name}");
        if let Some(filter) = config["filter_subject"].as_str() {
            operation = format!("{operation}.{filter}");
        }
        self.ask::<Value>(epoch, &operation, &body).await.map(drop)
    }

    pub(super) async fn delete_consumer(
        &self,
        epoch: u64,
        stream: &str,
        name: &str,
    ) -> Result<(), Fault> {
        let operation = format!("CONSUMER.DELETE.{stream}.{name}");
        self.ask::<Value>(epoch, &operation, &Value::Null)
            .await
            .map(drop)
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        epoch: u64,
        operation: &str,
        body: &Value,
    ) -> Result<T, Fault> {
        let payload = match body {
            Value::Null => Bytes::new(),
            body => body.to_string().into(),
        };
        let subject = format!("$JS.API.{operation}");
        let answer = self.request(epoch, &subject, None, payload).await?;
        read(&answer.payload)
    }
}

/// Takes an answer apart: JetStream's error, or what was asked for.
pub(super) fn read<T: DeserializeOwned>(answer: &[u8]) -> Result<T, Fault> {
    let malformed =
        |error: serde_json::Error| Fault::Other(format!("the answer is not JetStream's: {error}"));
    let Answer { error } = serde_json::from_slice(answer).map_err(malformed)?;
    match error {
        Some(ApiError {
            err_code,
            description,
        }) => Err(Fault::Api {
            code: err_code,
            words: description,
        }),
        None => serde_json::from_slice(answer).map_err(malformed),
    }
}

fn silent(silence: Silence) -> Fault {
    match silence {
        Silence::Lost(error) => Fault::Lost(error),
        Silence::TooLate(_) | Silence::Client(_) => Fault::Other(silence.to_string()),
    }
}

impl Fault {
    /// Whether the server has no JetStream, or the account none.
    pub(super) fn is_without_jetstream(&self) -> bool {
        match self {
            Self::NoResponders => true,
            Self::Api { code, .. } => code::NOT_ENABLED.contains(code),
            _ => false,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(error) => error.fmt(f),
            Self::Refused(words) | Self::TooLarge(words) | Self::Other(words) => f.write_str(words),
            Self::NoResponders => f.write_str("JetStream does not answer (no responders)"),
            Self::Late(bound) => write!(f, "JetStream did not answer within {bound:?}"),
            Self::Api { code, words } => write!(f, "{words} (JetStream error {code})"),
        }
    }
}
