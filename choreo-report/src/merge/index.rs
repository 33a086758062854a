//! The first of two passes over the parts of a run: which tests there are and where each stands, without
//! keeping any.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::io;
use std::path::{Path, PathBuf};

use super::facts::Facts;
use super::{MergeError, lost};
use crate::model::{Notice, Redactions, Run, Test, TestOutcome, Timestamp};
use crate::omitted;
use crate::partial::{FORMAT, Header, Line, Lines, Place};

/// Every test of a run once, with where to find it.
#[derive(Debug, Default)]
pub(super) struct Index {
    sources: Vec<PathBuf>,
    tests: HashMap<String, Entry>,
    /// Packages, targets and files, as numbers that many tests share.
    words: HashMap<String, u32>,
    pub(super) facts: Facts,
}

/// A test that will be in the report.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) known: Known,
    /// Which of several ends of one test counts: the latest.
    attempt: (u32, Timestamp),
    /// Where it belongs among the others.
    order: Order,
}

/// What the index holds of one end of a test.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) found: Found,
    pub(super) outcome: TestOutcome,
    /// What was hidden in it.
    redactions: Option<Box<Redactions>>,
    /// What it does not show whole.
    omitted: Vec<Notice>,
}

impl Known {
    fn new(
        found: Found,
        outcome: TestOutcome,
        redactions: Redactions,
        omitted: Vec<Notice>,
    ) -> Self {
        Self {
            found,
            outcome,
            redactions: (!redactions.rules.is_empty()).then(|| Box::new(redactions)),
            omitted,
        }
    }

    /// Takes what a report says of this test out of what it says of all.
    fn take_out_of(&self, run: &mut Run) {
        if let Some(redactions) = &self.redactions {
            run.redactions.subtract(redactions);
        }
        for own in &self.omitted {
            run.notices.retain_mut(|told| {
                if (&told.kind, &told.text) != (&own.kind, &own.text) {
                    return true;
                }
                told.count = told.count.saturating_sub(own.count);
                told.count > 0
            });
        }
    }
}

/// Package, target, file and line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Order(u32, u32, u32, u32);

/// Where a test stands.
#[derive(Debug)]
pub(super) enum Found {
    /// In a line of a source.
    Line(usize, Place),
    /// Nowhere: it was lost with its process. This is what is shown of it.
    Lost(String),
}

/// Whether the process of a partial is known to be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Alive,
    Ended,
}

/// What is known of a test while its partial is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Planned,
    Started(Timestamp),
    Ended,
}

impl Index {
    /// Adds what one process left. A file that cannot be read is counted, and the rest goes on.
    pub(super) fn add_partial(&mut self, path: &Path, life: Life) -> Result<(), MergeError> {
        let error = |source| MergeError::Read {
            path: path.to_owned(),
            source,
        };
        let mut lines = match Lines::open(path) {
            Ok(lines) => lines,
            // It ended while we looked, and was found under its last name too.
            Err(gone) if gone.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(error(source)),
        };
        let header = match lines.next().map_err(error)? {
            Some((_, Ok(Line::Process(header)))) if header.format == FORMAT => header,
            _ => {
                self.facts.unreadable += 1;
                return Ok(());
            }
        };
        let source = self.sources.len();
        self.sources.push(path.to_owned());
        self.facts.add_process(&header);
        let mut fates = vec![Fate::Planned; header.tests.len()];
        let mut ended = false;
        while let Some((place, line)) = lines.next().map_err(error)? {
            match line {
                Ok(Line::Started(started)) => {
                    if let Some(fate @ Fate::Planned) = fates.get_mut(started.index) {
                        *fate = Fate::Started(started.at);
                    }
                    self.facts.finished_at(started.at);
                }
                Ok(Line::Test(test)) => {
                    let Some(fate) = fates.get_mut(test.index) else {
                        self.facts.torn += 1;
                        continue;
                    };
                    *fate = Fate::Ended;
                    let mut omitted = test.omitted;
                    omitted.extend(omitted::deep(test.cut));
                    self.facts.add_transports(test.transports, test.stage);
                    let found = Found::Line(source, place);
                    let redactions = test.redactions.unwrap_or_default();
                    let known = Known::new(found, test.outcome, redactions, omitted);
                    self.add(&header, test.index, known);
                }
                Ok(Line::End(end)) => {
                    ended = true;
                    self.facts.add_end(end);
                }
                // A process that lives may be in the middle of its line.
                Ok(Line::Process(_)) | Err(_) if life == Life::Alive => {}
                Ok(Line::Process(_)) | Err(_) => self.facts.torn += 1,
            }
        }
        if !ended && life == Life::Alive {
            let open = fates.iter().filter(|fate| **fate != Fate::Ended).count();
            self.facts.running += open as u64;
            return Ok(());
        }
        if ended {
            self.facts.merged = self.facts.merged.saturating_add(1);
        } else {
            self.facts.lost = self.facts.lost.saturating_add(1);
        }
        for (index, fate) in fates.into_iter().enumerate() {
            if let Some(test) = lost::test(&header, index, fate) {
                let json = serde_json::to_string(&test).map_err(io::Error::from);
                let json = json.map_err(error)?;
                let redactions = Redactions::shown_in(&json);
                let known = Known::new(Found::Lost(json), test.outcome, redactions, Vec::new());
                self.add(&header, index, known);
            }
        }
        Ok(())
    }

