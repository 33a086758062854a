//! Tests that need a broker, on libtest-mimic: skipped loudly where the broker is missing.

use std::env;
use std::error::Error;
use std::future::Future;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::StartError;

/// How long one test may take. Far above what any takes; it ends a test that hangs.
const TEST_BOUND: Duration = Duration::from_secs(60);

/// Whatever a test returns with `?`; a [`StartError`] that [`is_missing`](StartError::is_missing) skips
/// the test.
pub type TestError = Box<dyn Error + Send + Sync>;

/// Tests by name.
#[derive(Debug)]
pub struct BrokerTests {
    trials: Vec<Trial>,
    program: &'static str,
    at_once: Option<usize>,
}

impl BrokerTests {
    /// Tests that need a program, such as `nats-server`.
    ///
    /// Where it is missing they are listed as ignored, so that cargo-nextest, which runs each in a process
    /// of its own and sees its exit code only, counts them as skipped too.
    pub fn needing(program: &'static str) -> Self {
        Self {
            trials: Vec::new(),
            program,
            at_once: None,
        }
    }

    /// So many side by side, for tests that mostly wait; otherwise as many as there are cores. The command
    /// line may say another number.
    #[must_use]
    pub fn at_once(mut self, threads: usize) -> Self {
        self.at_once = Some(threads);
        self
    }

    /// Adds a test; it runs on a tokio runtime of its own with two threads, and may take a minute.
    #[must_use]
    pub fn test<F, Fut>(self, name: &str, body: F) -> Self
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), TestError>> + Send + 'static,
    {
        let skipped = !denies_skips() && !is_installed(self.program);
        self.add(name, body, skipped)
    }

    /// As [`test`](Self::test), for one that does not need the program: its broker is in this process.
    #[must_use]
    pub fn embedded_test<F, Fut>(self, name: &str, body: F) -> Self
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), TestError>> + Send + 'static,
    {
        self.add(name, body, false)
    }

    fn add<F, Fut>(mut self, name: &str, body: F, skipped: bool) -> Self
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), TestError>> + Send + 'static,
    {
        let trial = Trial::ignorable_test(name, move || judge(run(body)));
        self.trials.push(trial.with_ignored_flag(skipped));
        self
    }
}

/// The `main` of a test target with `harness = false`.
pub fn broker_test_main(tests: BrokerTests) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(tests.at_once);
    let program = tests.program;
    let conclusion = libtest_mimic::run(&arguments, tests.trials);
    let skipped = conclusion.num_ignored;
    if !arguments.list && skipped > 0 {
        let tests = if skipped == 1 { "TEST" } else { "TESTS" };
        // Ignored tests are easily overlooked in a long output; a closed stderr changes nothing.
        let _ = writeln!(
            io::stderr(),
            "\n{skipped} {tests} DID NOT RUN: {program} is not installed on this machine. CHOREO_SKIP=deny makes \
             that a failure.\n"
        );
    }
    conclusion.exit_code()
}

fn run<F, Fut>(body: F) -> Result<(), TestError>
where
    F: FnOnce() -> Fut,
    Fut: Future<Output = Result<(), TestError>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let result = runtime.block_on(async { tokio::time::timeout(TEST_BOUND, body()).await });
    runtime.shutdown_timeout(Duration::from_secs(1));
    result.unwrap_or_else(|_| Err(format!("the test took longer than {TEST_BOUND:?}").into()))
}

fn judge(result: Result<(), TestError>) -> Result<Completion, Failed> {
    let Err(error) = result else {
        return Ok(Completion::Completed);
    };
    let missing = error
        .downcast_ref::<StartError>()
        .is_some_and(StartError::is_missing);
    if missing && !denies_skips() {
        return Ok(Completion::ignored_with(error));
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!("\n  because: {cause}");
        source = cause.source();
    }
    Err(Failed::from(text))
}

fn denies_skips() -> bool {
    env::var_os("CHOREO_SKIP").is_some_and(|value| value == "deny")
}

fn is_installed(program: &str) -> bool {
    if program == "choreo-kafka-broker" && env::var_os("CHOREO_KAFKA_BROKER").is_some() {
        return true;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(program).is_file())
}
