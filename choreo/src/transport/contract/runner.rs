//! The cases as a test program.

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use super::{Case, Subject, Verdict, cases};

/// Runs every case as a test: the `main` of a test target with `harness = false`. The command line is
/// that of `cargo test`: filters, `--list`, `--test-threads`, …
///
/// Each case gets a subject of its own from `subject`, which is called when the case begins, possibly
/// from several threads. To share one broker among the subjects, keep it in a `static`; a case that
/// [wants the broker alone](Case::wants_the_broker_alone) must get another one.
///
/// A case that is not applicable counts as ignored, with the reason.
///
/// # Panics
///
/// The test fails in which `subject` panics.
pub fn main<S, F>(subject: F) -> ExitCode
where
    S: Subject,
    F: Fn(&Case<S>) -> S + Send + Sync + 'static,
{
    let arguments = Arguments::from_args();
    let subject = Arc::new(subject);
    let trials = cases::<S>().into_iter().map(|case| {
        let subject = Arc::clone(&subject);
        Trial::ignorable_test(case.name(), move || match case.run(&subject(&case)) {
            Ok(Verdict::Kept) => Ok(Completion::Completed),
            Ok(Verdict::NotApplicable(why)) => {
                Ok(Completion::ignored_with(format!("not applicable: {why}")))
            }
            Err(violation) => Err(Failed::from(violation)),
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
