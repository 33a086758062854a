//! One ordered consumer and the task that reads it: in order, without gaps, across reconnects.
//!
//! The consumer is ephemeral and acknowledges nothing. Whatever goes wrong (a message out of sequence, a
//! silent server, a reconnect), it is replaced by a new one that begins after the last message delivered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::json;
use tokio::sync::{oneshot, watch};

use super::super::renewal::Member;
use super::api::{Api, Fault, Stream};
use super::reading::{Destination, Event, Reading};
use super::start::Position;
use crate::transport::{Delivery, TransportError};

/// How often the server speaks on an idle consumer; after twice that in silence it is replaced.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// When the server deletes a consumer whose connection has gone without a word: its shortest.
const ABANDONED: Duration = Duration::from_secs(5);

/// Between two attempts to bring a consumer back.
const PAUSE: Duration = Duration::from_millis(100);

/// After a reconnect, how long the attempts may fail before it is told.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long the deletion of a consumer may take at the end.
const FAREWELL: Duration = Duration::from_secs(2);

/// A consumer of one stream for one subscription.
pub(super) struct Follower {
    pub(super) api: Arc<Api>,
    pub(super) member: Member,
    pub(super) stream: String,
    /// When the stream was created: another time is another stream.
    pub(super) created: String,
    /// What the server is asked for; none means all of the stream.
    pub(super) filter: Option<String>,
    pub(super) pattern: Arc<str>,
    pub(super) delivery: Delivery,
    pub(super) position: Position,
    /// The consumer that the server may have.
    pub(super) consumer: Option<String>,
}

/// Why a consumer has to be replaced.
enum End {
    /// The connection is back.
    Called(u64),
    /// It is silent, or skipped a message.
    Broken(&'static str),
    /// The client has ended.
    Closed,
}

impl Follower {
    /// Runs until nobody wants its messages any more, and deletes the consumer.
    pub(super) async fn run(
        mut self,
        epoch: u64,
        ready: oneshot::Sender<Result<(), TransportError>>,
        unwanted: oneshot::Receiver<()>,
        mut closing: watch::Receiver<bool>,
    ) {
        tokio::select! {
            biased;
            // Both also resolve when the other side is gone.
            _ = unwanted => {}
            _ = closing.wait_for(|closing| *closing) => {}
            () = self.follow(epoch, ready) => {}
        }
        if self.api.link.ensure_up().is_ok() {
            let farewell = self.delete_consumer(self.api.link.epoch());
            // The server deletes it by itself when this fails.
            let _ = tokio::time::timeout(FAREWELL, farewell).await;
        }
    }

    async fn follow(&mut self, epoch: u64, ready: oneshot::Sender<Result<(), TransportError>>) {
        let mut reading = match self.begin(epoch).await {
            Ok(reading) => reading,
            Err(fault) => {
                let _ = ready.send(Err(subscribe_error(&self.pattern, fault)));
                return;
            }
        };
        // Whoever asked may have given up; then this ends at once.
        let _ = ready.send(Ok(()));
        loop {
            let epoch = match self.read(reading).await {
                End::Called(epoch) => epoch,
                End::Broken(reason) => {
                    tracing::debug!(
                        stream = self.stream,
                        pattern = &*self.pattern,
                        reason,
                        "a consumer is replaced"
                    );
                    self.api.link.epoch()
                }
                End::Closed => return,
            };
            reading = self.revive(epoch).await;
        }
    }

    /// Creates a consumer at the position.
    async fn begin(&mut self, epoch: u64) -> Result<Reading, Fault> {
        let (inbox, subscriber) = self.api.inbox().await?;
        let unique = inbox.rsplit('.').next().unwrap_or_default();
        let name = format!("choreo-{unique}");
        let mut config = json!({
            "name": name,
            "deliver_subject": inbox,
            "ack_policy": "none",
            "max_deliver": 1,
            "replay_policy": "instant",
            "flow_control": true,
            "idle_heartbeat": nanoseconds(HEARTBEAT),
            "inactive_threshold": nanoseconds(ABANDONED),
            "mem_storage": true,
            "num_replicas": 1,
        });
        if let Some(filter) = &self.filter {
            config["filter_subject"] = json!(filter);
        }
        self.position.configure(&mut config);
        self.consumer = Some(name.clone());
        self.api
            .create_consumer(epoch, &self.stream, &name, &config)
            .await?;
        let destination = Destination {
            pattern: Arc::clone(&self.pattern),
            delivery: self.delivery.clone(),
            is_filtered: self.filter.is_some(),
        };
        Ok(Reading::start(subscriber, self.position, destination))
    }

