//! Questions to the cluster: what topics there are, where they end, and a new topic. They block, each
//! within a deadline: not for async code.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{self, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, Producer};
use rdkafka::topic_partition_list::Offset;
use tokio::sync::oneshot;

use super::Start;
use super::context::Context;
use super::link::{Link, SharedLink, locked};
use super::routes::Positions;
use super::settings::{Settings, words};

/// Between two questions about a topic that is being made.
const PAUSE: Duration = Duration::from_millis(10);

/// A name that no topic can have, for questions that are about no topic: the answer names the brokers only, and
/// brokers that create topics on the way do not create it. About "all topics" a large cluster answers slowly.
pub(super) const NO_TOPIC: &str = "choreo: no topic";

/// The two clients of a connection, and what is needed to ask through them.
pub(super) struct Cluster {
    pub(super) consumer: BaseConsumer<Context>,
    pub(super) producer: FutureProducer<Context>,
    pub(super) link: SharedLink,
    /// For the client that creates topics.
    pub(super) settings: Settings,
    pub(super) context: Context,
    /// That client, made when it is needed and kept while it works: it takes a connection of its own to
    /// begin with, and a tenth of a second to end.
    pub(super) creator: Mutex<Option<Arc<Creator>>>,
    pub(super) create_topics: bool,
    /// Dropped last: whoever waits for the end of the connection waits for this.
    pub(super) _alive: oneshot::Sender<()>,
}

/// The client that creates topics.
pub(super) type Creator = AdminClient<Context>;

/// A topic and the numbers of its partitions.
pub(super) type Partitions = Vec<i32>;

impl Cluster {
    /// The partitions of a topic; none when there is no such topic.
    pub(super) fn partitions(
        &self,
        topic: &str,
        deadline: Instant,
    ) -> Result<Option<Partitions>, String> {
        loop {
            let metadata = self
                .consumer
                .fetch_metadata(Some(topic), left(deadline))
                .map_err(|error| words(&error))?;
            let found = metadata.topics().iter().find(|t| t.name() == topic);
            let code = match found {
                None => return Ok(None),
                Some(found) => match found.error().map(RDKafkaErrorCode::from) {
                    None => {
                        let partitions = found.partitions();
                        // A leader is elected a moment after the topic was made.
                        if partitions.iter().all(|p| p.error().is_none()) && !partitions.is_empty()
                        {
                            return Ok(Some(partitions.iter().map(|p| p.id()).collect()));
                        }
                        RDKafkaErrorCode::LeaderNotAvailable
                    }
                    Some(code) => code,
                },
            };
            match code {
                RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic => {
                    return Ok(None);
                }
                RDKafkaErrorCode::LeaderNotAvailable if Instant::now() < deadline => {
                    self.wait(deadline)?;
                }
                code => return Err(code.to_string()),
            }
        }
    }

    /// As [`partitions`](Self::partitions), and makes the topic when it is missing and that is allowed.
    pub(super) fn ensure(&self, topic: &str, deadline: Instant) -> Result<Partitions, String> {
        if let Some(partitions) = self.partitions(topic, deadline)? {
            return Ok(partitions);
        }
        if !self.create_topics {
            return Err(
                "there is no such topic, and `create_topics(false)` forbids to create it".into(),
            );
        }
        // The producer's question makes the broker create it, with the cluster's settings, where that is
        // switched on.
        let asked = self
            .producer
            .client()
            .fetch_metadata(Some(topic), left(deadline));
        asked.map_err(|error| words(&error))?;
        if let Some(partitions) = self.partitions(topic, deadline)? {
            return Ok(partitions);
        }
        self.create(topic, deadline)?;
        loop {
            if let Some(partitions) = self.partitions(topic, deadline)? {
                return Ok(partitions);
            }
            self.wait(deadline)?;
        }
    }

