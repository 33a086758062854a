//! The system under test: it says what the message that triggers it asks for.

use std::collections::BTreeMap;

use choreo::Value;
use choreo::prelude::*;
use choreo::transport::{
    Connection, ConnectionEvents, Delivery, Envelope, Headers, Outgoing, Transport, TransportError,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Where it listens.
pub const TRIGGER: &str = "orders.new";

/// The payload of a trigger: what the system is to say.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(crate = "choreo::serde")]
pub struct Asked {
    say: Vec<(String, Value)>,
    headers: Vec<(String, String)>,
    key: Option<String>,
    metadata: BTreeMap<String, Value>,
}

/// Messages, by topic, in the order in which the system is to send them.
pub fn says<const N: usize>(messages: [(&str, Value); N]) -> Asked {
    Asked {
        say: messages
            .map(|(topic, payload)| (topic.into(), payload))
            .into(),
        ..Asked::default()
    }
}

impl Asked {
    /// With a header on each message.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With a key of each message.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(key.into());
        self
    }

    /// With metadata on each message.
    #[must_use]
    pub fn metadata(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }

    fn messages(self) -> impl Iterator<Item = (Value, Outgoing)> {
        let mut around = Outgoing::new("", "");
        for (name, value) in self.headers {
            around.headers.append(name, value);
        }
        around.key = self.key.map(Into::into);
        for (name, value) in self.metadata {
            around.metadata.set(name, value);
        }
        self.say.into_iter().map(move |(topic, payload)| {
            let mut message = around.clone();
            message.topic = topic.into();
            (payload, message)
        })
    }
}

/// How the system hands an id on: from the trigger's field to a payload or its headers.
pub type HandOn = fn(id: &str, payload: &mut Value, headers: &mut Headers);

/// Runs until it is dropped.
#[derive(Debug)]
pub struct System {
    _task: JoinSet<()>,
}

impl System {
    /// Listens on one broker and speaks on another, or on the same; ids are in the field `correlation_id`.
    ///
    /// # Errors
    ///
    /// When it cannot connect or subscribe.
    pub async fn between<A: Transport, B: Transport>(
        from: &A,
        to: &B,
    ) -> Result<Self, TransportError> {
        Self::handing_on(from, to, |id, payload, _| {
            payload["correlation_id"] = id.into();
        })
        .await
    }

    /// As [`between`](Self::between), with another manner of handing ids on.
    ///
    /// # Errors
    ///
    /// When it cannot connect or subscribe.
    pub async fn handing_on<A: Transport, B: Transport>(
        from: &A,
        to: &B,
        hand_on: HandOn,
    ) -> Result<Self, TransportError> {
        let quiet = || ConnectionEvents::new(|_| {});
        let (from, to) = (from.connect(quiet()).await?, to.connect(quiet()).await?);
        let (sender, mut triggers) = mpsc::unbounded_channel();
        let delivery = Delivery::new(move |envelope: Envelope| {
            // Nobody takes any more when the system is being dropped.
            let _ = sender.send(envelope);
        });
        let subscription = from.subscribe(TRIGGER, delivery).await?;
        let mut task = JoinSet::new();
        task.spawn(async move {
            while let Some(trigger) = triggers.recv().await {
                // A trigger that cannot be read, or an answer that is lost, is what the scenario waits for.
                let Ok(value) = choreo::serde_json::from_slice::<Value>(&trigger.payload) else {
                    continue;
                };
                let id = value["correlation_id"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                let Ok(asked) = choreo::serde_json::from_value::<Asked>(value) else {
                    continue;
                };
                for (mut payload, mut message) in asked.messages() {
                    hand_on(&id, &mut payload, &mut message.headers);
                    message.payload = payload.to_string().into();
                    let _ = to.publish(message).await;
                }
            }
            // Both have to last as long as their messages are taken.
            drop((subscription, from));
        });
        Ok(Self { _task: task })
    }
}
