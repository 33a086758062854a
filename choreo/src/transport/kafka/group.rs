//! Reading as a member of a consumer group, for those who ask for it: the cluster hands out the partitions.
//!
//! **Readiness.** A subscription is ready after the rebalance that it caused. In it the position of each
//! partition is fixed as a number, before the first fetch: the group's committed offset, or the start that
//! was asked for. Partitions that the cluster gives to other members of the group do not come here.

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::Offset;
use rdkafka::types::RDKafkaRespErr;

use super::Start;
use super::context::Context;
use super::link::locked;
use super::routes::Routes;
use super::settings::words;

/// How long the questions of one rebalance may take; the group waits for it.
const REBALANCE_BOUND: Duration = Duration::from_secs(3);

/// What the callback of the client and the subscriptions share.
#[derive(Debug)]
pub(super) struct Group {
    routes: Arc<Routes>,
    start: Start,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Rebalances that have ended with partitions, or without.
    rebalances: u64,
    /// What the client was told to subscribe to, in order.
    names: Vec<String>,
    /// Why the last rebalance gave nothing to read.
    problem: Option<String>,
}

impl Group {
    pub(super) fn new(routes: Arc<Routes>, start: Start) -> Self {
        Self {
            routes,
            start,
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Tells the client what there is to read now, and waits for the rebalance when that is something new.
    pub(super) fn follow(
        &self,
        consumer: &BaseConsumer<Context>,
        deadline: Instant,
    ) -> Result<(), String> {
        let mut state = locked(&self.state);
        let names = self.routes.patterns();
        if names == state.names {
            return Ok(());
        }
        let more = names.iter().any(|name| !state.names.contains(name));
        let before = state.rebalances;
        if names.is_empty() {
            consumer.unsubscribe();
        } else {
            let list: Vec<&str> = names.iter().map(String::as_str).collect();
            consumer.subscribe(&list).map_err(|error| words(&error))?;
        }
        state.names = names;
        if !more {
            return Ok(());
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let (state, waited) = self
            .changed
            .wait_timeout_while(state, left, |state| state.rebalances == before)
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if waited.timed_out() {
            return Err("the group has not been rebalanced in time".into());
        }
        match &state.problem {
            None => Ok(()),
            Some(problem) => Err(problem.clone()),
        }
    }

    /// The client's callback, on the receiving thread: partitions are given or taken.
    pub(super) fn rebalance(
        &self,
        consumer: &BaseConsumer<Context>,
        code: RDKafkaRespErr,
        partitions: &TopicPartitionList,
    ) {
        if code != RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            for element in partitions.elements() {
                self.routes.give_up(element.topic(), element.partition());
            }
            if let Err(error) = consumer.unassign() {
                tracing::warn!(error = words(&error), "partitions were not given up");
            }
            return;
        }
        let problem = self.take(consumer, partitions).err();
        let mut state = locked(&self.state);
        state.problem = problem.map(|error| words(&error));
        state.rebalances += 1;
        self.changed.notify_all();
    }

    fn take(
        &self,
        consumer: &BaseConsumer<Context>,
        partitions: &TopicPartitionList,
    ) -> Result<(), KafkaError> {
        let mut list = TopicPartitionList::with_capacity(partitions.count());
        for element in partitions.elements() {
            list.add_partition(element.topic(), element.partition());
        }
        if list.count() == 0 {
            return consumer.assign(&list);
        }
        let committed = consumer.committed_offsets(list.clone(), REBALANCE_BOUND)?;
        let mut open = TopicPartitionList::new();
        for element in committed.elements() {
            if !matches!(element.offset(), Offset::Offset(_)) {
                open.add_partition_offset(
                    element.topic(),
                    element.partition(),
                    Offset::from_raw(self.start.wanted()),
                )?;
            }
        }
        if open.count() > 0 && !matches!(self.start, Start::Offset(_)) {
            open = consumer.offsets_for_times(open, REBALANCE_BOUND)?;
        }
        for element in committed.elements() {
            let (topic, partition) = (element.topic(), element.partition());
            let found = open.find_partition(topic, partition);
            let offset = found.map_or(element.offset(), |found| found.offset());
            list.set_partition_offset(topic, partition, offset)?;
            let next = match offset {
                Offset::Offset(next) => next,
                _ => 0,
            };
            self.routes.take_over(topic, partition, next);
        }
        consumer.assign(&list)
    }
}
