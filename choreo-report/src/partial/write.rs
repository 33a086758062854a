//! Writing a partial: off the threads that run scenarios, and so that nothing is lost with the process.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::folder::{CLAIM, RunFolder, RunId};
use super::line::{End, Git, Header, Started, Written, append_test};
use super::plan::Planned;
use crate::folder::{Folder, FolderError};
use crate::model::{Notice, Test, Timestamp};
use crate::redact::Redactor;

/// How many tests may wait to be written before whoever ends tests has to wait too.
const WAITING: usize = 256;

/// A disk that takes nothing in so long hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a partial could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PartialError {
    /// The report folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The system refuses something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

/// What a process says of itself at its end.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Ending {
    /// It was stopped from outside.
    pub interrupted: bool,
    /// What concerns all of its tests.
    pub notices: Vec<Notice>,
    /// The state of the repository, if this process was to find it.
    pub git: Option<Git>,
    /// What chance was drawn from, if something was left to chance.
    pub seed: Option<u64>,
    /// The file that says which endpoints outside this machine it may use, if it looked for one. Without secrets.
    pub allowlist: Option<String>,
}

/// Writes what one process does. Its methods return at once; a thread writes. Only where many tests wait to be
/// written they wait too, and on a disk that hangs for half a minute at most.
///
/// Every test is in the file shortly after it ended, so that a process that dies takes only those with it that
/// had not ended.
pub struct PartialWriter {
    lines: Lines,
    /// When the first process of the run began.
    run_began: Timestamp,
    /// While the process lives.
    open: PathBuf,
    /// After it has ended.
    finished: PathBuf,
}

impl fmt::Debug for PartialWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartialWriter")
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

enum Job {
    Started(Started),
    Ended(usize, Box<Test>),
}

impl PartialWriter {
    /// Begins a partial of `run` in `folder`. The header is in the file when this returns, so that the tests are
    /// known from now on. `redactor` takes secrets out of all that is written.
    ///
    /// # Errors
    ///
    /// [`PartialError`] if the file cannot be written.
    pub fn create(
        folder: &Folder,
        run: &RunId,
        header: &Header,
        mut redactor: Redactor,
    ) -> Result<Self, PartialError> {
        let shown = redacted(header, &mut redactor);
        let (open, finished) = RunFolder::of(folder, run)?.places(&header.process)?;
        let file = begin(&open, &shown).map_err(io_error("write", &open))?;
        let lines = Lines::start(file, redactor, PATIENCE)
            .map_err(io_error("start a thread that writes", &open))?;
        Ok(Self {
            lines,
            run_began: run_began(&finished, header.run.started_at),
            open,
            finished,
        })
    }

    /// The test at this place of the plan begins.
    pub fn started(&self, index: usize, at: Timestamp) {
        self.lines.send(Job::Started(Started { index, at }));
    }

    /// The test at this place of the plan ended.
    pub fn ended(&self, index: usize, test: Box<Test>) {
        self.lines.send(Job::Ended(index, test));
    }

    /// When the first process of the run began: this one, or another.
    #[must_use]
    pub fn run_began(&self) -> Timestamp {
        self.run_began
    }

    /// Whether this process is the first of its run to ask for `what`: the others need not do it again.
    #[must_use]
    pub fn claims(&self, what: &str) -> bool {
        let claim = self.finished.with_file_name(what).with_extension(CLAIM);
        OpenOptions::new()
            .create_new(true)
            .write(true)
            .open(claim)
            .is_ok()
    }

    /// Ends the partial: waits until all is written.
    ///
    /// # Errors
    ///
    /// The first thing that could not be written. What had been written until then stays, as if the process had
    /// died there.
    pub fn end(mut self, ending: Ending) -> Result<(), PartialError> {
        let written = self.lines.stop();
        let end = Written::End(End {
            at: Timestamp::now(),
            interrupted: ending.interrupted,
            notices: ending.notices,
            git: ending.git,
            seed: ending.seed,
            allowlist: ending.allowlist,
        });
        // Locked until it has its last name.
        let mut file = written.map_err(io_error("write", &self.open))?;
        line(&mut file, &mut Vec::new(), &end)
            .and_then(|()| file.flush())
            .map_err(io_error("write", &self.open))?;
        fs::rename(&self.open, &self.finished).map_err(io_error("rename", &self.open))
    }
}

