//! `--format json`: libtest-mimic prints, each of its trials waits for its scenario.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::registry::Test;
use crate::run::{Event, Finish, Run};
use crate::select::Selection;
use crate::verdict::{Judge, Status, Verdict};

/// Prints a run as JSON events. Returns whether it succeeded, and the run, to be closed.
pub(crate) fn print(
    args: &Arguments,
    selection: &Selection,
    all_names: &[String],
    run: Run,
    judge: Judge,
) -> (bool, Option<Run>) {
    let results = Arc::new(Mutex::new(Results {
        run,
        judge,
        early: HashMap::new(),
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
    let run = Arc::into_inner(results).map(|results| {
        let results = results.into_inner();
        results.unwrap_or_else(PoisonError::into_inner).run
    });
    (!conclusion.has_failed(), run)
}

struct Results {
    run: Run,
    judge: Judge,
    /// What finished before it was asked for.
    early: HashMap<usize, Finish>,
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
        self.judge.judge(test, finish)
    }
}

fn completion(verdict: Verdict) -> Result<Completion, Failed> {
    match verdict.status {
        Status::Passed => Ok(Completion::Completed),
        Status::Ignored => Ok(Completion::ignored_with(verdict.text.unwrap_or_default())),
        Status::Failed => Err(verdict.text.unwrap_or_default().into()),
    }
}
