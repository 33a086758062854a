//! What arrived and nobody claimed: topic, id, size and class, never the payload; bounded.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::BuildHasher as _;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use foldhash::fast::RandomState;

use crate::envelope::Envelope;
use crate::ids::CorrelationId;

/// Surprises that are kept; older ones are dropped and counted.
const KEPT: usize = 1024;
/// Ids of ended scenarios that are remembered.
const CLOSED_IDS: usize = 4096;

/// Why no scenario claimed a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SurpriseClass {
    /// It carries no correlation id.
    WithoutId,
    /// Its id belongs to no scenario of this harness.
    UnknownId,
    /// Its scenario has ended.
    Late,
    /// Its scenario, or any if there is no correlation, does not listen on its topic.
    Unclaimed,
}

/// A message that no scenario claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Surprise {
    /// The concrete topic.
    pub topic: Arc<str>,
    /// The id that it carried.
    pub id: Option<CorrelationId>,
    /// The size of its payload.
    pub size_bytes: usize,
    /// Why nobody claimed it.
    pub class: SurpriseClass,
    /// When it came.
    pub received_at: Instant,
    /// What it was subscribed to with: the topic, or a pattern that covers it.
    pub(crate) through: Arc<str>,
    /// Which one of these it is.
    number: u64,
}

/// The surprises that came through a subscription while a scenario listened.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    through: Arc<str>,
    numbers: Range<u64>,
}

impl Heard {
    /// `through` is the subscription's own: another one may have the same topic later.
    pub(super) fn new(through: &Arc<str>, numbers: Range<u64>) -> Self {
        let through = Arc::clone(through);
        Self { through, numbers }
    }
}

#[derive(Default)]
pub(crate) struct SurpriseLog {
    entries: VecDeque<Surprise>,
    dropped: u64,
    /// Hashes of the ids of ended scenarios, the oldest first: nothing is copied to keep one.
    closed: VecDeque<u64>,
    /// The same for looking up: a broker that others use too brings many ids of theirs.
    known: HashSet<u64, RandomState>,
    hasher: RandomState,
}

impl SurpriseLog {
    pub(super) fn push(
        &mut self,
        message: &Envelope,
        through: &Arc<str>,
        id: Option<CorrelationId>,
        class: SurpriseClass,
        number: u64,
    ) {
        if self.entries.len() == KEPT {
            self.entries.pop_front();
            self.dropped += 1;
        }
        self.entries.push_back(Surprise {
            topic: Arc::clone(&message.topic),
            id,
            size_bytes: message.payload.len(),
            class,
            received_at: message.received_at,
            through: Arc::clone(through),
            number,
        });
    }

    pub(super) fn snapshot(&self) -> (Vec<Surprise>, u64) {
        (self.entries.iter().cloned().collect(), self.dropped)
    }

    /// The last ones that came through these subscriptions, oldest first.
    ///
    /// Where several of them cover a topic, its messages come through each: they are those of one.
    pub(super) fn since(
        &self,
        since: Instant,
        subscriptions: &[&str],
        most: usize,
    ) -> Vec<Surprise> {
        // Those of several receive tasks are in order but for moments.
        let recent = self.entries.iter().rev();
        let recent = recent.take_while(|surprise| surprise.received_at >= since);
        let own = recent.filter(|surprise| subscriptions.contains(&&*surprise.through));
        let own: Vec<_> = own.collect();
        let mut counts: HashMap<(&str, &str), usize> = HashMap::new();
        for surprise in &own {
            let count = counts.entry((&surprise.topic, &surprise.through));
            *count.or_default() += 1;
        }
        // One that was subscribed to later has missed some.
        let mut fullest: HashMap<&str, (usize, &str)> = HashMap::new();
        for ((topic, through), count) in counts {
            let best = fullest.entry(topic).or_insert((count, through));
            *best = (*best).max((count, through));
        }
        let of_one = own.into_iter().filter(|surprise| {
            let best = fullest.get(&*surprise.topic);
            best.is_some_and(|(_, through)| **through == *surprise.through)
        });
        let mut found: Vec<_> = of_one.take(most).cloned().collect();
        found.reverse();
        found
    }

