//! What became better and worse from one run to another.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::model::{Handle, Millis, Outcome, Report, Test, TestOutcome};

/// When a latency counts as slower: all runs differ a little.
///
/// An expectation counts if its message matched in both runs, and then took [`ratio`](Self::ratio) times as long
/// *and* [`floor`](Self::floor) longer. A topic counts by the medians of the expectations on it that matched in
/// both runs, which vary less: [`topic_ratio`](Self::topic_ratio), [`topic_floor`](Self::topic_floor), and at
/// least [`topic_samples`](Self::topic_samples) of them. An expectation that was within its budget and now is
/// over it always counts.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Rule {
    /// 1.5 unless set.
    pub ratio: f64,
    /// 5 ms unless set.
    pub floor: Duration,
    /// 1.25 unless set.
    pub topic_ratio: f64,
    /// 1 ms unless set.
    pub topic_floor: Duration,
    /// 5 unless set.
    pub topic_samples: usize,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            ratio: 1.5,
            floor: Duration::from_millis(5),
            topic_ratio: 1.25,
            topic_floor: Duration::from_millis(1),
            topic_samples: 5,
        }
    }
}

/// The differences between two runs. Tests are the same if their ids are; of several with one id the last counts.
/// All lists are in the order of the later run, `removed` in that of the earlier one.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Diff<'a> {
    /// Tests that fail now and did not before, those that are new included.
    pub new_failures: Vec<Change<'a>>,
    /// Tests that failed before and pass now.
    pub fixed: Vec<Change<'a>>,
    /// Tests that failed before and now.
    pub still_failing: Vec<Change<'a>>,
    /// Tests that failed before and are skipped now.
    pub now_skipped: Vec<Change<'a>>,
    /// Tests that were not there before.
    pub added: Vec<&'a Test>,
    /// Tests that are not there any more.
    pub removed: Vec<&'a Test>,
    /// Expectations that became slower.
    pub slower: Vec<Slower<'a>>,
    /// Topics on which messages became slower.
    pub slower_topics: Vec<SlowerTopic<'a>>,
}

/// One test in both runs.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Change<'a> {
    /// In the earlier run, if it was there.
    pub before: Option<&'a Test>,
    /// In the later run.
    pub after: &'a Test,
}

/// An expectation that became slower.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Slower<'a> {
    /// Its test in the later run.
    pub test: &'a Test,
    /// The expectation in the later run.
    pub handle: &'a Handle,
    /// Its latency in the earlier run.
    pub before: Millis,
    /// Its latency in the later run.
    pub after: Millis,
    /// It was within its budget, and is not any more.
    pub now_over_budget: bool,
}

/// A topic on which messages became slower.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct SlowerTopic<'a> {
    /// The transport, where reports say it.
    pub transport: Option<&'a str>,
    /// The topic.
    pub topic: &'a str,
    /// The median in the earlier run.
    pub before: Millis,
    /// The median in the later run.
    pub after: Millis,
    /// How many expectations were compared.
    pub samples: usize,
}

impl Diff<'_> {
    /// Whether something became worse: a new failure, or something slower.
    #[must_use]
    pub fn is_regression(&self) -> bool {
        !(self.new_failures.is_empty() && self.slower.is_empty() && self.slower_topics.is_empty())
    }
}

/// Compares two runs.
#[must_use]
pub fn compare<'a>(before: &'a Report, after: &'a Report, rule: &Rule) -> Diff<'a> {
    let earlier = by_id(before);
    let later = by_id(after);
    let mut diff = Diff::default();
    let mut topics = BTreeMap::new();
    for test in in_order(after, &later) {
        let old = earlier.get(test.nodeid.as_str()).copied();
        diff.outcome(old, test);
        match old {
            None => diff.added.push(test),
            Some(old) => diff.latencies(old, test, rule, &mut topics),
        }
    }
    diff.removed = in_order(before, &earlier)
        .filter(|test| !later.contains_key(test.nodeid.as_str()))
        .collect();
    diff.slower_topics = topics
        .into_iter()
        .filter_map(|((transport, topic), pairs)| slower_topic(transport, topic, &pairs, rule))
        .collect();
    diff
}

type Tests<'a> = HashMap<&'a str, &'a Test>;

/// Latencies of one expectation in both runs.
type Pair = (Millis, Millis);

type Topics<'a> = BTreeMap<(Option<&'a str>, &'a str), Vec<Pair>>;

fn by_id(report: &Report) -> Tests<'_> {
    report
        .tests
        .iter()
        .map(|test| (test.nodeid.as_str(), test))
        .collect()
}

