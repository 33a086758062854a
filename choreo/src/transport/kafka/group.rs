//! Reading as a member of a consumer group, for those who ask for it: the cluster hands out the partitions.
//!
//! **Readiness.** A subscription is ready when a rebalance that counted its topic is over. In it the position
//! of each partition is fixed as a number, before the first fetch: the group's committed offset, or the start
//! that was asked for, which is committed so that no later rebalance asks for it again. Partitions that the
//! cluster gives to other members of the group do not come here.
//!
//! **Rest.** A topic that nobody here reads any more rests while others are read: to leave it the group would
//! have to meet again, and nobody is given anything meanwhile. Who reads it again goes on where it rested.

use std::collections::HashSet;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::Offset;
use rdkafka::types::RDKafkaRespErr;

use super::Start;
use super::cluster::ask_offsets;
use super::context::Context;
use super::link::{SharedLink, locked};
use super::routes::Routes;
use super::settings::words;

/// How long the questions of one rebalance may take; the group waits for it.
const REBALANCE_BOUND: Duration = Duration::from_secs(3);

/// Between two looks whether the client has left the group.
const PAUSE: Duration = Duration::from_millis(10);

/// What the callback of the client and the subscriptions share.
pub(super) struct Group {
    routes: Arc<Routes>,
    start: Start,
    link: SharedLink,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// What the client was told to subscribe to, in order.
    told: Vec<String>,
    /// What the group has met about.
    met: Vec<String>,
    /// The rebalance for what the client was told is not over.
    meeting: bool,
    /// The connection was lost, and the group has not been left yet.
    apart: bool,
    /// Why the last rebalance gave nothing to read.
    problem: Option<String>,
    /// Partitions that rest. The client remembers it beyond a rebalance.
    resting: HashSet<(Arc<str>, i32)>,
}

