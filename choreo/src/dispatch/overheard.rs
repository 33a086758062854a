//! What came on watched topics for scenarios that do not listen there.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use crate::ids::CorrelationId;

/// Messages that are remembered, over all scenarios.
const REMEMBERED: usize = 1024;

/// The last messages, oldest first.
#[derive(Default)]
pub(super) struct Overheard(VecDeque<Message>);

struct Message {
    at: Instant,
    /// None where ids do not keep scenarios apart.
    id: Option<CorrelationId>,
    topic: Arc<str>,
}

impl Overheard {
    pub(super) fn push(&mut self, at: Instant, id: Option<CorrelationId>, topic: &Arc<str>) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        let topic = Arc::clone(topic);
        self.0.push_back(Message { at, id, topic });
    }

    /// Topics of a scenario's messages since an instant in the order of the first ones, and how many came.
    pub(super) fn since(
        &self,
        since: Instant,
        id: Option<&CorrelationId>,
    ) -> Vec<(Arc<str>, usize)> {
        let mut topics: Vec<(Arc<str>, usize)> = Vec::new();
        let of_scenario = |it: &&Message| it.at >= since && it.id.as_ref() == id;
        for message in self.0.iter().filter(of_scenario) {
            match topics.iter_mut().find(|(topic, _)| *topic == message.topic) {
                Some((_, count)) => *count += 1,
                None => topics.push((Arc::clone(&message.topic), 1)),
            }
        }
        topics
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn topics_are_counted_for_each_scenario_since_an_instant() {
        let (one, other) = (CorrelationId::new("one"), CorrelationId::new("other"));
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let (a, b) = (Arc::from("a"), Arc::from("b"));
        let mut overheard = Overheard::default();
        overheard.push(at(0), Some(one.clone()), &b);
        overheard.push(at(1), Some(one.clone()), &a);
        overheard.push(at(1), Some(other), &b);
        overheard.push(at(2), Some(one.clone()), &b);
        overheard.push(at(2), Some(one.clone()), &a);
        overheard.push(at(3), None, &a);
        let of_one = overheard.since(at(1), Some(&one));
        assert_eq!(of_one, [(Arc::clone(&a), 2), (b, 1)]);
        assert_eq!(overheard.since(start, None), [(a, 1)]);
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let (start, topic) = (Instant::now(), Arc::from("a"));
        let mut overheard = Overheard::default();
        for _ in 0..=REMEMBERED {
            overheard.push(start, None, &topic);
        }
        assert_eq!(overheard.since(start, None), [(topic, REMEMBERED)]);
    }
}
