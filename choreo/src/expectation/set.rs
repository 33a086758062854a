//! A set of messages, each of which satisfies a pattern of its own.

use std::sync::Arc;

use super::near_misses::NearMisses;
use super::wanted::{Answer, Wanted, ask};
use super::{Matched, Moment};
use crate::codec::Incoming;
use crate::matcher::diff;

/// Which pattern each message satisfies: a maximum matching of messages and patterns.
///
/// A message that does not enlarge it when it comes never will, so it need not be kept: what messages can
/// be satisfied together is a matroid.
#[derive(Debug)]
pub(super) struct Assignment {
    /// The message of each pattern.
    owner: Vec<Option<usize>>,
    /// The patterns that each message could satisfy.
    candidates: Vec<Vec<usize>>,
}

impl Assignment {
    pub(super) fn of(patterns: usize) -> Self {
        Self {
            owner: vec![None; patterns],
            candidates: Vec::new(),
        }
    }

    /// Takes a message if a pattern is left for it, once others have moved to make room.
    pub(super) fn add(&mut self, candidates: Vec<usize>) -> bool {
        self.candidates.push(candidates);
        let mut seen = vec![false; self.owner.len()];
        let placed = self.place(self.candidates.len() - 1, &mut seen);
        if !placed {
            self.candidates.pop();
        }
        placed
    }

    fn place(&mut self, message: usize, seen: &mut [bool]) -> bool {
        for index in 0..self.candidates[message].len() {
            let pattern = self.candidates[message][index];
            if std::mem::replace(&mut seen[pattern], true) {
                continue;
            }
            let free = match self.owner[pattern] {
                None => true,
                Some(other) => self.place(other, seen),
            };
            if free {
                self.owner[pattern] = Some(message);
                return true;
            }
        }
        false
    }

    pub(super) fn is_complete(&self) -> bool {
        self.owner.iter().all(Option::is_some)
    }

    /// The message of each pattern, by the order in which messages were taken.
    pub(super) fn owners(&self) -> &[Option<usize>] {
        &self.owner
    }
}

pub(super) struct Set {
    patterns: Vec<Wanted>,
    assignment: Assignment,
    messages: Vec<Matched>,
}

/// What a message did to a set.
pub(super) enum Taken {
    Matched,
    /// It fits only patterns that others have satisfied.
    Surplus,
    NearMiss,
    Panicked {
        matcher: String,
        message: String,
    },
}

impl Set {
    pub(super) fn new(patterns: Vec<Wanted>) -> Self {
        Self {
            assignment: Assignment::of(patterns.len()),
            patterns,
            messages: Vec::new(),
        }
    }

    pub(super) fn patterns(&self) -> &[Wanted] {
        &self.patterns
    }

    pub(super) fn size(&self) -> usize {
        self.patterns.len()
    }

    pub(super) fn is_complete(&self) -> bool {
        self.assignment.is_complete()
    }

    pub(super) fn count(&self) -> u64 {
        self.messages.len() as u64
    }

    /// When the first and the last of its messages came.
    pub(super) fn span(&self) -> Option<(Moment, Moment)> {
        let moments = || self.messages.iter().map(|matched| matched.moment);
        Some((moments().min()?, moments().max()?))
    }

    pub(super) fn offer(
        &mut self,
        message: &Arc<Incoming>,
        moment: Moment,
        near_misses: &mut NearMisses,
    ) -> Taken {
        let mut candidates = Vec::new();
        let mut closest = None;
        for (index, pattern) in self.patterns.iter().enumerate() {
            match ask(pattern, message) {
                Answer::Match(_) => candidates.push(index),
                Answer::NearMiss(mismatch) => {
                    if self.assignment.owners()[index].is_some() {
                        continue;
                    }
                    let score = diff::score(&mismatch);
                    let is_closer = closest.as_ref().is_none_or(|(best, other, _)| {
                        // Of equally close ones it agrees with more of the one that says more.
                        let says = |index: usize| self.patterns[index].describe().len();
                        score < *best || score == *best && says(index) > says(*other)
                    });
                    if is_closer {
                        closest = Some((score, index, mismatch));
                    }
                }
                Answer::Panicked { matcher, message } => {
                    return Taken::Panicked { matcher, message };
                }
            }
        }
        if candidates.is_empty() {
            if let Some((_, _, mismatch)) = closest {
                near_misses.add(mismatch, message, moment.arrival);
            }
            return Taken::NearMiss;
        }
        if !self.assignment.add(candidates) {
            return Taken::Surplus;
        }
        self.messages.push(Matched {
            message: None,
            incoming: Arc::clone(message),
            moment,
        });
        Taken::Matched
    }

    /// The patterns without a message.
    pub(super) fn unsatisfied(&self) -> impl Iterator<Item = &Wanted> {
        let pairs = self.patterns.iter().zip(self.assignment.owners());
        let open = pairs.filter(|(_, owner)| owner.is_none());
        open.map(|(pattern, _)| pattern)
    }

    /// The same in words.
    pub(super) fn missing(&self) -> Vec<String> {
        self.unsatisfied().map(Wanted::describe).collect()
    }

    /// The messages in the order of the patterns that they satisfy, and the patterns.
    pub(super) fn into_parts(self) -> (Vec<Matched>, Vec<Wanted>) {
        let mut messages: Vec<_> = self.messages.into_iter().map(Some).collect();
        let owners = self.assignment.owner.into_iter().flatten();
        let messages = owners.filter_map(|index| messages[index].take()).collect();
        (messages, self.patterns)
    }
}