    async fn delete_consumer(&mut self, epoch: u64) {
        if let Some(name) = self.consumer.take() {
            // Not there is as good.
            let _ = self.api.delete_consumer(epoch, &self.stream, &name).await;
        }
    }

    /// Reads until the consumer has to be replaced.
    async fn read(&mut self, mut reading: Reading) -> End {
        let silence = tokio::time::sleep_until((reading.heard() + 2 * HEARTBEAT).into());
        tokio::pin!(silence);
        let end = loop {
            tokio::select! {
                biased;
                event = reading.event() => match event {
                    Event::FlowControl(subject) => {
                        if let Ok(client) = self.api.probe.client() {
                            // A failure ends the connection, and with it the consumer.
                            let _ = client.publish(subject, Bytes::new()).await;
                        }
                    }
                    Event::Broken(reason) => break End::Broken(reason),
                    Event::Closed => break End::Closed,
                },
                epoch = self.member.called() => break End::Called(epoch),
                () = &mut silence => {
                    let heard = reading.heard();
                    if heard.elapsed() >= 2 * HEARTBEAT {
                        break End::Broken("it is silent");
                    }
                    silence.as_mut().reset((heard + 2 * HEARTBEAT).into());
                }
            }
        };
        self.position = reading.end();
        end
    }

    /// Replaces the consumer, however long it takes.
    async fn revive(&mut self, mut epoch: u64) -> Reading {
        let since = Instant::now();
        let mut told = false;
        loop {
            let fault = match self.replace(epoch).await {
                Ok(reading) => {
                    self.member.is_back(epoch);
                    return reading;
                }
                Err(fault) => fault,
            };
            if !self.api.link.is_current(epoch) {
                epoch = self.member.called().await;
                continue;
            }
            let words = format!("the subscription to `{}` broke: {fault}", self.pattern);
            if self.api.link.ensure_up().is_err() {
                let tell = !told && since.elapsed() > PATIENCE;
                told |= tell;
                self.api.link.explain(epoch, &words, tell);
            } else if !told {
                self.api.link.report_refusal(&words);
                told = true;
            }
            if let Ok(called) = tokio::time::timeout(PAUSE, self.member.called()).await {
                epoch = called;
            }
        }
    }

    async fn replace(&mut self, epoch: u64) -> Result<Reading, Fault> {
        self.delete_consumer(epoch).await;
        let stream = self.api.stream(epoch, &self.stream).await?;
        if let Some(gap) = self.catch_up(stream) {
            let link = &self.api.link;
            if link.ensure_up().is_ok() {
                link.report_refusal(&format!("`{}`: {gap}", self.pattern));
            } else {
                // The loss has ended whoever could miss something; others wait for the return.
                tracing::warn!(pattern = &*self.pattern, "{gap}");
            }
        }
        self.begin(epoch).await
    }

    /// Moves the position to what the stream still has; says what is gone.
    fn catch_up(&mut self, stream: Stream) -> Option<String> {
        let Position::After(last) = self.position else {
            return None;
        };
        let name = &self.stream;
        if stream.created != self.created || stream.state.last_seq < last {
            self.created = stream.created;
            self.position = Position::After(0);
            return Some(format!(
                "the stream `{name}` was made anew after message {last}: what followed may be missing"
            ));
        }
        let end = stream.state.first_seq.saturating_sub(1);
        (end > last).then(|| {
            self.position = Position::After(end);
            format!(
                "the stream `{name}` has removed its messages {} to {end}, which were not delivered",
                last + 1
            )
        })
    }
}

pub(super) fn subscribe_error(pattern: &str, fault: Fault) -> TransportError {
    match fault {
        Fault::Lost(error) => error,
        fault => TransportError::Subscribe {
            topic: pattern.into(),
            reason: fault.to_string(),
        },
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
