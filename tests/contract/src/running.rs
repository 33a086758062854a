//! Trials that need brokers.

use std::env;
use std::error::Error;

use choreo_test_brokers::{StartError, TestError};
use libtest_mimic::{Completion, Failed};

/// Whether a missing broker is a failure: `CHOREO_SKIP=deny`.
pub fn skips_are_denied() -> bool {
    env::var_os("CHOREO_SKIP").is_some_and(|value| value == "deny")
}

/// Whether a test could not run because a broker is not installed.
pub fn is_skip(error: &TestError) -> bool {
    let error = error.downcast_ref::<StartError>();
    matches!(error, Some(StartError::NotInstalled { .. }))
}

/// An error with its causes.
pub fn in_words(error: &TestError) -> String {
    let mut text = error.to_string();
    let mut source: Option<&dyn Error> = error.source();
    while let Some(cause) = source {
        text += &format!("\n  because: {cause}");
        source = cause.source();
    }
    text
}

/// A test's end in libtest-mimic's words: a missing broker is a skip, unless skips are denied.
///
/// # Errors
///
/// When the test failed.
pub fn judge(result: Result<Completion, TestError>) -> Result<Completion, Failed> {
    match result {
        Ok(completion) => Ok(completion),
        Err(error) if is_skip(&error) && !skips_are_denied() => {
            Ok(Completion::ignored_with(format!("skipped: {error}")))
        }
        Err(error) => Err(Failed::from(in_words(&error))),
    }
}
