//! Trials that need brokers.

use std::env;
use std::error::Error;

use choreo_test_brokers::{StartError, TestError};
use libtest_mimic::{Completion, Failed};

/// Whether a missing broker is a failure: `CHOREO_SKIP=deny`.
#[derive(Debug, Clone, Copy)]
pub struct SkipsDenied(bool);

impl SkipsDenied {
    /// As the environment says.
    pub fn from_env() -> Self {
        Self(env::var_os("CHOREO_SKIP").is_some_and(|value| value == "deny"))
    }
}

/// A test's end in libtest-mimic's words: a missing broker is a skip, unless skips are denied.
///
/// # Errors
///
/// When the test failed.
pub fn judge(
    result: Result<Completion, TestError>,
    denied: SkipsDenied,
) -> Result<Completion, Failed> {
    let error = match result {
        Ok(completion) => return Ok(completion),
        Err(error) => error,
    };
    let missing = matches!(
        error.downcast_ref::<StartError>(),
        Some(StartError::NotInstalled { .. })
    );
    if missing && !denied.0 {
        return Ok(Completion::ignored_with(format!("skipped: {error}")));
    }
    let mut text = error.to_string();
    let mut source: Option<&dyn Error> = error.source();
    while let Some(cause) = source {
        text += &format!("\n  because: {cause}");
        source = cause.source();
    }
    Err(Failed::from(text))
}
