//! Which subscription gets which message, and how far the partitions have been read.
//!
//! One consumer reads for all subscriptions of a connection, so that a topic is fetched once. A
//! subscription that begins later, or earlier, than another on the same topic is told apart by offsets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::link::locked;
use super::topic::Pattern;
use crate::transport::Delivery;

/// Positions by number of partition.
pub(super) type Positions = HashMap<i32, i64>;

/// A subscription.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) id: u64,
    pub(super) pattern: Pattern,
    pub(super) delivery: Delivery,
}

/// A subscription's part in a topic.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    route: Arc<Route>,
    /// Where it begins; a partition that is not in it came later, and counts from its first message.
    from: Positions,
}

impl Reader {
    pub(super) fn delivery(&self) -> &Delivery {
        &self.route.delivery
    }

    /// Whether a message belongs to it.
    pub(super) fn takes(&self, partition: i32, offset: i64) -> bool {
        self.from.get(&partition).is_none_or(|from| offset >= *from)
    }
}

/// A topic that the consumer reads.
#[derive(Debug)]
struct Topic {
    name: Arc<str>,
    /// The next offset of each assigned partition.
    next: Positions,
    /// Shared with the receiving thread, which delivers outside the lock.
    readers: Arc<[Reader]>,
}

/// A partition that the group has given to this member.
pub(super) struct Held {
    pub(super) topic: Arc<str>,
    pub(super) partition: i32,
    /// Nobody here reads it.
    pub(super) is_idle: bool,
}

#[derive(Debug, Default)]
struct Table {
    last_id: u64,
    routes: Vec<Arc<Route>>,
    topics: HashMap<Arc<str>, Topic>,
}

/// All subscriptions of a connection.
#[derive(Debug, Default)]
pub(super) struct Routes(Mutex<Table>);

impl Routes {
    /// Registers a subscription; no topic is read for it yet.
    pub(super) fn add(&self, pattern: Pattern, delivery: Delivery) -> Arc<Route> {
        let mut table = locked(&self.0);
        table.last_id += 1;
        let route = Arc::new(Route {
            id: table.last_id,
            pattern,
            delivery,
        });
        table.routes.push(Arc::clone(&route));
        route
    }

    /// Ends a subscription. Returns whether a topic has no reader left.
    pub(super) fn remove(&self, id: u64) -> bool {
        let mut table = locked(&self.0);
        table.routes.retain(|route| route.id != id);
        let mut idle = false;
        for topic in table.topics.values_mut() {
            if topic.readers.iter().any(|reader| reader.route.id == id) {
                topic.readers = topic
                    .readers
                    .iter()
                    .filter(|reader| reader.route.id != id)
                    .cloned()
                    .collect();
            }
            idle |= topic.readers.is_empty();
        }
        idle
    }

    /// Lets a subscription read a topic from these positions.
    pub(super) fn join(&self, route: &Arc<Route>, topic: &str, from: Positions) {
        let mut table = locked(&self.0);
        // It may have ended in the meantime.
        if !table.routes.iter().any(|other| other.id == route.id) {
            return;
        }
        let entry = table.entry(topic);
        let reader = Reader {
            route: Arc::clone(route),
            from,
        };
        entry.readers = entry
            .readers
            .iter()
            .filter(|other| other.route.id != route.id)
            .cloned()
            .chain([reader])
            .collect();
    }

    /// Lets the consumer read a partition again from an earlier position, for one subscription only.
    pub(super) fn rewind(&self, route: &Route, topic: &str, partition: i32, offset: i64) {
        let mut table = locked(&self.0);
        let entry = table.entry(topic);
        let had = entry.next.insert(partition, offset).unwrap_or(offset);
        let mut readers: Vec<Reader> = entry.readers.to_vec();
        for reader in readers.iter_mut().filter(|r| r.route.id != route.id) {
            let from = reader.from.entry(partition).or_insert(had);
            *from = had.max(*from);
        }
        entry.readers = readers.into();
    }

    /// Notes where the consumer reads on in a partition.
    pub(super) fn set_next(&self, topic: &str, partition: i32, offset: i64) {
        locked(&self.0).entry(topic).next.insert(partition, offset);
    }

    /// As [`set_next`](Self::set_next), and nobody misses what was before: the partition is another one.
    pub(super) fn restart(&self, topic: &str, partition: i32, offset: i64) {
        let mut table = locked(&self.0);
        let entry = table.entry(topic);
        entry.next.insert(partition, offset);
        let mut readers: Vec<Reader> = entry.readers.to_vec();
        for reader in &mut readers {
            reader.from.insert(partition, offset);
        }
        entry.readers = readers.into();
    }

    /// Where the consumer reads on in a partition; none when it does not read it.
    pub(super) fn next(&self, topic: &str, partition: i32) -> Option<i64> {
        let table = locked(&self.0);
        table.topics.get(topic)?.next.get(&partition).copied()
    }