/// The tests that count, in the order of the report.
fn in_order<'a>(report: &'a Report, tests: &Tests<'a>) -> impl Iterator<Item = &'a Test> {
    let counts = |test: &&Test| {
        tests
            .get(test.nodeid.as_str())
            .is_some_and(|known| std::ptr::eq(*known, *test))
    };
    report.tests.iter().filter(counts)
}

impl<'a> Diff<'a> {
    fn outcome(&mut self, before: Option<&'a Test>, after: &'a Test) {
        let failed = before.is_some_and(|test| test.outcome.is_failure());
        let list = match (failed, after.outcome) {
            (true, outcome) if outcome.is_failure() => &mut self.still_failing,
            (false, outcome) if outcome.is_failure() => &mut self.new_failures,
            (true, TestOutcome::Skipped) => &mut self.now_skipped,
            (true, _) => &mut self.fixed,
            (false, _) => return,
        };
        list.push(Change { before, after });
    }

    fn latencies(
        &mut self,
        before: &'a Test,
        after: &'a Test,
        rule: &Rule,
        topics: &mut Topics<'a>,
    ) {
        let earlier = matched(before);
        for (key, new) in matched(after) {
            let Some(old) = earlier.get(&key) else {
                continue;
            };
            let (before, slow_before) = (old.latency, old.is_slow);
            topics
                .entry((key.transport, key.topic))
                .or_default()
                .push((before, new.latency));
            let now_over_budget = new.is_slow && !slow_before;
            if now_over_budget || is_slower(before, new.latency, rule.ratio, rule.floor) {
                self.slower.push(Slower {
                    test: after,
                    handle: new.handle,
                    before,
                    after: new.latency,
                    now_over_budget,
                });
            }
        }
    }
}

/// What makes an expectation of a test the same in both runs.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    scenario: usize,
    transport: Option<&'a str>,
    topic: &'a str,
    /// Which of several on the topic.
    nth: usize,
}

struct Matched<'a> {
    handle: &'a Handle,
    latency: Millis,
    is_slow: bool,
}

/// The expectations of a test whose messages came.
fn matched(test: &Test) -> BTreeMap<Key<'_>, Matched<'_>> {
    let mut found = BTreeMap::new();
    for (scenario, part) in test.scenarios.iter().enumerate() {
        let mut seen: HashMap<_, usize> = HashMap::new();
        for handle in &part.handles {
            let (transport, topic) = (handle.transport.as_deref(), handle.topic.as_str());
            let nth = seen.entry((transport, topic)).or_default();
            let key = Key {
                scenario,
                transport,
                topic,
                nth: *nth,
            };
            *nth += 1;
            let is_slow = match handle.exact_outcome() {
                Some(Outcome::Pass) => false,
                Some(Outcome::Slow) => true,
                _ => continue,
            };
            if let Some(latency) = handle.latency_ms {
                found.insert(
                    key,
                    Matched {
                        handle,
                        latency,
                        is_slow,
                    },
                );
            }
        }
    }
    found
}

fn is_slower(before: Millis, after: Millis, ratio: f64, floor: Duration) -> bool {
    let (before, after) = (before.get(), after.get());
    after > before * ratio && after - before > Millis::from(floor).get()
}

fn slower_topic<'a>(
    transport: Option<&'a str>,
    topic: &'a str,
    pairs: &[Pair],
    rule: &Rule,
) -> Option<SlowerTopic<'a>> {
    if pairs.len() < rule.topic_samples {
        return None;
    }
    let before = median(pairs.iter().map(|(before, _)| *before))?;
    let after = median(pairs.iter().map(|(_, after)| *after))?;
    is_slower(before, after, rule.topic_ratio, rule.topic_floor).then_some(SlowerTopic {
        transport,
        topic,
        before,
        after,
        samples: pairs.len(),
    })
}

