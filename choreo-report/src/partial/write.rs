//! Writing a partial: off the threads that run scenarios, and so that nothing is lost with the process.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError};
use std::thread::{self, JoinHandle};

use super::folder::{CLAIM, RunFolder, RunId};
use super::line::{End, Git, Header, Started, Written, append_test};
use crate::folder::{Folder, FolderError};
use crate::model::{Notice, Test, Timestamp};
use crate::redact::Redactor;

/// How many tests may wait to be written before whoever ends tests has to wait too.
const WAITING: usize = 256;

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
}

/// Writes what one process does. Its methods return at once; a thread writes.
///
/// Every test is in the file shortly after it ended, so that a process that dies takes only those with it that
/// had not ended.
pub struct PartialWriter {
    /// Taken at the end, which stops the thread.
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<Result<BufWriter<File>, io::Error>>>,
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
        let mut shown = header.clone();
        redactor.run(&mut shown.run);
        let (open, finished) = RunFolder::of(folder, run)?.places(&header.process)?;
        let file = begin(&open, &shown).map_err(io_error("write", &open))?;
        let (jobs, waiting) = mpsc::sync_channel(WAITING);
        let thread = thread::Builder::new()
            .name("choreo-report".to_owned())
            .spawn(move || write(file, &waiting, redactor))
            .map_err(io_error("start a thread that writes", &open))?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
            run_began: run_began(&finished, header.run.started_at),
            open,
            finished,
        })
    }

    /// The test at this place of the plan begins.
    pub fn started(&self, index: usize, at: Timestamp) {
        self.send(Job::Started(Started { index, at }));
    }

    /// The test at this place of the plan ended.
    pub fn ended(&self, index: usize, test: Box<Test>) {
        self.send(Job::Ended(index, test));
    }

    fn send(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // Fails if the thread is gone, which the end reports.
            let _ = jobs.send(job);
        }
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
        let written = self.stop();
        let end = Written::End(End {
            at: Timestamp::now(),
            interrupted: ending.interrupted,
            notices: ending.notices,
            git: ending.git,
            seed: ending.seed,
        });
        // Locked until it has its last name.
        let mut file = written.map_err(io_error("write", &self.open))?;
        line(&mut file, &mut Vec::new(), &end)
            .and_then(|()| file.flush())
            .map_err(io_error("write", &self.open))?;
        fs::rename(&self.open, &self.finished).map_err(io_error("rename", &self.open))
    }

    /// Waits until the thread has written all that it was given.
    fn stop(&mut self) -> io::Result<BufWriter<File>> {
        drop(self.jobs.take());
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(written)) => written,
            Some(Err(_)) => Err(io::Error::other("the thread that writes has panicked")),
            None => Err(io::Error::other("it has ended")),
        }
    }
}

/// Without [`end`](PartialWriter::end), a partial looks as if its process had died: which is what a merge should
/// see of a process that panicked.
impl Drop for PartialWriter {
    fn drop(&mut self) {
        // What was written by then counts.
        let _ = self.stop();
    }
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
