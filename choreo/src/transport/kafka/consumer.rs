//! One consumer that reads for all subscriptions of a connection. Without a group, which is the rule: partitions are
//! assigned to it by hand, at positions that are known as numbers.
//!
//! **Readiness.** A subscription asks the leader of each partition where it ends, assigns the partition at
//! that number, and is ready: what is published from then on has that offset or a higher one, however
//! long the first fetch takes. Brokers that report an end that is too low (Tansu counts a batch as one
//! message) do no harm: the fetch begins there and what is at it comes, nothing is skipped.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::topic_partition_list::Offset;

use super::Start;
use super::cluster::{Cluster, Partitions};
use super::group::Group;
use super::link::locked;
use super::record::incoming;
use super::routes::{Positions, Route, Routes};
use super::settings::words;
use super::topic::Pattern;
use crate::transport::Delivery;

/// How soon the receiving thread notices that it is to end.
const POLL: Duration = Duration::from_millis(50);

/// Whether positions are only noted, because the connection is down.
#[derive(Debug, Default)]
struct Assigning {
    parked: bool,
}

/// Tells when the receiving thread has nothing in its hands any more: after a partition was given up it may
/// still hold a message of it, which must not count for what is assigned next.
#[derive(Debug, Default)]
struct Hands {
    turns: Mutex<u64>,
    turned: Condvar,
}

impl Hands {
    /// The receiving thread has done with what it had.
    fn turn(&self) {
        *locked(&self.turns) += 1;
        self.turned.notify_all();
    }

    /// Waits for that. The thread turns at least once in `POLL`, unless the connection is being closed.
    fn wait(&self) {
        let turns = locked(&self.turns);
        let before = *turns;
        let waited = self
            .turned
            .wait_timeout_while(turns, POLL * 4, |turns| *turns == before);
        drop(waited);
    }
}

/// The reading half of a connection.
pub(super) struct Reading {
    pub(super) cluster: Cluster,
    pub(super) routes: Arc<Routes>,
    /// Whose member the consumer is; none when partitions are assigned by hand.
    group: Option<Arc<Group>>,
    start: Start,
    hands: Hands,
    /// Held while partitions are assigned or given up.
    assigning: Mutex<Assigning>,
}

impl Reading {
    pub(super) fn new(
        cluster: Cluster,
        routes: Arc<Routes>,
        group: Option<Arc<Group>>,
        start: Start,
    ) -> Self {
        Self {
            cluster,
            routes,
            group,
            start,
            hands: Hands::default(),
            assigning: Mutex::default(),
        }
    }

    /// Subscribes; returns the subscription when its positions are fixed. Blocks.
    pub(super) fn subscribe(
        &self,
        pattern: Pattern,
        delivery: Delivery,
        deadline: Instant,
    ) -> Result<Arc<Route>, String> {
        if let Some(group) = &self.group {
            return self.subscribe_in(group, pattern, delivery, deadline);
        }
        let topics: Vec<(String, Partitions)> = match &pattern {
            Pattern::Topic(name) => {
                vec![(name.to_string(), self.cluster.ensure(name, deadline)?)]
            }
            Pattern::Regex(_) => {
                let mut all = self.cluster.topics(super::cluster::left(deadline))?;
                all.retain(|(name, _)| pattern.matches(name));
                all
            }
        };
        let route = self.routes.add(pattern, delivery);
        for (topic, partitions) in topics {
            let joined = self
                .cluster
                .positions(&topic, &partitions, &self.start, deadline)
                .and_then(|from| self.join(&route, &topic, from));
            if let Err(error) = joined {
                self.routes.remove(route.id);
                self.cluster.link.send(|errand| errand.sweep = true);
                return Err(error);
            }
        }
        Ok(route)
    }