    fn create(&self, topic: &str, deadline: Instant) -> Result<(), String> {
        let failed = |error: &KafkaError| format!("it cannot be created: {}", words(error));
        let Some(admin) = self.creator().map_err(|e| failed(&e))? else {
            return Err(
                "there is no such topic, the broker does not create it by itself, and with a bearer token \
                 the client library cannot: create it before the test"
                    .into(),
            );
        };
        let mut last = String::new();
        // What the cluster has as its default, where the broker knows what that means (Kafka 2.4).
        for count in [-1, 1] {
            let new = NewTopic::new(topic, count, TopicReplication::Fixed(count));
            // With these the client bounds it.
            let options = AdminOptions::new()
                .request_timeout(Some(left(deadline)))
                .operation_timeout(Some(left(deadline)));
            let results = wait_for(admin.create_topics([&new], &options)).map_err(|error| {
                self.forget_creator();
                failed(&error)
            })?;
            match results.into_iter().next() {
                Some(Err((_, RDKafkaErrorCode::TopicAlreadyExists))) | Some(Ok(_)) => {
                    return Ok(());
                }
                Some(Err((_, code))) => last = format!("it cannot be created: {code}"),
                None => last = "the broker did not say whether it was created".into(),
            }
        }
        Err(last)
    }

    /// The client that creates topics; none with a bearer token.
    fn creator(&self) -> Result<Option<Arc<Creator>>, KafkaError> {
        let mut kept = locked(&self.creator);
        if let Some(creator) = &*kept {
            return Ok(Some(Arc::clone(creator)));
        }
        let Some(config) = self.settings.admin() else {
            return Ok(None);
        };
        let creator = Creator::from_config_and_context(&config, self.context.clone())?;
        Ok(Some(Arc::clone(kept.insert(Arc::new(creator)))))
    }

    /// Ends the client that creates topics; the next topic gets a new one. Blocks.
    pub(super) fn forget_creator(&self) {
        let creator = locked(&self.creator).take();
        drop(creator);
    }

    /// As [`partitions`](Self::partitions), without waiting for leaders: an error means that no broker
    /// has answered.
    pub(super) fn look_at(
        &self,
        topic: &str,
        timeout: Duration,
    ) -> Result<Option<Partitions>, String> {
        let metadata = self
            .consumer
            .fetch_metadata(Some(topic), timeout)
            .map_err(|error| words(&error))?;
        let found = metadata.topics().iter().find(|t| t.name() == topic);
        Ok(found
            .filter(|found| found.error().is_none() && !found.partitions().is_empty())
            .map(|found| found.partitions().iter().map(|p| p.id()).collect()))
    }

    /// Every topic with its partitions.
    pub(super) fn topics(&self, timeout: Duration) -> Result<Vec<(String, Partitions)>, String> {
        let metadata = self
            .consumer
            .fetch_metadata(None, timeout)
            .map_err(|error| words(&error))?;
        Ok(metadata
            .topics()
            .iter()
            .filter(|topic| topic.error().is_none())
            .map(|topic| {
                let partitions = topic.partitions().iter().map(|p| p.id()).collect();
                (topic.name().to_owned(), partitions)
            })
            .collect())
    }

    /// Where to begin in the partitions of a topic, as numbers.
    pub(super) fn positions(
        &self,
        topic: &str,
        partitions: &[i32],
        start: &Start,
        deadline: Instant,
    ) -> Result<Positions, String> {
        let wanted = start.wanted();
        if matches!(start, Start::Offset(_)) {
            return Ok(partitions.iter().map(|p| (*p, wanted)).collect());
        }
        let mut found = self.list_offsets(topic, partitions, wanted, deadline)?;
        // Nothing is as late as the time that was asked for.
        let late: Vec<i32> = found
            .iter()
            .filter(|(_, offset)| **offset < 0)
            .map(|(partition, _)| *partition)
            .collect();
        if !late.is_empty() {
            found.extend(self.list_offsets(topic, &late, -1, deadline)?);
        }
        Ok(found)
    }

    /// One question to each leader; `wanted` is a time in milliseconds, -1 for the end or -2 for the
    /// beginning.
    fn list_offsets(
        &self,
        topic: &str,
        partitions: &[i32],
        wanted: i64,
        deadline: Instant,
    ) -> Result<Positions, String> {
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for partition in partitions {
            list.add_partition_offset(topic, *partition, Offset::from_raw(wanted))
                .map_err(|error| words(&error))?;
        }
        let answer = ask_offsets(&self.consumer, &self.link, &list, deadline)
            .map_err(|error| format!("its end is not known: {}", words(&error)))?;
        let elements = answer.elements();
        Ok(elements
            .iter()
            .map(|e| (e.partition(), e.offset().to_raw().unwrap_or(-1)))
            .collect())
    }

