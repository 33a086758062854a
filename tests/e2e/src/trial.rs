//! The tests of this package, under a harness that can say that something is not installed.

use libtest_mimic::{Arguments, Completion, Trial};

use crate::command::has_nextest;

/// A test by name; one whose name contains `nextest` needs cargo-nextest.
pub type Check = (String, Box<dyn FnOnce() + Send>);

/// Runs the tests as the command line asks, and ends the process.
///
/// Without cargo-nextest its tests are ignored with that reason; with `CHOREO_SKIP=deny` they fail.
pub fn main(checks: Vec<Check>) -> ! {
    let trials = checks
        .into_iter()
        .map(|(name, check)| {
            let needs_nextest = name.contains("nextest");
            Trial::ignorable_test(name, move || {
                if needs_nextest && !has_nextest() {
                    let reason = "cargo-nextest is not installed: `cargo xtask setup` installs it";
                    let denied = std::env::var("CHOREO_SKIP").is_ok_and(|value| value == "deny");
                    return if denied {
                        Err(reason.into())
                    } else {
                        Ok(Completion::ignored_with(reason))
                    };
                }
                check();
                Ok(Completion::Completed)
            })
        })
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit()
}