    fn subscribe_in(
        &self,
        group: &Group,
        pattern: Pattern,
        delivery: Delivery,
        deadline: Instant,
    ) -> Result<Arc<Route>, String> {
        if let Pattern::Topic(name) = &pattern {
            self.cluster.ensure(name, deadline)?;
        }
        let route = self.routes.add(pattern, delivery);
        self.routes.refresh();
        let pattern = route.pattern.to_string();
        if let Err(error) = group.meet(&self.cluster.consumer, Some(&pattern), deadline) {
            self.routes.remove(route.id);
            self.cluster.link.send(|errand| errand.sweep = true);
            return Err(error);
        }
        Ok(route)
    }

    /// Reads on as a member of a group, after the connection was lost or a rebalance went wrong.
    fn rejoin(&self, group: &Group, deadline: Instant) -> Result<(), String> {
        for name in self.routes.patterns() {
            if !name.starts_with('^') {
                self.cluster.ensure(&name, deadline)?;
            }
        }
        group.rejoin(&self.cluster.consumer, deadline)
    }

    /// Lets a subscription read a topic from these positions, and the consumer with it.
    pub(super) fn join(
        &self,
        route: &Arc<Route>,
        topic: &str,
        from: Positions,
    ) -> Result<(), String> {
        let turn = locked(&self.assigning);
        // Before the consumer reads, so that nothing finds the table empty.
        self.routes.join(route, topic, from.clone());
        for (partition, offset) in from {
            match self.routes.next(topic, partition) {
                // It is read already, and this one does not need what was before.
                Some(next) if next <= offset => {}
                Some(_) => {
                    self.unassign(&turn, topic, [partition])?;
                    self.hands.wait();
                    self.routes.rewind(route, topic, partition, offset);
                    self.assign(&turn, topic, partition, offset)?;
                }
                None => self.assign(&turn, topic, partition, offset)?,
            }
        }
        Ok(())
    }

    fn assign(
        &self,
        turn: &Assigning,
        topic: &str,
        partition: i32,
        offset: i64,
    ) -> Result<(), String> {
        self.routes.set_next(topic, partition, offset);
        if turn.parked {
            return Ok(());
        }
        let offset = if offset < 0 {
            Offset::Beginning
        } else {
            Offset::Offset(offset)
        };
        let mut list = TopicPartitionList::with_capacity(1);
        list.add_partition_offset(topic, partition, offset)
            .and_then(|()| self.cluster.consumer.incremental_assign(&list))
            .map_err(|error| format!("partition {partition} cannot be read: {}", words(&error)))
    }