    /// Who may want a message that has come, and the shared name of its topic.
    pub(super) fn arrived(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
    ) -> Option<(Arc<str>, Arc<[Reader]>)> {
        let mut table = locked(&self.0);
        let entry = table.topics.get_mut(topic)?;
        // What is given up comes no more, and what came comes once: brokers repeat themselves (Tansu).
        let next = entry.next.get_mut(&partition)?;
        if offset < *next {
            return None;
        }
        *next = offset + 1;
        Some((Arc::clone(&entry.name), Arc::clone(&entry.readers)))
    }

    /// Topics that are read, with the next offset of each partition.
    pub(super) fn topics(&self) -> Vec<(Arc<str>, Positions)> {
        let table = locked(&self.0);
        table
            .topics
            .values()
            .map(|topic| (Arc::clone(&topic.name), topic.next.clone()))
            .collect()
    }

    /// Takes out the topics that nobody reads any more, with their partitions.
    pub(super) fn take_idle(&self) -> Vec<(Arc<str>, Positions)> {
        let mut table = locked(&self.0);
        let idle: Vec<Arc<str>> = table
            .topics
            .values()
            .filter(|topic| topic.readers.is_empty())
            .map(|topic| Arc::clone(&topic.name))
            .collect();
        idle.into_iter()
            .filter_map(|name| table.topics.remove(&name))
            .map(|topic| (topic.name, topic.next))
            .collect()
    }

    /// As a member of a group: the partitions that are ours.
    pub(super) fn held(&self) -> Vec<Held> {
        let table = locked(&self.0);
        let topics = table.topics.values();
        topics
            .flat_map(|topic| {
                topic.next.keys().map(|partition| Held {
                    topic: Arc::clone(&topic.name),
                    partition: *partition,
                    is_idle: topic.readers.is_empty(),
                })
            })
            .collect()
    }

    /// As a member of a group: the partition is ours, from this position, for all who want its topic.
    pub(super) fn take_over(&self, topic: &str, partition: i32, next: i64) {
        let mut table = locked(&self.0);
        let routes: Vec<_> = table.matching(topic);
        let entry = table.entry(topic);
        entry.next.insert(partition, next);
        let from = Positions::new();
        entry.readers = routes
            .into_iter()
            .map(|route| Reader {
                route,
                from: from.clone(),
            })
            .collect();
    }

    /// As a member of a group: the partition is somebody else's.
    pub(super) fn give_up(&self, topic: &str, partition: i32) {
        let mut table = locked(&self.0);
        if let Some(entry) = table.topics.get_mut(topic) {
            entry.next.remove(&partition);
            if entry.next.is_empty() && entry.readers.is_empty() {
                table.topics.remove(topic);
            }
        }
    }

    /// As a member of a group: everyone who wants a topic reads it, also who came after it was given to us.
    pub(super) fn refresh(&self) {
        let mut table = locked(&self.0);
        let names: Vec<Arc<str>> = table.topics.keys().cloned().collect();
        for name in names {
            let routes = table.matching(&name);
            let entry = table.entry(&name);
            let from = Positions::new();
            entry.readers = routes
                .into_iter()
                .map(|route| Reader {
                    route,
                    from: from.clone(),
                })
                .collect();
        }
    }

    /// What is subscribed to, each once, in order.
    pub(super) fn patterns(&self) -> Vec<String> {
        let table = locked(&self.0);
        let all = table.routes.iter().map(|route| route.pattern.to_string());
        all.collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect()
    }

    /// Subscriptions by regular expression.
    pub(super) fn regexes(&self) -> Vec<Arc<Route>> {
        let table = locked(&self.0);
        table
            .routes
            .iter()
            .filter(|route| route.pattern.is_regex())
            .cloned()
            .collect()
    }

    /// Whether a subscription reads a topic already.
    pub(super) fn reads(&self, route: &Route, topic: &str) -> bool {
        let table = locked(&self.0);
        table
            .topics
            .get(topic)
            .is_some_and(|entry| entry.readers.iter().any(|r| r.route.id == route.id))
    }

    /// The subscriptions to a topic by its name.
    pub(super) fn named(&self, topic: &str) -> bool {
        let table = locked(&self.0);
        table
            .routes
            .iter()
            .any(|route| !route.pattern.is_regex() && route.pattern.matches(topic))
    }
}

impl Table {
    fn matching(&self, topic: &str) -> Vec<Arc<Route>> {
        let all = self.routes.iter();
        all.filter(|route| route.pattern.matches(topic))
            .cloned()
            .collect()
    }

    fn entry(&mut self, topic: &str) -> &mut Topic {
        if !self.topics.contains_key(topic) {
            let name: Arc<str> = topic.into();
            let entry = Topic {
                name: Arc::clone(&name),
                next: Positions::new(),
                readers: Arc::new([]),
            };
            self.topics.insert(name, entry);
        }
        self.topics
            .get_mut(topic)
            .expect("it was inserted when it was missing")
    }
}