/// The middle; of two the lower.
fn median(latencies: impl Iterator<Item = Millis>) -> Option<Millis> {
    let mut latencies: Vec<_> = latencies.collect();
    latencies.sort_by(|a, b| a.get().total_cmp(&b.get()));
    latencies.get(latencies.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Run, Scenario, Timestamp};

    fn report(tests: Vec<Test>) -> Report {
        let now = Timestamp::UNIX_EPOCH;
        Report::new(Run::new(now, now, Millis::ZERO), tests)
    }

    fn test(name: &str, outcome: TestOutcome) -> Test {
        Test::new(name, "", name, outcome, Millis::ZERO)
    }

    /// A test whose expectations on `orders` took so many milliseconds.
    fn timed(name: &str, latencies: &[f64]) -> Test {
        let mut scenario = Scenario::new(name, Outcome::Pass, Millis::ZERO);
        scenario.handles = latencies
            .iter()
            .map(|ms| {
                let mut handle = Handle::new("orders", Outcome::Pass);
                handle.latency_ms = Millis::new(*ms);
                handle
            })
            .collect();
        let mut test = test(name, TestOutcome::Passed);
        test.scenarios.push(scenario);
        test
    }

    fn names<'a>(changes: &[Change<'a>]) -> Vec<&'a str> {
        changes
            .iter()
            .map(|change| change.after.name.as_str())
            .collect()
    }

    #[test]
    fn outcomes_are_compared_by_test() {
        use TestOutcome::{Errored, Failed, Passed, Skipped, Slow};
        let before = report(vec![
            test("fixed", Errored),
            test("still", Failed),
            test("skipped", Failed),
            test("broken", Slow),
            test("gone", Passed),
        ]);
        let after = report(vec![
            test("new and failing", Failed),
            test("broken", Failed),
            test("skipped", Skipped),
            test("still", Errored),
            test("fixed", Slow),
            test("new", Passed),
        ]);
        let diff = compare(&before, &after, &Rule::default());
        assert_eq!(names(&diff.new_failures), ["new and failing", "broken"]);
        assert_eq!(names(&diff.fixed), ["fixed"]);
        assert_eq!(names(&diff.still_failing), ["still"]);
        assert_eq!(names(&diff.now_skipped), ["skipped"]);
        let of = |tests: &[&Test]| {
            tests
                .iter()
                .map(|test| test.name.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(of(&diff.added), ["new and failing", "new"]);
        assert_eq!(of(&diff.removed), ["gone"]);
        assert!(diff.is_regression());
        assert!(!compare(&after, &after, &Rule::default()).is_regression());
    }

    #[test]
    fn of_several_tests_with_one_id_the_last_counts() {
        let before = report(vec![test("a", TestOutcome::Passed)]);
        let retried = report(vec![
            test("a", TestOutcome::Failed),
            test("a", TestOutcome::Passed),
        ]);
        assert!(!compare(&before, &retried, &Rule::default()).is_regression());
    }

    #[test]
    fn a_latency_is_slower_by_ratio_and_floor() {
        let before = report(vec![timed("a", &[1.0, 100.0, 100.0, 20.0])]);
        // Three times as long but 2 ms; 40 ms but not half as long again; both; the same.
        let after = report(vec![timed("a", &[3.0, 140.0, 151.0, 20.0])]);
        let diff = compare(&before, &after, &Rule::default());
        assert_eq!(diff.slower.len(), 1);
        let slower = &diff.slower[0];
        assert_eq!((slower.before.get(), slower.after.get()), (100.0, 151.0));
        assert!(std::ptr::eq(
            slower.handle,
            &after.tests[0].scenarios[0].handles[2]
        ));
        assert!(compare(&after, &before, &Rule::default()).slower.is_empty());
    }

    #[test]
    fn what_is_newly_over_its_budget_is_slower_by_any_amount() {
        let before = report(vec![timed("a", &[49.0])]);
        let mut after = before.clone();
        let handle = &mut after.tests[0].scenarios[0].handles[0];
        handle.verdict = Some(Outcome::Slow);
        handle.latency_ms = Millis::new(51.0);
        let diff = compare(&before, &after, &Rule::default());
        assert!(diff.slower[0].now_over_budget);
        // It was slow before: no news.
        assert!(!compare(&after, &after, &Rule::default()).is_regression());
    }

    #[test]
    fn a_topic_is_compared_by_medians_of_enough_expectations() {
        let tests = |ms: f64, count: usize| {
            report((0..count).map(|n| timed(&n.to_string(), &[ms])).collect())
        };
        let rule = Rule::default();
        let (before, after) = (tests(10.0, 5), tests(13.0, 5));
        let diff = compare(&before, &after, &rule);
        assert!(diff.slower.is_empty());
        let topic = diff.slower_topics[0];
        assert_eq!(
            (topic.topic, topic.after.get(), topic.samples),
            ("orders", 13.0, 5)
        );
        assert!(!compare(&tests(10.0, 4), &tests(13.0, 4), &rule).is_regression());
        assert!(!compare(&before, &tests(12.0, 5), &rule).is_regression());
    }
}
