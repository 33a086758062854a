//! What the system under test holds of a broker in the process.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{Memory, MemorySubscriptionGuard, new_inbox};
use crate::envelope::{Envelope, Headers, Outgoing};
use crate::transport::{Delivery, TransportError};

/// A client of a [`Memory`] broker: what the system under test holds.
#[derive(Debug, Clone)]
pub struct MemoryClient {
    pub(super) memory: Memory,
}

impl MemoryClient {
    /// Publishes a payload; resolves when the broker has it in its queue.
    ///
    /// # Errors
    ///
    /// When the topic is empty or has wildcards.
    pub async fn publish(
        &self,
        topic: impl Into<Arc<str>>,
        payload: impl Into<Bytes>,
    ) -> Result<(), TransportError> {
        self.publish_with(topic, payload, Headers::new()).await
    }

    /// Publishes a payload with headers.
    ///
    /// # Errors
    ///
    /// When the topic is empty or has wildcards.
    pub async fn publish_with(
        &self,
        topic: impl Into<Arc<str>>,
        payload: impl Into<Bytes>,
        headers: Headers,
    ) -> Result<(), TransportError> {
        self.send(Outgoing {
            headers,
            ..Outgoing::new(topic, payload)
        })
        .await
    }

    /// Publishes a message with all that it may have: key, headers, reply address, metadata.
    ///
    /// # Errors
    ///
    /// When the topic is empty or has wildcards.
    pub async fn send(&self, message: Outgoing) -> Result<(), TransportError> {
        self.memory.shared.publish(message).await
    }

    /// Publishes a payload with a reply address of its own, and gives the first answer. A service
    /// answers by publishing to [`Envelope::reply_to`].
    ///
    /// It waits as long as it takes: give it a bound with `tokio::time::timeout`.
    ///
    /// # Errors
    ///
    /// When the topic is empty or has wildcards, or when the broker is gone.
    pub async fn request(
        &self,
        topic: impl Into<Arc<str>>,
        payload: impl Into<Bytes>,
    ) -> Result<Envelope, TransportError> {
        let inbox = new_inbox();
        let mut answers = self.subscribe(&inbox).await?;
        self.send(Outgoing {
            reply_to: Some(inbox.into()),
            ..Outgoing::new(topic, payload)
        })
        .await?;
        answers.next().await.ok_or_else(|| TransportError::Lost {
            reason: "the broker's task is gone".to_owned(),
        })
    }

    /// Subscribes to a topic or a pattern; resolves when the subscription is live.
    ///
    /// # Errors
    ///
    /// When the pattern is malformed.
    pub async fn subscribe(&self, topic: &str) -> Result<MemorySubscription, TransportError> {
        let (sender, messages) = mpsc::unbounded_channel();
        let delivery = Delivery::new(move |envelope| {
            // The receiver is gone when the subscription is being dropped.
            let _ = sender.send(envelope);
        });
        let guard = self.memory.shared.subscribe(topic, delivery).await?;
        Ok(MemorySubscription {
            messages,
            _guard: guard,
        })
    }
}

/// A client's subscription: messages in the order of arrival. Dropping it unsubscribes.
#[derive(Debug)]
pub struct MemorySubscription {
    messages: mpsc::UnboundedReceiver<Envelope>,
    _guard: MemorySubscriptionGuard,
}

impl MemorySubscription {
    /// The next message; `None` when the broker is gone.
    pub async fn next(&mut self) -> Option<Envelope> {
        self.messages.recv().await
    }
}