impl Group {
    pub(super) fn new(routes: Arc<Routes>, start: Start, link: SharedLink) -> Self {
        Self {
            routes,
            start,
            link,
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Waits until the group has met about a pattern, or about all that are subscribed to, and tells the client
    /// about them when need be. One rebalance at a time: what comes meanwhile shares the next one.
    pub(super) fn meet(
        &self,
        consumer: &BaseConsumer<Context>,
        pattern: Option<&str>,
        deadline: Instant,
    ) -> Result<(), String> {
        let mut state = locked(&self.state);
        loop {
            let met = match pattern {
                Some(pattern) => state.has_met(pattern),
                None => self.routes.patterns().iter().all(|p| state.has_met(p)),
            };
            if met {
                return self.rest(consumer, &mut state);
            }
            if !state.meeting && !state.apart {
                self.tell(consumer, &mut state)?;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let (after, waited) = self
                .changed
                .wait_timeout_while(state, left, |state| state.meeting || state.apart)
                .unwrap_or_else(PoisonError::into_inner);
            state = after;
            if waited.timed_out() {
                return Err("the group has not been rebalanced in time".into());
            }
            if let Some(problem) = &state.problem {
                return Err(problem.clone());
            }
        }
    }

    /// Leaves the group when there is nothing more to read, and lets what nobody reads rest. A rebalance that is
    /// on its way goes on: it would begin anew, and who tries again waits for it.
    pub(super) fn sweep(&self, consumer: &BaseConsumer<Context>) -> Result<(), String> {
        let mut state = locked(&self.state);
        if state.meeting || state.apart {
            return Ok(());
        }
        if self.routes.patterns().is_empty() && !state.told.is_empty() {
            return self.tell(consumer, &mut state);
        }
        self.rest(consumer, &mut state)
    }

    /// Lets partitions rest that nobody reads, and wakes those that somebody reads again.
    fn rest(&self, consumer: &BaseConsumer<Context>, state: &mut State) -> Result<(), String> {
        let (idle, read): (Vec<_>, Vec<_>) = self
            .routes
            .held()
            .into_iter()
            .partition(|held| held.is_idle);
        let mut resting = TopicPartitionList::new();
        for held in idle {
            resting.add_partition(&held.topic, held.partition);
            state.resting.insert((held.topic, held.partition));
        }
        // Only these: the client throws away what it has fetched of a partition that it is asked about.
        let mut woken = TopicPartitionList::new();
        for held in read {
            if state
                .resting
                .remove(&(Arc::clone(&held.topic), held.partition))
            {
                woken.add_partition(&held.topic, held.partition);
            }
        }
        if resting.count() > 0 {
            consumer.pause(&resting).map_err(|error| words(&error))?;
        }
        if woken.count() > 0 {
            consumer.resume(&woken).map_err(|error| words(&error))?;
        }
        Ok(())
    }

    fn tell(&self, consumer: &BaseConsumer<Context>, state: &mut State) -> Result<(), String> {
        let names = self.routes.patterns();
        if names.is_empty() {
            consumer.unsubscribe();
        } else {
            let list: Vec<&str> = names.iter().map(String::as_str).collect();
            consumer.subscribe(&list).map_err(|error| words(&error))?;
        }
        state.met.retain(|name| names.contains(name));
        state.meeting = !names.is_empty();
        state.problem = None;
        state.told = names;
        Ok(())
    }

    /// The connection was lost: what the group had agreed on may hold no more.
    pub(super) fn part(&self) {
        locked(&self.state).apart = true;
    }

    /// Meets the group again after a loss.
    pub(super) fn rejoin(
        &self,
        consumer: &BaseConsumer<Context>,
        deadline: Instant,
    ) -> Result<(), String> {
        if locked(&self.state).apart {
            // By itself the client may be in a rebalance that began before the topics were there. When it
            // has left, the next one is new.
            consumer.unsubscribe();
            while subscribed(consumer).is_none_or(|names| !names.is_empty()) {
                if self.link.is_closed() || Instant::now() >= deadline {
                    return Err("the group has not been left in time".into());
                }
                self.link.pause(PAUSE);
            }
            let mut state = locked(&self.state);
            *state = State {
                resting: std::mem::take(&mut state.resting),
                ..State::default()
            };
            self.changed.notify_all();
        }
        self.meet(consumer, None, deadline)
    }

    /// The client's callback, on the receiving thread: partitions are given or taken.
    pub(super) fn rebalance(
        &self,
        consumer: &BaseConsumer<Context>,
        code: RDKafkaRespErr,
        partitions: &TopicPartitionList,
    ) -> Result<(), String> {
        if code != RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            for element in partitions.elements() {
                self.routes.give_up(element.topic(), element.partition());
            }
            give_up(consumer);
            return Ok(());
        }
        let taken = self.take(consumer, partitions);
        let taken = taken.map_err(|error| words(&error));
        if taken.is_err() {
            // The client waits for an answer, and the rest of the group for it.
            give_up(consumer);
        }
        let names = subscribed(consumer);
        let mut state = locked(&self.state);
        let result = match taken {
            // A rebalance that began before the client was told says nothing.
            Ok(Taken::Ours) if names.as_ref() == Some(&state.told) => {
                state.met = state.told.clone();
                state.meeting = false;
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(problem) => {
                state.met.clear();
                state.meeting = false;
                state.problem = Some(problem.clone());
                Err(problem)
            }
        };
        self.changed.notify_all();
        // In here nothing has been fetched yet.
        result.and_then(|()| self.rest(consumer, &mut state))
    }

    fn take(
        &self,
        consumer: &BaseConsumer<Context>,
        partitions: &TopicPartitionList,
    ) -> Result<Taken, KafkaError> {
        let mut list = TopicPartitionList::with_capacity(partitions.count());
        for element in partitions.elements() {
            list.add_partition(element.topic(), element.partition());
        }
        if list.count() == 0 {
            return consumer.assign(&list).map(|()| Taken::Ours);
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
        let begun = self.begin(consumer, open)?;
        for element in committed.elements() {
            let (topic, partition) = (element.topic(), element.partition());
            let found = begun.find_partition(topic, partition);
            let offset = found.map_or(element.offset(), |found| found.offset());
            list.set_partition_offset(topic, partition, offset)?;
            let next = match offset {
                Offset::Offset(next) => next,
                _ => 0,
            };
            self.routes.take_over(topic, partition, next);
        }
        consumer.assign(&list)?;
        if begun.count() == 0 {
            return Ok(Taken::Ours);
        }
        // Whoever has the partition after the next rebalance goes on here. When the group is in that one
        // already, it has not heard where that is, and would ask for the end again, which may be later.
        match consumer.commit(&begun, CommitMode::Sync) {
            Ok(()) => Ok(Taken::Ours),
            Err(error) if is_meeting(&error) => Ok(Taken::Overtaken),
            Err(error) => Err(error),
        }
    }

    /// Where to begin in partitions of which the group has committed nothing, as numbers.
    fn begin(
        &self,
        consumer: &BaseConsumer<Context>,
        open: TopicPartitionList,
    ) -> Result<TopicPartitionList, KafkaError> {
        if open.count() == 0 || matches!(self.start, Start::Offset(_)) {
            return Ok(open);
        }
        let deadline = Instant::now() + REBALANCE_BOUND;
        let ask = |list| ask_offsets(consumer, &self.link, list, deadline);
        let mut found = ask(&open)?;
        // Nothing is as late as the time that was asked for.
        let mut late = TopicPartitionList::new();
        for element in found.elements() {
            if !matches!(element.offset(), Offset::Offset(_)) {
                late.add_partition_offset(element.topic(), element.partition(), Offset::End)?;
            }
        }
        if late.count() > 0 {
            let ends = ask(&late)?;
            for element in ends.elements() {
                found.set_partition_offset(
                    element.topic(),
                    element.partition(),
                    element.offset(),
                )?;
            }
        }
        Ok(found)
    }
}

/// What came of a rebalance.
enum Taken {
    /// The partitions are read, and the group knows from where.
    Ours,
    /// The next rebalance had begun before the group was told.
    Overtaken,
}

impl State {
    fn has_met(&self, pattern: &str) -> bool {
        self.met.iter().any(|name| name == pattern)
    }
}

fn give_up(consumer: &BaseConsumer<Context>) {
    if let Err(error) = consumer.unassign() {
        tracing::warn!(error = words(&error), "partitions were not given up");
    }
}

/// Whether the group is in the next rebalance.
fn is_meeting(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::RebalanceInProgress
                | RDKafkaErrorCode::IllegalGeneration
                | RDKafkaErrorCode::UnknownMemberId
        )
    )
}

/// What the client is subscribed to now, in order; what it was told in a rebalance counts after it.
fn subscribed(consumer: &BaseConsumer<Context>) -> Option<Vec<String>> {
    let list = consumer.subscription().ok()?;
    let elements = list.elements();
    let mut names: Vec<_> = elements.iter().map(|e| e.topic().to_owned()).collect();
    names.sort_unstable();
    Some(names)
}
