//! Publishing with the broker's confirmation: whoever publishes hears what became of the message.

use std::sync::Mutex;

use lapin::message::BasicReturnMessage;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, Confirmation};
use tokio::sync::Semaphore;

use super::link::locked;
use super::session::Session;
use super::words;

/// How many messages may be on their way at once. The server allows about 2000 channels.
const CHANNELS: usize = 64;

/// Channels for publishing, each with one message on its way at most: a refusal closes the channel and a
/// returned message names none, so both belong to that message and to no other.
pub(super) struct Publishers {
    idle: Mutex<Vec<Channel>>,
    permits: Semaphore,
}

/// A message on its way.
pub(super) struct Parcel {
    pub(super) exchange: ShortString,
    pub(super) key: ShortString,
    pub(super) properties: BasicProperties,
    pub(super) mandatory: bool,
}

/// Why a message did not arrive at any queue.
pub(super) enum Undelivered {
    /// The client or the broker failed.
    Client(lapin::Error),
    /// No queue takes it.
    Returned(Box<BasicReturnMessage>),
    /// The broker could not keep it.
    Nack,
}

impl From<lapin::Error> for Undelivered {
    fn from(error: lapin::Error) -> Self {
        Self::Client(error)
    }
}

impl Publishers {
    pub(super) fn new() -> Self {
        Self {
            idle: Mutex::default(),
            permits: Semaphore::new(CHANNELS),
        }
    }

    /// Publishes, and resolves when the broker has taken the message. Whatever goes wrong, and a future
    /// that is dropped, closes the channel: what comes on it later would be taken for another message's.
    pub(super) async fn publish(
        &self,
        session: &Session,
        parcel: Parcel,
        payload: &[u8],
    ) -> Result<(), Undelivered> {
        // Never closed.
        let _permit = self.permits.acquire().await;
        let channel = self.channel(session).await?;
        let options = BasicPublishOptions {
            mandatory: parcel.mandatory,
            ..BasicPublishOptions::default()
        };
        let confirmation = channel
            .basic_publish(
                parcel.exchange,
                parcel.key,
                options,
                payload,
                parcel.properties,
            )
            .await?
            .await?;
        let judged = match confirmation {
            Confirmation::Ack(None) | Confirmation::NotRequested => Ok(()),
            Confirmation::Ack(Some(returned)) => Err(Undelivered::Returned(Box::new(returned))),
            Confirmation::Nack(_) => Err(Undelivered::Nack),
        };
        locked(&self.idle).push(channel);
        judged
    }

    async fn channel(&self, session: &Session) -> lapin::Result<Channel> {
        // One that the server has closed meanwhile is let go of.
        while let Some(channel) = locked(&self.idle).pop() {
            if channel.status().connected() {
                return Ok(channel);
            }
        }
        let channel = session.channel().await?;
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await?;
        Ok(channel)
    }
}

/// The reason, for the one who published.
pub(super) fn reason(undelivered: &Undelivered, exchange: &str, key: &str) -> String {
    match undelivered {
        Undelivered::Client(error) => words::of(error),
        Undelivered::Nack => {
            "the broker did not take it (nack): is a queue full that rejects what it cannot keep?"
                .into()
        }
        Undelivered::Returned(returned) if returned.reply_code == words::NO_ROUTE => {
            let text = &returned.reply_text;
            if exchange.is_empty() {
                format!("there is no queue `{key}` ({text})")
            } else {
                format!(
                    "no queue is bound to exchange `{exchange}` for it ({text}): does the system under test run? \
                     With `.mandatory(false)` that is no error"
                )
            }
        }
        Undelivered::Returned(returned) => {
            format!(
                "the broker returned it: {} ({})",
                returned.reply_text, returned.reply_code
            )
        }
    }
}
