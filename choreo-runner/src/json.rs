//! `--format json`: libtest-mimic prints, each of its trials waits for its scenario.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::registry::Test;
use crate::run::{Event, Finish, Run};
use crate::select::Selection;
use crate::skips::Skips;
use crate::verdict::{Judge, Kind, Status, Verdict};

/// What is left after the run was printed.
pub(crate) struct Printed {
    pub(crate) succeeded: bool,
    /// To be closed.
    pub(crate) run: Option<Run>,
    /// The events have no place for the reasons.
    pub(crate) skips: Skips,
}

/// Prints a run as JSON events.
pub(crate) fn print(
    args: &Arguments,
    selection: &Selection,
    all_names: &[String],
    run: Run,
    judge: Judge,
) -> Printed {
    let results = Arc::new(Mutex::new(Results {
        run,
        judge,
        early: HashMap::new(),
        skips: Skips::default(),
    }));
    let mut trials: Vec<Trial> = selection
        .tests
        .iter()
        .enumerate()
        .map(|(index, selected)| {
            let (results, test) = (Arc::clone(&results), selected.test.clone());
            Trial::ignorable_test(selected.test.name.clone(), move || {
                let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                completion(results.wait(index, &test))
            })
            .with_ignored_flag(selected.ignored)
        })
        .collect();

    // The selection is made, but the last event counts what was left out: give it trials that
    // `--skip --exact` leaves out. They are never run.
    let left_out: Vec<String> = all_names
        .iter()
        .filter(|name| !selection.tests.iter().any(|kept| kept.test.name == **name))
        .cloned()
        .collect();
    trials.extend(left_out.iter().map(|name| Trial::test(name, || Ok(()))));
    let args = Arguments {
        filter: None,
        skip: left_out,
        exact: true,
        ignored: false,
        include_ignored: false,
        bench: false,
        // One after the other: all wait for scenarios that run in the background anyway.
        test_threads: Some(1),
        ..args.clone()
    };
    let conclusion = libtest_mimic::run(&args, trials);
    let results = Arc::into_inner(results)
        .map(|results| results.into_inner().unwrap_or_else(PoisonError::into_inner));
    let (run, skips) = results.map(|results| (results.run, results.skips)).unzip();
    Printed {
        succeeded: !conclusion.has_failed(),
        run,
        skips: skips.unwrap_or_default(),
    }
}

struct Results {
    run: Run,
    judge: Judge,
    /// What finished before it was asked for.
    early: HashMap<usize, Finish>,
    skips: Skips,
}

impl Results {
    fn wait(&mut self, index: usize, test: &Test) -> Verdict {
        let finish = loop {
            if let Some(finish) = self.early.remove(&index) {
                break finish;
            }
            match self.run.next() {
                Some(Event::Finished(finished, finish)) => {
                    self.early.insert(finished, finish);
                }
                Some(Event::Started(_) | Event::Lingers(_)) => {}
                None => break Finish::Broken("the runner lost this scenario".to_owned()),
            }
        };
        let verdict = self.judge.judge(test, finish);
        if verdict.kind == Kind::Skipped {
            self.skips.add(verdict.text.as_deref().unwrap_or_default());
        }
        verdict
    }
}

fn completion(verdict: Verdict) -> Result<Completion, Failed> {
    match verdict.status {
        Status::Passed => Ok(Completion::Completed),
        Status::Ignored => Ok(Completion::ignored_with(verdict.text.unwrap_or_default())),
        Status::Failed => Err(verdict.text.unwrap_or_default().into()),
    }
}
