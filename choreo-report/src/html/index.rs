//! What the page knows of every test before anyone looks at one: enough to list, group, filter and compare.
//!
//! A JSON list, deflated: one list of cells per test, and at the end an object with the words that the cells point
//! to by number. `page/modules/data.js` reads it and must agree on the order of the cells.

use std::collections::HashMap;
use std::io;

use serde::Serialize;

use super::because::{Because, Part};
use super::chunk::Packed;
use crate::model::{Action, Outcome, Run, SCHEMA_VERSION, Test, TestOutcome};

/// Characters of a name that the list keeps.
const NAME: usize = 2000;

/// Ids and topics of one test that can be searched without looking into its details.
const IDS: usize = 40;

/// Words that many tests share, by number.
#[derive(Debug, Default)]
struct Words {
    numbers: HashMap<String, usize>,
    words: Vec<String>,
}

impl Words {
    fn number(&mut self, word: &str) -> usize {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = self.words.len();
        self.numbers.insert(word.to_owned(), number);
        self.words.push(word.to_owned());
        number
    }
}

/// Causes of one test that the index has; of others, the number.
const CAUSES: usize = 20;

/// The index in the making.
#[derive(Debug, Default)]
pub(super) struct Index {
    packed: Packed,
    row: Vec<u8>,
    files: Words,
    topics: Words,
    transports: Words,
    tags: Words,
    group_numbers: HashMap<(String, String), usize>,
    /// Kind, the first sentence, the place.
    groups: Vec<(String, String, String)>,
}

#[derive(Serialize)]
struct End<'a> {
    schema_version: &'static str,
    run: &'a Run,
    files: &'a [String],
    topics: &'a [String],
    transports: &'a [String],
    tags: &'a [String],
    groups: &'a [(String, String, String)],
    chunks: &'a [usize],
}

impl Index {
    /// Adds a test.
    pub(super) fn add(&mut self, test: &Test, causes: &[Because], chunk: usize) -> io::Result<()> {
        let name: String = test.name.chars().take(NAME).collect();
        let tags: Vec<usize> = tags(test).map(|tag| self.tags.number(tag)).collect();
        let transports = self.transports_of(test);
        let handles = self.handles_of(test);
        let further = causes.len().saturating_sub(CAUSES);
        let causes = causes.iter().take(CAUSES);
        let causes: Vec<_> = causes.map(|cause| self.cause(cause)).collect();
        let cells = (
            &test.nodeid,
            name,
            self.files.number(&test.file),
            test.outcome,
            test.duration_ms,
            tags,
            transports,
            handles,
            causes,
            ids(test),
            chunk,
            word(test),
            further,
        );
        self.row.clear();
        self.row
            .extend_from_slice(if self.packed.size == 0 { b"[" } else { b",\n" });
        serde_json::to_writer(&mut self.row, &cells)?;
        self.packed.push(&self.row)
    }

    fn transports_of(&mut self, test: &Test) -> Vec<usize> {
        let mut found = Vec::new();
        for scenario in &test.scenarios {
            let used = scenario.transports.iter().map(|one| one.name.as_str());
            let staged = scenario
                .stage
                .iter()
                .flat_map(|stage| stage.transports.iter().map(String::as_str));
            for name in used.chain(staged) {
                let number = self.transports.number(name);
                if !found.contains(&number) {
                    found.push(number);
                }
            }
        }
        found
    }

    fn handles_of(&mut self, test: &Test) -> Vec<impl Serialize + use<>> {
        let mut found = Vec::new();
        for (scenario, one) in test.scenarios.iter().enumerate() {
            // A scenario of one transport does not name it at every handle.
            let only = match one.transports.as_slice() {
                [only] => Some(only.name.as_str()),
                _ => None,
            };
            for (number, handle) in one.handles.iter().enumerate() {
                let transport = handle.transport.as_deref().or(only);
                found.push((
                    self.topics.number(&handle.topic),
                    transport.map(|name| self.transports.number(name)),
                    handle.outcome,
                    handle.latency_ms,
                    handle.budget_ms,
                    scenario,
                    number,
                ));
            }
        }
        found
    }

    fn cause(&mut self, cause: &Because) -> impl Serialize + use<> {
        let (part, number) = match cause.part {
            Part::Handle(index) => ("h", index),
            Part::Reply(index) => ("r", index),
            Part::Whole => ("s", 0),
        };
        let key = (cause.kind.clone(), cause.place.clone());
        let next = self.groups.len();
        let group = *self.group_numbers.entry(key).or_insert(next);
        if group == next {
            self.groups
                .push((cause.kind.clone(), cause.text.clone(), cause.place.clone()));
        }
        (group, cause.scenario, part, number, cause.text.clone())
    }

    /// The whole index, in base64.
    pub(super) fn finish(mut self, run: &Run, chunks: &[usize]) -> io::Result<String> {
        let first = self.packed.size == 0;
        self.packed.push(if first { b"[" } else { b",\n" })?;
        let end = End {
            schema_version: SCHEMA_VERSION,
            run,
            files: &self.files.words,
            topics: &self.topics.words,
            transports: &self.transports.words,
            tags: &self.tags.words,
            groups: &self.groups,
            chunks,
        };
        self.packed.push(&serde_json::to_vec(&end)?)?;
        self.packed.push(b"]")?;
        self.packed.base64()
    }
}

fn tags(test: &Test) -> impl Iterator<Item = &str> {
    let meta = test.choreo_meta.iter().flat_map(|meta| &meta.tags);
    let all = test.tags.iter().chain(meta).chain(&test.markers);
    let mut seen = Vec::new();
    all.map(String::as_str).filter(move |tag| {
        let new = !seen.contains(&(*tag).to_owned());
        if new {
            seen.push((*tag).to_owned());
        }
        new
    })
}

/// Correlation ids, and the topics that the test published to.
fn ids(test: &Test) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |id: String| {
        if found.len() < IDS && !found.contains(&id) {
            found.push(id);
        }
    };
    for scenario in &test.scenarios {
        scenario
            .correlation_id
            .iter()
            .for_each(|id| add(id.clone()));
        let staged = scenario
            .stage
            .iter()
            .flat_map(|stage| stage.correlation_ids.values());
        staged.for_each(|id| add(id.clone()));
        let sent = scenario
            .timeline
            .iter()
            .filter(|event| event.action == Action::Published);
        sent.filter_map(|event| event.topic.as_deref())
            .for_each(|topic| add(format!("topic {topic}")));
    }
    found
}

/// The exact word for an outcome that version 1.3 has no own word for.
fn word(test: &Test) -> Option<&'static str> {
    if test.outcome != TestOutcome::Failed {
        return None;
    }
    let worst = test
        .scenarios
        .iter()
        .map(crate::model::Scenario::exact_outcome)
        .max()?;
    matches!(worst, Outcome::Timeout | Outcome::Error).then(|| worst.as_str())
}