    /// Asks any broker for a sign of life.
    pub(super) fn ask_anyone(&self, timeout: Duration) -> Result<(), String> {
        let answer = self.consumer.fetch_metadata(Some(NO_TOPIC), timeout);
        answer.map(drop).map_err(|error| words(&error))
    }

    /// Asks the leader of each of these partitions for a sign of life, all at once.
    pub(super) fn ask_leaders(
        &self,
        read: &[(Arc<str>, Positions)],
        deadline: Instant,
    ) -> Result<(), String> {
        let mut list = TopicPartitionList::new();
        for (topic, positions) in read {
            for partition in positions.keys() {
                list.add_partition_offset(topic, *partition, Offset::End)
                    .map_err(|error| words(&error))?;
            }
        }
        if list.count() == 0 {
            return self.ask_anyone(left(deadline));
        }
        loop {
            let answer = self
                .consumer
                .offsets_for_times(list.clone(), left(deadline));
            let problem = match answer {
                Ok(answer) => {
                    let elements = answer.elements();
                    let mut problems = elements.iter().filter_map(|e| e.error().err());
                    problems.find(|problem| !is_unknown(problem))
                }
                Err(error) => Some(error),
            };
            match problem {
                None => return Ok(()),
                // All of them were deleted: nobody leads what nothing comes from.
                Some(problem) if is_unknown(&problem) => return self.ask_anyone(left(deadline)),
                Some(problem) if is_moving(&problem) && Instant::now() < deadline => {
                    self.wait(deadline)?;
                }
                Some(problem) => {
                    return Err(format!(
                        "a leader of partitions that are read gives no sign of life: {}",
                        words(&problem)
                    ));
                }
            }
        }
    }

    fn wait(&self, deadline: Instant) -> Result<(), String> {
        if self.link.is_closed() {
            return Err("the connection was closed".into());
        }
        if Instant::now() >= deadline {
            return Err("the broker has no leader for it yet".into());
        }
        self.link.pause(PAUSE.min(left(deadline)));
        Ok(())
    }
}

/// Asks the leaders of partitions for the offsets of the times in the list; no partition of the answer has an
/// error. Blocks.
pub(super) fn ask_offsets(
    consumer: &BaseConsumer<Context>,
    link: &Link,
    list: &TopicPartitionList,
    deadline: Instant,
) -> Result<TopicPartitionList, KafkaError> {
    loop {
        let answer = consumer.offsets_for_times(list.clone(), left(deadline));
        let problem = match answer {
            Ok(answer) => {
                let problem = answer.elements().iter().find_map(|e| e.error().err());
                match problem {
                    None => return Ok(answer),
                    Some(problem) => problem,
                }
            }
            Err(error) => error,
        };
        let may_pass = is_moving(&problem) || is_unknown(&problem);
        if !may_pass || link.is_closed() || Instant::now() >= deadline {
            return Err(problem);
        }
        // The client looks up leaders in what it remembers. An answer from before the topic was there, of a
        // broker that was slow with it, stays there until somebody asks again.
        let mut topics: Vec<_> = list
            .elements()
            .iter()
            .map(|e| e.topic().to_owned())
            .collect();
        topics.dedup();
        for topic in topics {
            // Whether it helped shows in the next round.
            let _ = consumer.fetch_metadata(Some(&topic), left(deadline));
        }
        link.pause(PAUSE.min(left(deadline)));
    }
}

/// Whether a leader is being elected.
fn is_moving(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(RDKafkaErrorCode::LeaderNotAvailable | RDKafkaErrorCode::NotLeaderForPartition)
    )
}

/// Whether there is no such partition, or not yet.
fn is_unknown(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownPartition
                | RDKafkaErrorCode::UnknownTopic
        )
    )
}

/// Waits for what the client answers from a thread of its own; there may be no runtime on this one.
fn wait_for<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = task::Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// What is left of the time, and never nothing: the client takes that for "do not wait".
pub(super) fn left(deadline: Instant) -> Duration {
    deadline
        .saturating_duration_since(Instant::now())
        .max(Duration::from_millis(1))
}