    /// How many of these are here no longer.
    ///
    /// What came through several subscriptions is lost with each: which topics they were on is forgotten.
    pub(super) fn lost(&self, heard: &Heard) -> u64 {
        let all = heard.numbers.end - heard.numbers.start;
        if self.dropped == 0 || all == 0 {
            return 0;
        }
        let kept = self.entries.iter().filter(|surprise| {
            Arc::ptr_eq(&surprise.through, &heard.through)
                && heard.numbers.contains(&surprise.number)
        });
        all - kept.count() as u64
    }

    pub(super) fn close_id(&mut self, id: &CorrelationId) {
        if self.closed.len() == CLOSED_IDS
            && let Some(oldest) = self.closed.pop_front()
        {
            self.known.remove(&oldest);
        }
        let hash = self.hasher.hash_one(id);
        // An id ends once on a connection; were it given again, its first place would count.
        if self.known.insert(hash) {
            self.closed.push_back(hash);
        }
    }

    pub(super) fn is_closed(&self, id: &CorrelationId) -> bool {
        self.known.contains(&self.hasher.hash_one(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn drops_the_oldest_and_counts_them() {
        let mut log = SurpriseLog::default();
        for number in 0..KEPT + 3 {
            let message = Envelope::new(format!("t.{number}"), "x");
            let through = Arc::clone(&message.topic);
            log.push(&message, &through, None, SurpriseClass::WithoutId, 0);
        }
        let (entries, dropped) = log.snapshot();
        assert_eq!((entries.len(), dropped), (KEPT, 3));
        assert_eq!(&*entries[0].topic, "t.3");
    }

    #[test]
    fn those_that_are_lost_are_counted_for_their_subscription_and_time() {
        let mut log = SurpriseLog::default();
        let message = Envelope::new("t", "x");
        let [early, own, again]: [Arc<str>; 3] = ["t".into(), "t".into(), "t".into()];
        let mut push = |through, numbers: Range<u64>| {
            for number in numbers {
                log.push(&message, through, None, SurpriseClass::WithoutId, number);
            }
        };
        push(&early, 0..10);
        push(&own, 0..KEPT as u64 - 1);
        push(&again, 0..20);
        let lost = |through, numbers| log.lost(&Heard::new(through, numbers));
        // 29 were dropped: all of the first, and 19 of the second.
        assert_eq!(lost(&early, 2..10), 8);
        assert_eq!(lost(&own, 0..30), 19);
        assert_eq!(lost(&own, 7..30), 12);
        assert_eq!((lost(&own, 19..30), lost(&again, 0..20)), (0, 0));
    }

    #[test]
    fn what_came_through_a_wildcard_is_its_own() {
        let mut log = SurpriseLog::default();
        let start = clock::now();
        let mut push = |topic: &str, through: &str, size: usize| {
            let mut message = Envelope::new(topic, "x".repeat(size));
            message.received_at = clock::now();
            log.push(&message, &through.into(), None, SurpriseClass::UnknownId, 0);
        };
        push("a.b", "a.*", 1);
        push("a.b", "a.*", 2);
        push("a.b", "a.b", 2);
        push("a.c", "a.*", 3);
        push("z.b", "z.>", 4);
        let found = |subscriptions: &[&str], most: usize| -> Vec<(String, usize)> {
            let found = log.since(start, subscriptions, most).into_iter();
            found
                .map(|it| (it.topic.as_ref().to_owned(), it.size_bytes))
                .collect()
        };
        let all = [("a.b", 1), ("a.b", 2), ("a.c", 3)];
        let all = all.map(|(topic, size)| (topic.to_owned(), size));
        assert_eq!(found(&["a.*"], 9), all);
        // The concrete one saw the second as well, and it is one message.
        assert_eq!(found(&["a.*", "a.b"], 9), all);
        assert_eq!(found(&["a.*", "a.b"], 2), all[1..]);
        assert_eq!(found(&["a.b"], 9), all[1..2]);
        assert!(found(&["a.c", "a.>"], 9).is_empty());
    }

    #[test]
    fn forgets_the_oldest_ids() {
        let mut log = SurpriseLog::default();
        let id = |number: usize| CorrelationId::new(number.to_string());
        for number in 0..=CLOSED_IDS {
            log.close_id(&id(number));
        }
        assert!(!log.is_closed(&id(0)));
        assert!(log.is_closed(&id(1)));
        assert_eq!(
            (log.closed.len(), log.known.len()),
            (CLOSED_IDS, CLOSED_IDS)
        );
    }
}