    fn unassign(
        &self,
        turn: &Assigning,
        topic: &str,
        partitions: impl IntoIterator<Item = i32>,
    ) -> Result<(), String> {
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            list.add_partition(topic, partition);
        }
        if list.count() == 0 || turn.parked {
            return Ok(());
        }
        let result = self.cluster.consumer.incremental_unassign(&list);
        result.map_err(|error| words(&error))
    }

    /// Gives up the partitions that nobody reads any more.
    pub(super) fn sweep(&self) {
        if let Some(group) = &self.group {
            if let Err(error) = group.sweep(&self.cluster.consumer) {
                tracing::warn!(error, "a topic is still being read");
            }
            return;
        }
        let turn = locked(&self.assigning);
        for (topic, positions) in self.routes.take_idle() {
            if let Err(error) = self.unassign(&turn, &topic, positions.into_keys()) {
                tracing::warn!(topic = &*topic, error, "a topic is still being read");
            }
        }
    }

    /// Takes in partitions of topics that are read, and topics that match a regular expression, which
    /// were not there before: from their first message.
    pub(super) fn grow(&self, topic: &str, partitions: &[i32]) -> Result<(), String> {
        if self.group.is_some() {
            return Ok(());
        }
        let regexes = self.routes.regexes();
        for route in &regexes {
            if route.pattern.matches(topic) && !self.routes.reads(route, topic) {
                let from = partitions.iter().map(|p| (*p, 0)).collect();
                self.join(route, topic, from)?;
            }
        }
        let turn = locked(&self.assigning);
        let topics = self.routes.topics();
        let Some((_, next)) = topics.iter().find(|(name, _)| **name == *topic) else {
            return Ok(());
        };
        for partition in partitions {
            if !next.contains_key(partition) {
                self.assign(&turn, topic, *partition, 0)?;
            }
        }
        Ok(())
    }

    /// Stops reading while the connection is down: a broker that comes back may have other messages, and
    /// the positions are compared before it is asked for the next ones.
    pub(super) fn park(&self) {
        if let Some(group) = &self.group {
            group.part();
            return;
        }
        let mut turn = locked(&self.assigning);
        turn.parked = true;
        if let Err(error) = self.cluster.consumer.unassign() {
            tracing::warn!(error = words(&error), "the partitions are still being read");
        }
    }

    /// Reads on, after the connection or a position was lost, where the broker has messages: one that lost
    /// them begins at zero again, and a position beyond its end would wait for ever.
    pub(super) fn reposition(&self, deadline: Instant) -> Result<(), String> {
        if let Some(group) = &self.group {
            return self.rejoin(group, deadline);
        }
        self.park();
        self.hands.wait();
        for (topic, _) in self.routes.topics() {
            let partitions = if self.routes.named(&topic) {
                self.cluster.ensure(&topic, deadline)?
            } else {
                let there = self.cluster.partitions(&topic, deadline)?;
                there.unwrap_or_default()
            };
            if partitions.is_empty() {
                continue;
            }
            let ask = |start: &Start| self.cluster.positions(&topic, &partitions, start, deadline);
            let (ends, beginnings) = (ask(&Start::End)?, ask(&Start::Earliest)?);
            for (partition, end) in ends {
                let Some(next) = self.routes.next(&topic, partition) else {
                    continue;
                };
                let beginning = beginnings.get(&partition).copied().unwrap_or(0);
                if next > end {
                    self.routes.restart(&topic, partition, end);
                } else if next < beginning {
                    self.routes.restart(&topic, partition, beginning);
                }
            }
        }
        let mut turn = locked(&self.assigning);
        turn.parked = false;
        for (topic, positions) in self.routes.topics() {
            for (partition, next) in positions {
                self.assign(&turn, &topic, partition, next)?;
            }
        }
        Ok(())
    }

    /// The body of the receiving thread: from the client's queue straight to the subscriptions.
    pub(super) fn receive(&self) {
        while !self.cluster.link.is_closed() {
            self.hands.turn();
            match self.cluster.consumer.poll(POLL) {
                Some(Ok(message)) => {
                    let received_at = Instant::now();
                    // The client panics on names of headers that are no UTF-8; this thread has to go on.
                    let delivered =
                        catch_unwind(AssertUnwindSafe(|| self.deliver(&message, received_at)));
                    if delivered.is_err() {
                        self.cluster.link.refused(
                            "a message could not be read: is the name of a header no UTF-8?",
                        );
                    }
                }
                // The context has seen errors with their words.
                Some(Err(KafkaError::MessageConsumptionFatal(code))) => {
                    self.cluster.link.broke(&code.to_string());
                }
                Some(Err(_)) | None => {}
            }
        }
    }

    fn deliver(&self, message: &BorrowedMessage<'_>, received_at: Instant) {
        let (partition, offset) = (message.partition(), message.offset());
        let Some((topic, readers)) = self.routes.arrived(message.topic(), partition, offset) else {
            return;
        };
        let mut takers = readers
            .iter()
            .filter(|reader| reader.takes(partition, offset))
            .peekable();
        if takers.peek().is_none() {
            return;
        }
        let envelope = incoming(message, topic, received_at);
        while let Some(reader) = takers.next() {
            // One subscription is the rule: nothing is copied for it.
            if takers.peek().is_none() {
                reader.delivery().deliver(envelope);
                return;
            }
            reader.delivery().deliver(envelope.clone());
        }
    }
}