    fn add(&mut self, header: &Header, index: usize, known: Known) {
        let Some(planned) = header.tests.get(index) else {
            return;
        };
        let order = self.order(
            header.package.as_deref(),
            Some(&header.target),
            &planned.file,
            planned.line,
        );
        let entry = Entry {
            known,
            attempt: (header.attempt, header.run.started_at),
            order,
        };
        self.insert(header.nodeid(&planned.name), entry);
    }

    /// Adds a test of a report that a line of `source` holds, and takes what is said of it out of what the
    /// report's `run` says of all its tests.
    pub(super) fn add_line(
        &mut self,
        test: &Test,
        line: &[u8],
        source: usize,
        place: Place,
        run: &mut Run,
    ) {
        let known = Known::new(
            Found::Line(source, place),
            test.outcome,
            Redactions::shown_in(&String::from_utf8_lossy(line)),
            omitted::of(test),
        );
        known.take_out_of(run);
        let number = test.location.as_ref().map_or(0, |location| location.line);
        let order = self.order(
            test.package.as_deref(),
            test.target.as_deref(),
            &test.file,
            number,
        );
        let entry = Entry {
            known,
            attempt: (0, test.started_at.unwrap_or(Timestamp::UNIX_EPOCH)),
            order,
        };
        self.insert(test.nodeid.clone(), entry);
    }

    /// A file with tests in its lines.
    pub(super) fn add_source(&mut self, path: PathBuf) -> usize {
        self.sources.push(path);
        self.sources.len() - 1
    }

    fn insert(&mut self, nodeid: String, entry: Entry) {
        match self.tests.entry(nodeid) {
            Slot::Vacant(slot) => {
                slot.insert(entry);
            }
            Slot::Occupied(mut slot) => {
                self.facts.repeated += 1;
                if slot.get().attempt <= entry.attempt {
                    slot.insert(entry);
                }
            }
        }
    }

    fn order(
        &mut self,
        package: Option<&str>,
        target: Option<&str>,
        file: &str,
        line: u32,
    ) -> Order {
        let mut number = |word: &str| {
            if let Some(number) = self.words.get(word) {
                return *number;
            }
            let number = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
            self.words.insert(word.to_owned(), number);
            number
        };
        Order(
            number(package.unwrap_or_default()),
            number(target.unwrap_or_default()),
            number(file),
            line,
        )
    }

    /// The tests in the order of packages, targets, files and lines, and what is known of the run.
    pub(super) fn into_order(self) -> (Vec<PathBuf>, Vec<(String, Entry)>, Facts) {
        let mut words: Vec<(String, u32)> = self.words.into_iter().collect();
        words.sort_unstable();
        // Numbers were given as words came up; from here on they say which word is the greater.
        let mut rank = vec![0_u32; words.len()];
        for (place, (_, number)) in (0_u32..).zip(&words) {
            if let Some(rank) = rank.get_mut(*number as usize) {
                *rank = place;
            }
        }
        let rank = |number: u32| rank.get(number as usize).copied().unwrap_or(number);
        let mut facts = self.facts;
        let mut tests: Vec<(String, Entry)> = self.tests.into_iter().collect();
        for (_, entry) in &mut tests {
            let Order(package, target, file, line) = entry.order;
            entry.order = Order(rank(package), rank(target), rank(file), line);
            if let Some(redactions) = entry.known.redactions.take() {
                facts.add_redactions(&redactions);
            }
            for notice in std::mem::take(&mut entry.known.omitted) {
                facts.notice(notice);
            }
        }
        tests.sort_unstable_by(|(name_a, a), (name_b, b)| {
            a.order.cmp(&b.order).then_with(|| name_a.cmp(name_b))
        });
        (self.sources, tests, facts)
    }
}
