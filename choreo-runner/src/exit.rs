//! The status of the process: the first promise of a test runner.

use std::io::Write;
use std::process::{ExitCode, Termination};

/// How a run ended, as the status that its process must exit with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a run whose status is dropped makes failing tests look successful: call `exit()`, \
              or return it from `main`"]
pub struct RunExit {
    code: u8,
}

impl RunExit {
    pub(crate) const SUCCESS: Self = Self { code: 0 };
    /// At least one scenario failed; the number is libtest's.
    pub(crate) const FAILED: Self = Self { code: 101 };
    /// Ctrl-C; as shells report it.
    pub(crate) const INTERRUPTED: Self = Self { code: 130 };
    /// Asked to end from outside; as shells report it.
    pub(crate) const TERMINATED: Self = Self { code: 143 };
    /// Nothing was run, because what was asked for could not be understood.
    pub(crate) const USAGE: Self = Self { code: 2 };

    /// The status: 0 for success, 101 if a scenario failed, 2 if nothing was run because of a
    /// mistake in the command line, the environment or the registration, 130 or 143 if the run was
    /// stopped by Ctrl-C or SIGTERM.
    #[must_use]
    pub fn code(self) -> u8 {
        self.code
    }

    /// Whether the process will report success.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::SUCCESS
    }

    /// Ends the process with this status. Destructors do not run; the resources of the run are
    /// closed by now.
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's `fn main()` returns nothing, so this is the only way to its status"
    )]
    pub fn exit(self) -> ! {
        // Nobody is left to tell if the outputs are gone.
        let _ = std::io::stdout().flush();
        let _ = std::io::stderr().flush();
        std::process::exit(i32::from(self.code))
    }
}

impl Termination for RunExit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code)
    }
}
