//! The execution: every selected scenario on one runtime, as many at once as the limit allows.

use std::collections::HashMap;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use choreo_report::model::ScenarioRecord;
use tokio::runtime::Runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::case::{Case, RunContext};
use crate::panics::catch_panic;
use crate::resource::OpenError;
use crate::resources::{ResourceId, Resources};
use crate::select::Selected;

/// When people begin to wonder; the same as libtest's.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// What happens during a run. Tests are named by their place in the selection.
#[derive(Debug)]
pub(crate) enum Event {
    Started(usize),
    /// It has been running for [`LONG`].
    Lingers(usize),
    Finished(usize, Finish),
}

/// How a scenario left the run.
#[derive(Debug)]
pub(crate) enum Finish {
    Ran(ScenarioRecord),
    Ignored,
    /// What it needs is not present on this machine.
    Skipped(String),
    /// What it needs could not be opened.
    Unavailable {
        resource: ResourceId,
        cause: String,
    },
    /// The code around the scenario failed. This is never what `should_fail` means.
    Broken(String),
}

/// A run in progress.
pub(crate) struct Run {
    runtime: Runtime,
    resources: Arc<Resources>,
    events: Receiver<Event>,
    /// Which tests have not finished yet, so that none is lost.
    unfinished: Vec<bool>,
}

impl Run {
    /// Starts the selected tests in the background.
    ///
    /// # Errors
    ///
    /// The operating system refuses threads or the like to the runtime.
    pub(crate) fn start(selected: &[Selected], limit: usize, color: bool) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_name("choreo")
            .build()?;
        let resources = Arc::new(Resources::default());
        let (sender, events) = mpsc::channel();
        let jobs = selected
            .iter()
            .enumerate()
            .map(|(index, selected)| Job {
                index,
                case: selected.test.case,
                ignored: selected.ignored,
                context: RunContext {
                    name: selected.test.name.clone(),
                    file: selected.test.case.file,
                    line: selected.test.case.line,
                    color,
                },
            })
            .collect();
        let limit = Arc::new(Semaphore::new(limit.min(Semaphore::MAX_PERMITS)));
        runtime.spawn(start_in_order(jobs, limit, Arc::clone(&resources), sender));
        Ok(Self {
            runtime,
            resources,
            events,
            unfinished: vec![true; selected.len()],
        })
    }

    /// Waits for the next event; `None` when every test has finished.
    pub(crate) fn next(&mut self) -> Option<Event> {
        let event = self.events.recv().unwrap_or_else(|_| {
            // The code that starts the tests is gone. What is left must be reported by somebody.
            let index = self.unfinished.iter().position(|open| *open);
            Event::Finished(
                index.unwrap_or(usize::MAX),
                Finish::Broken("the runner lost this scenario: please report this bug".to_owned()),
            )
        });
        if let Event::Finished(index, _) = &event {
            *self.unfinished.get_mut(*index)? = false;
        }
        Some(event)
    }

    /// Closes the resources and stops the runtime. Returns what went wrong with closing.
    pub(crate) fn close(self) -> Vec<String> {
        let problems = self.runtime.block_on(self.resources.close());
        // Whatever still runs, such as a blocked thread, must not keep the process alive.
        self.runtime.shutdown_background();
        problems
    }
}

struct Job {
    index: usize,
    case: &'static Case,
    ignored: bool,
    context: RunContext,
}

async fn start_in_order(
    jobs: Vec<Job>,
    limit: Arc<Semaphore>,
    resources: Arc<Resources>,
    events: Sender<Event>,
) {
    // Sending fails only if nobody listens any more, and then there is nobody to tell.
    let mut tasks = JoinSet::new();
    let mut index_of = HashMap::new();
    for job in jobs {
        let index = job.index;
        if job.ignored {
            let _ = events.send(Event::Finished(index, Finish::Ignored));
            continue;
        }
        let permit = acquire(&limit).await;
        let turn = Limited {
            limit: Arc::clone(&limit),
            permit,
        };
        let task = tasks.spawn(attend(job, turn, Arc::clone(&resources), events.clone()));
        index_of.insert(task.id(), index);
    }
    while let Some(joined) = tasks.join_next_with_id().await {
        if let Err(error) = joined
            && let Some(index) = index_of.get(&error.id())
        {
            let text = format!("the task of this scenario ended without a result: {error}");
            let _ = events.send(Event::Finished(*index, Finish::Broken(text)));
        }
    }
}

/// The right to be in flight, and where to get it back after giving it up.
struct Limited {
    limit: Arc<Semaphore>,
    permit: OwnedSemaphorePermit,
}

async fn attend(job: Job, limited: Limited, resources: Arc<Resources>, events: Sender<Event>) {
    let index = job.index;
    let _ = events.send(Event::Started(index));
    let mut work = pin!(catch_panic(carry_out(job, limited, resources)));
    let result = match timeout(LONG, work.as_mut()).await {
        Ok(result) => result,
        Err(_) => {
            let _ = events.send(Event::Lingers(index));
            work.await
        }
    };
    let finish = result.unwrap_or_else(|panic| Finish::Broken(panic.to_string()));
    let _ = events.send(Event::Finished(index, finish));
}

async fn carry_out(job: Job, limited: Limited, resources: Arc<Resources>) -> Finish {
    let slot = resources.slot((job.case.resource)());
    let opened = match slot.open().await {
        Ok(opened) => opened,
        Err(OpenError::Skip(reason)) => return Finish::Skipped(reason),
        Err(OpenError::Failed(cause)) => {
            return Finish::Unavailable {
                resource: slot.id,
                cause,
            };
        }
    };

    let Limited { limit, mut permit } = limited;
    let mut turn = None;
    if !opened.isolated {
        turn = match Arc::clone(&slot.turn).try_acquire_owned() {
            Ok(turn) => Some(turn),
            Err(_) => {
                // Who waits for the turn must not keep scenarios of other resources out. Whoever
                // has the turn gets a permit in the end, as nobody holds a permit while waiting.
                drop(permit);
                let turn = acquire(&slot.turn).await;
                permit = acquire(&limit).await;
                Some(turn)
            }
        };
    }
    let record = (job.case.run)(job.context).await;
    drop((turn, permit));
    Finish::Ran(record)
}

async fn acquire(semaphore: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    Arc::clone(semaphore)
        .acquire_owned()
        .await
        .expect("the semaphores of a run are never closed")
}
