//! What the test runs print, kept in a file and searched for credentials.
//!
//! Every credential in the workspace's tests holds [`SENTINEL`]. Whoever prints one, fails the suite.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::thread;

use crate::Done;

/// `choreo_test_brokers::SENTINEL`; a test keeps the two alike.
const SENTINEL: &str = "s3ntinel";

/// A file that takes what commands print.
pub(crate) struct Log {
    path: PathBuf,
    file: Mutex<File>,
}

impl Log {
    /// A new file; an old one is overwritten.
    pub(crate) fn create(path: PathBuf) -> Result<Self, String> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let file = std::fs::create_dir_all(folder).and_then(|()| File::create(&path));
        let file = file.map_err(|error| format!("cannot create {}: {error}", path.display()))?;
        Ok(Self {
            path,
            file: Mutex::new(file),
        })
    }

    /// Runs a command, and passes on and keeps what it prints.
    pub(crate) fn record(&self, command: &mut Command) -> io::Result<ExitStatus> {
        // It writes into pipes: only we know whether there is a terminal behind them.
        if io::stdout().is_terminal() {
            command.env("CARGO_TERM_COLOR", "always");
        }
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        thread::scope(|scope| {
            let out = scope.spawn(|| self.copy(stdout, io::stdout()));
            let err = scope.spawn(|| self.copy(stderr, io::stderr()));
            let status = child.wait();
            for copied in [out.join(), err.join()] {
                copied.map_err(|_| io::Error::other("copying the output panicked"))??;
            }
            status
        })
    }

    fn copy(&self, from: Option<impl Read>, mut to: impl Write) -> io::Result<()> {
        let Some(mut from) = from else { return Ok(()) };
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let length = from.read(&mut buffer)?;
            let Some(bytes) = buffer.get(..length).filter(|bytes| !bytes.is_empty()) else {
                return Ok(());
            };
            to.write_all(bytes)?;
            to.flush()?;
            let mut file = self.file.lock().map_err(|_| io::ErrorKind::Other)?;
            file.write_all(bytes)?;
        }
    }

    /// Looks for credentials in what was kept, and in further files with output of the runs.
    pub(crate) fn search(&self, further: &[PathBuf]) -> Done {
        let mut searched = 0;
        for path in std::iter::once(&self.path).chain(further) {
            let bytes = std::fs::read(path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            searched += bytes.len();
            without_credentials(
                &path.display().to_string(),
                &String::from_utf8_lossy(&bytes),
            )?;
        }
        println!("no credential in {} kB of output", searched / 1000);
        Ok(())
    }
}

/// An empty text proves nothing, so it is an error too.
fn without_credentials(name: &str, text: &str) -> Done {
    if text.trim().is_empty() {
        return Err(format!("{name} is empty: no output was searched"));
    }
    let leaks: Vec<String> = (1..)
        .zip(text.lines())
        .filter(|(_, line)| line.contains(SENTINEL))
        .map(|(number, line)| format!("{name}:{number}: {line}"))
        .collect();
    if leaks.is_empty() {
        return Ok(());
    }
    Err(format!(
        "a credential of the tests is in their output. Whoever prints it would print a user's, too:\n\n{}\n",
        leaks.join("\n")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{root, target_dir};

    #[test]
    fn a_credential_in_the_output_is_found() {
        let leak = format!("one\nconnect nats://me:p-{SENTINEL}-w@127.0.0.1 failed\n");
        let found = without_credentials("log", &leak).expect_err("it is there");
        assert!(found.contains("log:2: connect"), "{found}");
        assert_eq!(without_credentials("log", "one\ntwo\n"), Ok(()));
        assert!(without_credentials("log", "").is_err());
    }

    #[test]
    fn what_a_command_prints_is_kept_and_searched() {
        let folder = target_dir().join("xtask-test-log");
        let log = Log::create(folder.join("log")).expect("a file in the target folder");
        let mut command = Command::new("sh");
        command.args(["-c", "echo fine; echo fine too >&2; exit 3"]);
        let status = log.record(&mut command).expect("there is a shell");
        assert_eq!(status.code(), Some(3));
        assert_eq!(log.search(&[]), Ok(()));
        let kept = std::fs::read_to_string(&log.path).expect("the log");
        assert!(
            kept.contains("fine\n") && kept.contains("fine too\n"),
            "{kept}"
        );

        let report = folder.join("report.xml");
        std::fs::write(&report, format!("<o>{SENTINEL}</o>")).expect("a file beside it");
        assert!(log.search(&[report]).is_err());
        assert!(log.search(&[folder.join("missing")]).is_err());
    }

    #[test]
    fn the_tests_use_the_same_word() {
        let text = std::fs::read_to_string(root().join("tests/brokers/src/lib.rs"));
        let constant = format!("pub const SENTINEL: &str = \"{SENTINEL}\";");
        assert!(text.expect("the crate of the brokers").contains(&constant));
    }
}
