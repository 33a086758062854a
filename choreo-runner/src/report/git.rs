//! The state of the project's repository, asked for in the background.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use choreo_report::partial::Git;

/// From the question to the last moment at which an answer is waited for.
const LIMIT: Duration = Duration::from_millis(500);

/// Of a commit or a branch.
const LONGEST: usize = 256;

/// A question to git that runs beside the tests.
#[derive(Debug)]
pub(super) struct Question {
    asked: Instant,
    answer: Receiver<String>,
    child: Child,
}

impl Question {
    /// Asks; `None` if git cannot be started.
    pub(super) fn ask(package: &Path) -> Option<Self> {
        let mut child = Command::new("git")
            .arg("--no-optional-locks")
            // A repository can name a program for this.
            .args(["-c", "core.fsmonitor=false"])
            .arg("-C")
            .arg(package)
            .args([
                "status",
                "--porcelain=v2",
                "--branch",
                "--untracked-files=no",
            ])
            // A hook of git that runs tests sets them for a repository that may be another one.
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .env_remove("GIT_INDEX_FILE")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut output = child.stdout.take()?;
        let (sender, answer) = mpsc::channel();
        let read = thread::Builder::new()
            .name("choreo-git".to_owned())
            .spawn(move || {
                let mut text = Vec::new();
                if output.read_to_end(&mut text).is_ok() {
                    // Nobody waits any more if the time is up.
                    let _ = sender.send(String::from_utf8_lossy(&text).into_owned());
                }
            });
        let question = Self {
            asked: Instant::now(),
            answer,
            child,
        };
        read.is_ok().then_some(question)
    }

    /// What git says, if it says it in time.
    pub(super) fn answer(mut self) -> Option<Git> {
        let left = LIMIT.saturating_sub(self.asked.elapsed());
        let text = self.answer.recv_timeout(left);
        if text.is_err() {
            // Fails if it has ended by now.
            let _ = self.child.kill();
        }
        let status = self.child.wait().ok()?;
        parse(&text.ok()?).filter(|_| status.success())
    }
}

/// Reads `git status --porcelain=v2 --branch`.
fn parse(text: &str) -> Option<Git> {
    let mut git = Git::default();
    let mut dirty = false;
    for line in text.lines() {
        let Some(head) = line.strip_prefix("# ") else {
            dirty = true;
            continue;
        };
        let word = |value: &str| (value.len() <= LONGEST).then(|| value.to_owned());
        match head.split_once(' ') {
            // Without a commit it is `(initial)`, without a branch `(detached)`.
            Some((_, value)) if value.starts_with('(') => {}
            Some(("branch.oid", sha)) => git.sha = word(sha),
            Some(("branch.head", branch)) => git.branch = word(branch),
            _ => {}
        }
    }
    git.dirty = Some(dirty);
    text.starts_with("# branch.oid").then_some(git)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_git_is_understood() {
        let clean = "# branch.oid 1f3a\n# branch.head main\n# branch.ab +0 -0\n";
        let git = parse(clean).expect("it is an answer");
        assert_eq!(
            (git.sha.as_deref(), git.branch.as_deref(), git.dirty),
            (Some("1f3a"), Some("main"), Some(false))
        );
        let changed = "# branch.oid 1f3a\n# branch.head (detached)\n1 .M N... 100644 a.rs\n";
        let git = parse(changed).expect("it is an answer");
        assert_eq!((git.branch, git.dirty), (None, Some(true)));
        assert_eq!(parse(""), None);
        assert_eq!(parse("fatal: not a git repository"), None);
    }

    #[test]
    fn a_folder_without_a_repository_gives_nothing() {
        let scratch = tempfile::tempdir().expect("a temporary folder can be made");
        // Also where git is not installed.
        assert_eq!(
            Question::ask(scratch.path()).and_then(Question::answer),
            None
        );
    }
}