/// Without [`end`](PartialWriter::end), a partial looks as if its process had died: which is what a merge should
/// see of a process that panicked.
impl Drop for PartialWriter {
    fn drop(&mut self) {
        // What was written by then counts.
        let _ = self.lines.stop();
    }
}

/// The thread that writes, and the way to it. Disks of other machines may hang: nobody waits for ever.
struct Lines {
    /// Taken at the end, which stops the thread.
    jobs: Option<SyncSender<Job>>,
    /// Comes when the thread ends.
    written: Option<Receiver<io::Result<BufWriter<File>>>>,
    done: Arc<Done>,
    /// Without a job done in so long, the thread hangs.
    patience: Duration,
    hangs: AtomicBool,
}

impl Lines {
    fn start(file: BufWriter<File>, redactor: Redactor, patience: Duration) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::sync_channel(WAITING);
        let (told, written) = mpsc::sync_channel(1);
        let done = Arc::new(Done::default());
        let counted = Arc::clone(&done);
        thread::Builder::new()
            .name("choreo-report".to_owned())
            .spawn(move || {
                let written = write(file, &waiting, redactor, &counted);
                // Who waits for the next sees that there is none.
                drop(waiting);
                counted.add();
                // Fails if nobody waits any more.
                let _ = told.send(written);
            })?;
        Ok(Self {
            jobs: Some(jobs),
            written: Some(written),
            done,
            patience,
            hangs: AtomicBool::new(false),
        })
    }

    fn send(&self, mut job: Job) {
        let Some(jobs) = &self.jobs else { return };
        if self.hangs.load(Ordering::Relaxed) {
            return;
        }
        loop {
            let before = self.done.count();
            match jobs.try_send(job) {
                // The end reports that the thread is gone.
                Ok(()) | Err(TrySendError::Disconnected(_)) => return,
                Err(TrySendError::Full(back)) => job = back,
            }
            if !self.done.grows(before, self.patience) {
                self.hangs.store(true, Ordering::Relaxed);
                return;
            }
        }
    }

    /// Waits until the thread has written all that it was given.
    fn stop(&mut self) -> io::Result<BufWriter<File>> {
        drop(self.jobs.take());
        let Some(written) = self.written.take() else {
            return Err(io::Error::other("it has ended"));
        };
        let hangs = *self.hangs.get_mut();
        let patience = if hangs { Duration::ZERO } else { self.patience };
        loop {
            let before = self.done.count();
            match written.recv_timeout(patience) {
                Ok(written) => return written,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(io::Error::other("the thread that writes has panicked"));
                }
                Err(RecvTimeoutError::Timeout) if hangs || self.done.count() == before => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        let text = format!("nothing could be written for {:?}", self.patience);
        Err(io::Error::new(io::ErrorKind::TimedOut, text))
    }
}

/// How many jobs are done, for those who wait for the next.
#[derive(Default)]
struct Done {
    count: Mutex<u64>,
    grew: Condvar,
}

impl Done {
    fn lock(&self) -> MutexGuard<'_, u64> {
        // A number is whole whoever panicked.
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self) -> u64 {
        *self.lock()
    }

    fn add(&self) {
        *self.lock() += 1;
        self.grew.notify_all();
    }

    /// Waits for more than `before`; false if they do not come.
    fn grows(&self, before: u64, patience: Duration) -> bool {
        let still = |count: &mut u64| *count == before;
        let waited = self.grew.wait_timeout_while(self.lock(), patience, still);
        let (_count, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        !waited.timed_out()
    }
}

