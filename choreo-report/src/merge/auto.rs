//! When a process merges by itself, and how much of a run's time that may take.
//!
//! Under `cargo test` every binary merges at its end. Under nextest every scenario is a process, and merging at
//! the end of each would take longer than the scenarios once there are thousands. So merges may take a share of
//! the run's time: a large one of who is probably the last, as nobody else runs, a small one of the others.

use std::fs;
use std::io;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::index::Index;
use super::{MergeError, Merged, Options, add_run, emit};
use crate::folder::{Folder, FolderError};
use crate::model::Timestamp;
use crate::partial::{RunFolder, RunId};

/// Merges take so long before anybody asks whether they may. A run of a few hundred processes stays below it.
const FREE: Duration = Duration::from_secs(2);

/// Of the time since the run began, for a process beside which others run: one part in so many.
const SMALL_SHARE: u32 = 20;

/// The same for a process that is alone.
const LARGE_SHARE: u32 = 4;

/// So many runs keep their partials, for `choreo report` and for runs at the same time.
const KEPT_RUNS: usize = 4;

/// Runs in which nothing has happened for so long have ended.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Nothing is deleted of a run in which something happened so short a time ago.
const FRESH: Duration = Duration::from_secs(60);

/// When the end of a process makes a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum When {
    /// Always.
    Now,
    /// When that takes a small part of the run's time. A process with a failure merges more eagerly.
    Affordable {
        /// A test of this process failed.
        failed: bool,
    },
}

/// What a merge notes about itself, for those that follow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    /// Partials that were merged, of processes that had ended.
    finished: usize,
    /// The same of processes that had died.
    left: usize,
    /// What all merges of this run took.
    spent_ms: u64,
    /// What this merge took.
    last_ms: u64,
    /// When the run began, in microseconds since 1970.
    began: i64,
    /// The report says that more may come.
    unfinished: bool,
}

impl Stamp {
    fn read(run: &RunFolder) -> Option<Self> {
        // A stamp that cannot be read is none: the next merge writes it anew.
        serde_json::from_slice(&fs::read(run.stamp()).ok()?).ok()
    }

    /// Whether merges that take this long together are no burden.
    fn affords(&self, spent_ms: u64, share: u32, now: Timestamp) -> bool {
        let since = now.as_micros().saturating_sub(self.began);
        let elapsed = Duration::from_micros(u64::try_from(since).unwrap_or_default());
        Duration::from_millis(spent_ms) <= FREE + elapsed / share
    }
}

/// Makes a report of a run when one of its processes has ended, unless that is not due or somebody else is at
/// it. Whoever is at it looks again afterwards, so that of two that met the later one is not left out.
///
/// # Errors
///
/// [`MergeError`] if the parts cannot be read, or the report not be written.
pub fn finish_process(
    folder: &Folder,
    run: &RunId,
    when: When,
    options: &Options,
) -> Result<Option<Merged>, MergeError> {
    finish_process_with(folder, run, when, options, |_| ())
}

/// The same; `written` is called with each report while no other process writes one, so that what it does with
/// them happens in their order.
///
/// # Errors
///
/// [`MergeError`] if the parts cannot be read, or the report not be written.
pub fn finish_process_with(
    folder: &Folder,
    run: &RunId,
    when: When,
    options: &Options,
    mut written: impl FnMut(&Merged),
) -> Result<Option<Merged>, MergeError> {
    let run = RunFolder::of(folder, run)?;
    let mut merged = None;
    loop {
        let unfinished = match when {
            When::Now => false,
            When::Affordable { failed } => match due(&run, failed) {
                Some(unfinished) => unfinished,
                None => return Ok(merged),
            },
        };
        let lock = match when {
            When::Now => Some(folder.lock()?),
            When::Affordable { .. } => folder.try_lock()?,
        };
        let Some(lock) = lock else {
            return Ok(merged);
        };
        let latest = merge_run(folder, &run, unfinished, options)?;
        if let Some(latest) = &latest {
            written(latest);
        }
        merged = latest.or(merged);
        clean_up(folder, &run)?;
        drop(lock);
        if is_merged(&run)? {
            return Ok(merged);
        }
    }
}

/// Whether a process that has ended is to merge; if so, whether the report has to say that more may come.
fn due(run: &RunFolder, failed: bool) -> Option<bool> {
    let busy = run.is_busy();
    let Some(stamp) = Stamp::read(run) else {
        return Some(busy);
    };
    let now = Timestamp::now();
    let share = if busy && !failed {
        SMALL_SHARE
    } else {
        LARGE_SHARE
    };
    // Nobody can tell who is the last. Who comes next may find that merging has become too dear.
    let next = stamp.spent_ms + 2 * stamp.last_ms;
    stamp
        .affords(stamp.spent_ms, share, now)
        .then(|| busy || !stamp.affords(next, LARGE_SHARE, now))
}

