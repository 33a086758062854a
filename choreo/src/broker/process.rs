//! A broker process: its directory, its log, its signals and its end.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use tempfile::TempDir;

use super::guard::Guard;

/// How long a broker may take to become ready.
pub(super) const START_BOUND: Duration = Duration::from_secs(20);

/// The last way to a broker.
const CONTAINER: &str = if cfg!(feature = "containers") {
    "start Docker for one in a container (without TLS)"
} else {
    "build with choreo's feature `containers` for one in Docker"
};

/// Why a broker could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Its program is not on this machine: a reason to skip, not to fail.
    #[error("{program} is not installed: {remedy}")]
    NotInstalled {
        /// The program.
        program: &'static str,
        /// How to install it.
        remedy: &'static str,
    },
    /// There is no broker of this kind to be had: a reason to skip, not to fail.
    #[error(
        "no {broker} broker: {program} is not installed. To have one, {remedy}, or set {variable} to the \
         URL of one that runs, or {CONTAINER}"
    )]
    Nowhere {
        /// The kind of broker.
        broker: &'static str,
        /// The variable that was not set.
        variable: &'static str,
        /// The program that is not there.
        program: &'static str,
        /// How to install it.
        remedy: &'static str,
    },
    /// The URL of a running broker cannot be read. It is not shown: it could hold a password.
    #[error("{variable} {problem}; it should hold a URL such as `scheme://host:port`")]
    Given {
        /// The variable that holds it.
        variable: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// It ended, or did not become ready in time.
    #[error("{program} did not become ready: {reason}\n--- end of its log ---\n{log}")]
    NotReady {
        /// The program.
        program: &'static str,
        /// What happened.
        reason: String,
        /// The end of its log.
        log: String,
    },
    /// Files or processes could not be handled.
    #[error("cannot start a broker")]
    Io(#[from] io::Error),
    /// Certificates could not be made.
    #[error("cannot make certificates for a broker")]
    Certificates(#[from] rcgen::Error),
    /// Keys of NATS could not be made.
    #[error("cannot make keys for nats-server")]
    Nkeys(#[from] nkeys::error::Error),
}

impl StartError {
    /// Whether there is no such broker on this machine: a reason to skip a test, not to fail it.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::NotInstalled { .. } | Self::Nowhere { .. })
    }
}

/// A private directory that stays when the test panics.
#[derive(Debug)]
pub(super) struct Workspace(Option<TempDir>);

impl Workspace {
    pub(super) fn new(program: &str) -> io::Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix(&format!("choreo-{program}-"))
            .tempdir()?;
        Ok(Self(Some(directory)))
    }

    pub(super) fn path(&self) -> &Path {
        self.0
            .as_ref()
            .expect("the directory is there until drop")
            .path()
    }

    pub(super) fn log(&self) -> PathBuf {
        self.path().join("log")
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        if let Some(directory) = self.0.take()
            && std::thread::panicking()
        {
            let path = directory.keep();
            // The test harness shows it with the failure; a failed write changes nothing.
            let _ = io::Write::write_fmt(
                &mut io::stderr(),
                format_args!("the broker's files are kept: {}\n", path.display()),
            );
        }
    }
}

/// A running broker.
#[derive(Debug)]
pub(super) struct Process {
    program: &'static str,
    child: Child,
    guard: Option<Guard>,
    log: PathBuf,
}

impl Process {
    /// Starts a program with its output in the workspace's log.
    pub(super) fn start(
        program: &'static str,
        remedy: &'static str,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        workspace: &Workspace,
    ) -> Result<Self, StartError> {
        Self::start_in(program, remedy, arguments, [], workspace)
    }

    /// As [`start`](Self::start), with variables in its environment.
    pub(super) fn start_in<'a>(
        program: &'static str,
        remedy: &'static str,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        environment: impl IntoIterator<Item = &'a (OsString, OsString)>,
        workspace: &Workspace,
    ) -> Result<Self, StartError> {
        let file = located(program);
        Self::spawn(program, &file, remedy, arguments, environment, workspace)
    }

    /// As [`start`](Self::start), with a file that may be elsewhere than on the `PATH`.
    pub(super) fn start_file(
        program: &'static str,
        file: &OsStr,
        remedy: &'static str,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        workspace: &Workspace,
    ) -> Result<Self, StartError> {
        Self::spawn(program, file, remedy, arguments, [], workspace)
    }

    fn spawn<'a>(
        program: &'static str,
        file: &OsStr,
        remedy: &'static str,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        environment: impl IntoIterator<Item = &'a (OsString, OsString)>,
        workspace: &Workspace,
    ) -> Result<Self, StartError> {
        let log = workspace.log();
        let output = File::options().create(true).append(true).open(&log)?;
        let child = Command::new(file)
            .args(arguments)
            .envs(environment.into_iter().map(|(name, value)| (name, value)))
            .current_dir(workspace.path())
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => StartError::NotInstalled { program, remedy },
                _ => StartError::Io(error),
            })?;
        Ok(Self {
            program,
            guard: Guard::over(child.id()),
            child,
            log,
        })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks until there is an answer, the process has ended, or the bound has passed.
    pub(super) fn wait_for<T>(
        &mut self,
        what: &str,
        ask: impl FnMut() -> Option<T>,
    ) -> Result<T, StartError> {
        self.wait_within(START_BOUND, what, ask)
    }

    /// As [`wait_for`](Self::wait_for), with a bound of its own.
    pub(super) fn wait_within<T>(
        &mut self,
        bound: Duration,
        what: &str,
        mut ask: impl FnMut() -> Option<T>,
    ) -> Result<T, StartError> {
        let start = Instant::now();
        loop {
            if let Some(answer) = ask() {
                return Ok(answer);
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(self.not_ready(format!("it ended with {status}")));
            }
            if start.elapsed() > bound {
                return Err(self.not_ready(format!("no {what} within {bound:?}")));
            }
            pause(Duration::from_millis(2));
        }
    }

    fn not_ready(&self, reason: String) -> StartError {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(30)..].join("\n");
        StartError::NotReady {
            program: self.program,
            reason,
            log: tail,
        }
    }

    /// Stops it from being scheduled: connections stay open and nothing answers. Returns when it has
    /// stopped: the signal alone leaves its threads a moment.
    pub(super) fn suspend(&self) -> io::Result<()> {
        let id = self.signal(Signal::STOP)?;
        waitpid(Some(id), WaitOptions::UNTRACED)?;
        Ok(())
    }

    /// Undoes [`suspend`](Self::suspend).
    pub(super) fn resume(&self) -> io::Result<()> {
        self.signal(Signal::CONT).map(|_| ())
    }

    fn signal(&self, signal: Signal) -> io::Result<Pid> {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let id = id.ok_or(io::ErrorKind::InvalidInput)?;
        kill_process(id, signal)?;
        Ok(id)
    }

    /// Kills it and waits for its end.
    pub(super) fn kill(&mut self) -> io::Result<()> {
        drop(self.guard.take());
        self.child.kill()?;
        self.child.wait().map(|_| ())
    }
}

/// On the `PATH`, or where Debian puts servers, which is not on every user's `PATH`.
fn located(program: &str) -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let mut files = env::split_paths(&path)
        .chain(folders)
        .map(|folder| folder.join(program));
    files
        .find(|file| file.is_file())
        .map_or_else(|| program.into(), PathBuf::into_os_string)
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already ended is what we want; there is nobody to tell about anything else.
        let _ = self.kill();
    }
}

/// Between two questions to a starting process, which offers nothing to wait on.
fn pause(duration: Duration) {
    let never = (Mutex::new(()), Condvar::new());
    if let Ok(guard) = never.0.lock() {
        let _ = never.1.wait_timeout(guard, duration);
    }
}