/// The header without secrets. What is counted is what the report shows of it: of the run, and of tests that are
/// lost.
fn redacted(header: &Header, redactor: &mut Redactor) -> Header {
    let mut shown = header.clone();
    redactor.run(&mut shown.run);
    let Header {
        package,
        target,
        tests,
        ..
    } = &mut shown;
    for text in package.iter_mut().chain([target]) {
        redactor.text(text);
    }
    for Planned {
        name,
        file,
        line: _,
        case,
        tags,
        ignored: _,
    } in tests
    {
        let of_case = case.iter_mut().map(|case| &mut case.file);
        for text in [name, file].into_iter().chain(of_case).chain(tags) {
            redactor.text(text);
        }
    }
    // What was hidden here is counted where it is shown.
    redactor.take_counts();
    shown
}

fn begin(path: &Path, header: &Header) -> io::Result<BufWriter<File>> {
    let file = OpenOptions::new().create_new(true).write(true).open(path)?;
    // Where the file system knows no locks the partial is as good, but its writer looks dead.
    let _ = file.lock();
    let mut file = BufWriter::with_capacity(64 * 1024, file);
    line(&mut file, &mut Vec::new(), &Written::Process(header))?;
    file.flush()?;
    Ok(file)
}

/// The first process of a run notes when it began; the others read it.
fn run_began(partial: &Path, own: Timestamp) -> Timestamp {
    let note = partial.with_file_name("began").with_extension(CLAIM);
    let first = OpenOptions::new().create_new(true).write(true).open(&note);
    if let Ok(mut file) = first {
        // Whoever cannot read it takes its own beginning for that of the run.
        let _ = write!(file, "{own}");
        return own;
    }
    let noted = fs::read_to_string(note).ok();
    noted.and_then(|text| text.parse().ok()).unwrap_or(own)
}

fn write(
    mut file: BufWriter<File>,
    jobs: &Receiver<Job>,
    mut redactor: Redactor,
    done: &Done,
) -> Result<BufWriter<File>, io::Error> {
    let mut buffer = Vec::new();
    loop {
        let job = match jobs.try_recv() {
            Ok(job) => job,
            // Nothing to do for now: what was buffered goes to the system, which keeps it if we die.
            Err(TryRecvError::Empty) => {
                file.flush()?;
                match jobs.recv() {
                    Ok(job) => job,
                    Err(_) => return Ok(file),
                }
            }
            Err(TryRecvError::Disconnected) => return Ok(file),
        };
        match job {
            Job::Started(started) => line(&mut file, &mut buffer, &Written::Started(started))?,
            Job::Ended(index, mut test) => {
                let redactions = redactor.test(&mut test);
                buffer.clear();
                append_test(&mut buffer, index, &test, redactions)?;
                file.write_all(&buffer)?;
            }
        }
        done.add();
    }
}

/// A line as a whole, or nothing of it: a value that cannot be written leaves no half line.
fn line(file: &mut BufWriter<File>, buffer: &mut Vec<u8>, value: &Written<'_>) -> io::Result<()> {
    buffer.clear();
    serde_json::to_writer(&mut *buffer, value)?;
    buffer.push(b'\n');
    file.write_all(buffer)
}

fn io_error(
    action: &'static str,
    path: &std::path::Path,
) -> impl FnOnce(io::Error) -> PartialError {
    let path = path.to_owned();
    move |source| PartialError::Io {
        action,
        path,
        source,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::fd::OwnedFd;

    use super::super::line::tests::header;
    use super::*;
    use crate::model::{Millis, TestOutcome};

    #[test]
    fn nobody_waits_for_ever_for_a_disk_that_hangs() {
        // A pipe that nobody reads takes as much as fits in it.
        let (unread, full) = io::pipe().expect("there are pipes");
        let file = BufWriter::new(File::from(OwnedFd::from(full)));
        let patience = Duration::from_millis(50);
        let mut lines = Lines::start(file, Redactor::new(), patience).expect("threads start");
        let header = header("1", &["a"]);
        for _ in 0..2 * WAITING {
            let test = header.test(0, TestOutcome::Passed, Millis::ZERO);
            let mut test = Box::new(test.expect("it is in the plan"));
            test.stdout = "x".repeat(4096);
            lines.send(Job::Ended(0, test));
        }
        let error = lines.stop().expect_err("it hangs").to_string();
        assert_eq!(error, "nothing could be written for 50ms");
        drop(unread);
    }
}