/// Makes a report of the newest run in a folder if the last report does not have all that is known of it. None
/// if it has, or if no run left anything.
///
/// # Errors
///
/// [`MergeError`] if the parts cannot be read, or the report not be written.
pub fn merge_latest(folder: &Folder, options: &Options) -> Result<Option<Merged>, MergeError> {
    let missing = || -> Result<_, MergeError> {
        let run = newest(folder)?;
        Ok(match run {
            Some(run) if !is_merged(&run)? => Some(run),
            _ => None,
        })
    };
    // Where there is nothing to do nothing is written, as the folder may be somebody's archive.
    if missing()?.is_none() {
        return Ok(None);
    }
    let _lock = folder.lock()?;
    // Somebody else may have done it meanwhile.
    match missing()? {
        Some(run) => merge_run(folder, &run, false, options),
        None => Ok(None),
    }
}

/// The run in which something happened last.
pub(super) fn newest(folder: &Folder) -> Result<Option<RunFolder>, MergeError> {
    let runs = RunFolder::all(folder)?;
    Ok(runs.into_iter().max_by_key(RunFolder::last_change))
}

/// Whether the report has all that is known of a run.
pub(super) fn is_merged(run: &RunFolder) -> Result<bool, MergeError> {
    let found = run.find()?;
    Ok(Stamp::read(run).is_some_and(|stamp| {
        stamp.finished == found.finished.len()
            && stamp.left == found.left.len()
            && !(stamp.unfinished && found.alive.is_empty())
    }))
}

fn merge_run(
    folder: &Folder,
    run: &RunFolder,
    unfinished: bool,
    options: &Options,
) -> Result<Option<Merged>, MergeError> {
    let start = Instant::now();
    let mut index = Index::default();
    index.facts.unfinished = unfinished;
    let (finished, left) = add_run(&mut index, run)?;
    let Some(merged) = emit::report(index, folder, options)? else {
        return Ok(None);
    };
    let last_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    let spent_ms = Stamp::read(run).unwrap_or_default().spent_ms;
    let stamp = Stamp {
        finished,
        left,
        spent_ms: spent_ms.saturating_add(last_ms),
        last_ms,
        began: merged.run.started_at.as_micros(),
        unfinished,
    };
    let path = run.stamp();
    serde_json::to_vec(&stamp)
        .map_err(io::Error::from)
        .and_then(|json| fs::write(&path, json))
        .map_err(FolderError::io("write", &path))?;
    Ok(Some(merged))
}

/// Deletes the partials of runs that nobody needs any more.
fn clean_up(folder: &Folder, current: &RunFolder) -> Result<(), MergeError> {
    let now = Timestamp::now().as_micros();
    let mut others: Vec<(Duration, RunFolder)> = RunFolder::all(folder)?
        .into_iter()
        .filter(|run| run != current)
        .filter_map(|run| {
            let age = now.saturating_sub(run.last_change()?.as_micros());
            Some((
                Duration::from_micros(u64::try_from(age).unwrap_or_default()),
                run,
            ))
        })
        .collect();
    others.sort_unstable_by_key(|(age, _)| *age);
    for (place, (age, run)) in (1..).zip(others) {
        let old = age > ABANDONED || (place >= KEPT_RUNS && age > FRESH);
        if old && !run.is_busy() {
            // What cannot be deleted now, the next run tries to.
            let _ = run.remove();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_take_a_share_of_the_time_of_the_run() {
        let now: Timestamp = "2026-01-31T12:00:00Z".parse().expect("a time");
        let stamp = |seconds_ago: i64| Stamp {
            began: now.as_micros() - seconds_ago * 1_000_000,
            ..Stamp::default()
        };
        // A short run merges as often as it likes.
        assert!(stamp(1).affords(1_500, SMALL_SHARE, now));
        assert!(!stamp(1).affords(2_500, SMALL_SHARE, now));
        // A long one takes a twentieth while others run, and a quarter when nobody does.
        assert!(stamp(100).affords(6_900, SMALL_SHARE, now));
        assert!(!stamp(100).affords(7_100, SMALL_SHARE, now));
        assert!(stamp(100).affords(26_900, LARGE_SHARE, now));
        assert!(!stamp(100).affords(27_100, LARGE_SHARE, now));
        // A clock that was set back is no reason to panic.
        assert!(stamp(-50).affords(0, SMALL_SHARE, now));
    }
}
