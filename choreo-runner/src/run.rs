//! The execution: every selected scenario on one runtime, as many at once as the limit allows.

use std::collections::HashMap;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Weak};
use std::time::Duration;

use choreo_report::model::ScenarioRecord;
use tokio::runtime::Runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::case::{Case, RunContext};
use crate::interrupt::{self, Signal};
use crate::panics::catch_panic;
use crate::resource::OpenError;
use crate::resources::{ResourceId, Resources};
use crate::seed;
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
    /// Somebody wants the run to end now.
    Interrupted(Signal),
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
    /// Another one failed before it began, and none is to start after a failure.
    NotRun,
    /// The code around the scenario failed. This is never what `should_fail` means.
    Broken(String),
}

/// How the selected tests are to run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// So many are in flight at most.
    pub(crate) limit: usize,
    pub(crate) color: bool,
    pub(crate) detail: bool,
    /// What the order in which they start is drawn from; otherwise it is theirs.
    pub(crate) shuffle: Option<u64>,
    /// [`Run::start_no_more`] may be called after any end, and counts from then on.
    pub(crate) fail_fast: bool,
}

/// A run in progress.
pub(crate) struct Run {
    runtime: Runtime,
    shared: Arc<Shared>,
    events: Receiver<Told>,
    /// What the scenario holds whose end is being looked at.
    held: Option<Rights>,
    /// Which tests have not finished yet, so that none is lost.
    unfinished: Vec<bool>,
}

impl Run {
    /// Starts the selected tests in the background. Ctrl-C and its like are events from here on.
    ///
    /// # Errors
    ///
    /// The operating system refuses threads or the like to the runtime.
    pub(crate) fn start(selected: &[Selected], plan: Plan) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_name("choreo")
            .build()?;
        let (sender, events) = mpsc::channel();
        let sender = Arc::new(sender);
        let mut jobs: Vec<Job> = selected
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
                    row: selected.test.case.row,
                    color: plan.color,
                    detail: plan.detail,
                },
            })
            .collect();
        if let Some(seed) = plan.shuffle {
            seed::shuffle(&mut jobs, seed);
        }
        let shared = Arc::new(Shared {
            limit: Arc::new(Semaphore::new(plan.limit.min(Semaphore::MAX_PERMITS))),
            resources: Resources::default(),
            fail_fast: plan.fail_fast,
            starts_no_more: AtomicBool::new(false),
        });
        // Before the first scenario begins: none is ended by a signal and told of by nobody.
        listen(Arc::downgrade(&sender));
        runtime.spawn(start_in_order(jobs, Arc::clone(&shared), sender));
        Ok(Self {
            runtime,
            shared,
            events,
            held: None,
            unfinished: vec![true; selected.len()],
        })
    }

    /// The tests that have not finished.
    pub(crate) fn unfinished(&self) -> Vec<usize> {
        let open = |(index, open): (usize, &bool)| open.then_some(index);
        self.unfinished
            .iter()
            .enumerate()
            .filter_map(open)
            .collect()
    }

    /// Waits for the next event; `None` when every test has finished.
    pub(crate) fn next(&mut self) -> Option<Event> {
        self.held = None;
        let told = self.events.recv().unwrap_or_else(|_| {
            // The code that starts the tests is gone. What is left must be reported by somebody.
            let index = self.unfinished.iter().position(|open| *open);
            Event::Finished(
                index.unwrap_or(usize::MAX),
                Finish::Broken("the runner lost this scenario: please report this bug".to_owned()),
            )
            .into()
        });
        let Told { event, held } = told;
        self.held = held;
        if let Event::Finished(index, _) = &event {
            *self.unfinished.get_mut(*index)? = false;
        }
        Some(event)
    }

    /// Starts none of those that have not begun.
    pub(crate) fn start_no_more(&self) {
        self.shared.starts_no_more.store(true, Ordering::SeqCst);
    }

    /// Closes the resources and stops the runtime. Returns what went wrong with closing.
    pub(crate) fn close(self) -> Vec<String> {
        let problems = self.runtime.block_on(self.shared.resources.close());
        // Whatever still runs, such as a blocked thread, must not keep the process alive.
        self.runtime.shutdown_background();
        problems
    }
}

/// From now on, Ctrl-C and its like are events instead of the end of the process.
fn listen(events: Weak<Sender<Told>>) {
    interrupt::listen(move |signal| {
        // Without a sender the run has ended by itself.
        let events = events.upgrade();
        events.is_some_and(|events| events.send(Event::Interrupted(signal).into()).is_ok())
    });
}

struct Job {
    index: usize,
    case: &'static Case,
    ignored: bool,
    context: RunContext,
}

/// What all scenarios of a run share.
struct Shared {
    limit: Arc<Semaphore>,
    resources: Resources,
    fail_fast: bool,
    starts_no_more: AtomicBool,
}

impl Shared {
    fn starts_no_more(&self) -> bool {
        self.starts_no_more.load(Ordering::SeqCst)
    }
}

/// An event on its way.
struct Told {
    event: Event,
    /// What the scenario keeps until its end has been judged, where nothing may start before.
    held: Option<Rights>,
}

impl From<Event> for Told {
    fn from(event: Event) -> Self {
        Self { event, held: None }
    }
}

async fn start_in_order(jobs: Vec<Job>, shared: Arc<Shared>, events: Arc<Sender<Told>>) {
    // Sending fails only if nobody listens any more, and then there is nobody to tell.
    let mut tasks = JoinSet::new();
    let mut index_of = HashMap::new();
    for job in jobs {
        let index = job.index;
        if job.ignored {
            let _ = events.send(Event::Finished(index, Finish::Ignored).into());
            continue;
        }
        let permit = acquire(&shared.limit).await;
        if shared.starts_no_more() {
            let _ = events.send(Event::Finished(index, Finish::NotRun).into());
            continue;
        }
        let rights = Rights {
            flight: Some(permit),
            turn: None,
        };
        let task = tasks.spawn(attend(
            job,
            rights,
            Arc::clone(&shared),
            Arc::clone(&events),
        ));
        index_of.insert(task.id(), index);
    }
    while let Some(joined) = tasks.join_next_with_id().await {
        if let Err(error) = joined
            && let Some(index) = index_of.get(&error.id())
        {
            let text = format!("the task of this scenario ended without a result: {error}");
            let _ = events.send(Event::Finished(*index, Finish::Broken(text)).into());
        }
    }
}

/// What a scenario holds while it runs. Kept until its end has been told, so that with one
/// scenario at a time no other begins before.
struct Rights {
    /// To be in flight.
    flight: Option<OwnedSemaphorePermit>,
    /// To use a resource that cannot be shared.
    turn: Option<OwnedSemaphorePermit>,
}

async fn attend(job: Job, mut rights: Rights, shared: Arc<Shared>, events: Arc<Sender<Told>>) {
    let index = job.index;
    let _ = events.send(Event::Started(index).into());
    let result = {
        let mut work = pin!(catch_panic(carry_out(job, &mut rights, &shared)));
        match timeout(LONG, work.as_mut()).await {
            Ok(result) => result,
            Err(_) => {
                let _ = events.send(Event::Lingers(index).into());
                work.await
            }
        }
    };
    let finish = result.unwrap_or_else(|panic| Finish::Broken(panic.to_string()));
    let event = Event::Finished(index, finish);
    let (held, rights) = match shared.fail_fast {
        true => (Some(rights), None),
        false => (None, Some(rights)),
    };
    let _ = events.send(Told { event, held });
    drop(rights);
}

async fn carry_out(job: Job, rights: &mut Rights, shared: &Shared) -> Finish {
    let slot = shared.resources.slot((job.case.resource)());
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

    if !opened.isolated {
        rights.turn = Arc::clone(&slot.turn).try_acquire_owned().ok();
        if rights.turn.is_none() {
            // Who waits for the turn must not keep scenarios of other resources out. Whoever has
            // the turn gets a permit in the end, as nobody holds a permit while waiting.
            rights.flight = None;
            rights.turn = Some(acquire(&slot.turn).await);
            rights.flight = Some(acquire(&shared.limit).await);
        }
    }
    if shared.starts_no_more() {
        return Finish::NotRun;
    }
    Finish::Ran((job.case.run)(job.context).await)
}

async fn acquire(semaphore: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    Arc::clone(semaphore)
        .acquire_owned()
        .await
        .expect("the semaphores of a run are never closed")
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use choreo_report::model::Outcome;
    use tokio::sync::{Barrier, Notify};

    use super::*;
    use crate::case::BoxFuture;
    use crate::registry::Test;
    use crate::testing::{Broker, case};

    const PLAN: Plan = Plan {
        limit: 1,
        color: false,
        detail: false,
        shuffle: None,
        fail_fast: false,
    };

    /// Counts how many scenarios are in flight.
    struct Gauge {
        now: AtomicUsize,
        most: AtomicUsize,
    }

    impl Gauge {
        const fn new() -> Self {
            Self {
                now: AtomicUsize::new(0),
                most: AtomicUsize::new(0),
            }
        }

        async fn measure(&self, work: impl Future<Output = ()>) -> ScenarioRecord {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            work.await;
            self.now.fetch_sub(1, Ordering::SeqCst);
            ScenarioRecord::new(Outcome::Pass, Vec::new(), Duration::ZERO, None)
        }

        fn most(&self) -> usize {
            self.most.load(Ordering::SeqCst)
        }
    }

    fn selected(case: &'static Case, number: usize) -> Vec<Selected> {
        (0..number)
            .map(|index| Selected {
                test: Test {
                    name: format!("{}_{index}", case.name),
                    case,
                },
                ignored: false,
            })
            .collect()
    }

    /// Runs to the end. Returns how many scenarios ran; panics if one did not.
    fn complete(selected: &[Selected], limit: usize) -> usize {
        let mut run =
            Run::start(selected, Plan { limit, ..PLAN }).expect("a runtime can be started");
        let mut ran = 0;
        while let Some(event) = run.next() {
            match event {
                Event::Finished(_, Finish::Ran(_)) => ran += 1,
                Event::Finished(index, finish) => panic!("{index}: {finish:?}"),
                Event::Started(_) | Event::Lingers(_) | Event::Interrupted(_) => {}
            }
        }
        assert_eq!(run.close(), Vec::<String>::new());
        ran
    }

    #[test]
    fn as_many_scenarios_are_in_flight_as_the_limit_allows_and_no_more() {
        static GAUGE: Gauge = Gauge::new();
        /// Opens only when 200 are there: fewer in flight would never end.
        static GATHER: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(200));
        fn gather(_: RunContext) -> BoxFuture<'static, ScenarioRecord> {
            Box::pin(GAUGE.measure(async {
                GATHER.wait().await;
            }))
        }
        static CASE: Case = Case {
            run: gather,
            ..case("crowd", "t", "a.rs", 1)
        };
        assert_eq!(complete(&selected(&CASE, 1000), 200), 1000);
        assert_eq!(GAUGE.most(), 200);
    }

    #[test]
    fn scenarios_that_cannot_share_take_turns_and_keep_nobody_else_out() {
        static GAUGE: Gauge = Gauge::new();
        static OTHER_RAN: Notify = Notify::const_new();
        static SHY: Broker = Broker {
            name: "shy",
            isolated: false,
        };
        fn alone(context: RunContext) -> BoxFuture<'static, ScenarioRecord> {
            Box::pin(GAUGE.measure(async move {
                // The first one ends only after the one of the other resource, which starts last,
                // although more wait for their turn than may be in flight.
                if context.name == "alone_0" {
                    OTHER_RAN.notified().await;
                }
                tokio::task::yield_now().await;
            }))
        }
        fn other(_: RunContext) -> BoxFuture<'static, ScenarioRecord> {
            OTHER_RAN.notify_one();
            Box::pin(async { ScenarioRecord::new(Outcome::Pass, Vec::new(), Duration::ZERO, None) })
        }
        static ALONE: Case = Case {
            run: alone,
            resource: || &SHY,
            ..case("alone", "t", "a.rs", 1)
        };
        static OTHER: Case = Case {
            run: other,
            ..case("other", "t", "a.rs", 2)
        };
        let mut all = selected(&ALONE, 20);
        all.extend(selected(&OTHER, 1));
        assert_eq!(complete(&all, 2), 21);
        assert_eq!(GAUGE.most(), 1);
    }

    #[test]
    fn one_at_a_time_keeps_the_order() {
        static CASE: Case = case("each", "t", "a.rs", 1);
        let all = selected(&CASE, 50);
        let mut run = Run::start(&all, PLAN).expect("a runtime can be started");
        let mut told = Vec::new();
        while let Some(event) = run.next() {
            told.push(match event {
                Event::Started(index) => (index, "starts"),
                Event::Finished(index, _) => (index, "ends"),
                Event::Lingers(index) => (index, "lingers"),
                Event::Interrupted(_) => panic!("nobody interrupts"),
            });
        }
        let expected: Vec<_> = (0..50)
            .flat_map(|index| [(index, "starts"), (index, "ends")])
            .collect();
        assert_eq!(told, expected);
        run.close();
    }

    #[test]
    fn a_seed_shuffles_the_order_in_which_they_start_and_repeats_it() {
        static CASE: Case = case("each", "t", "a.rs", 1);
        let all = selected(&CASE, 50);
        let started = |seed| {
            let plan = Plan {
                shuffle: Some(seed),
                ..PLAN
            };
            let mut run = Run::start(&all, plan).expect("a runtime can be started");
            let mut started = Vec::new();
            while let Some(event) = run.next() {
                if let Event::Started(index) = event {
                    started.push(index);
                }
            }
            run.close();
            started
        };
        let shuffled = started(7);
        assert_eq!(started(7), shuffled);
        assert_ne!(started(8), shuffled);
        assert!(!shuffled.is_sorted());
        let mut sorted = shuffled;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn none_starts_after_the_end_at_which_that_was_decided() {
        static SHY: Broker = Broker {
            name: "coy",
            isolated: false,
        };
        static CASE: Case = case("each", "t", "a.rs", 1);
        static IN_TURN: Case = Case {
            resource: || &SHY,
            ..case("in_turn", "t", "a.rs", 2)
        };
        // One in flight at a time, or all in flight and one at a time with the resource.
        for (case, limit) in [(&CASE, 1), (&IN_TURN, 50)] {
            let all = selected(case, 50);
            let plan = Plan {
                limit,
                fail_fast: true,
                ..PLAN
            };
            let mut run = Run::start(&all, plan).expect("a runtime can be started");
            let (mut ran, mut not_run) = (0, 0);
            while let Some(event) = run.next() {
                match event {
                    Event::Finished(_, Finish::Ran(_)) => {
                        ran += 1;
                        if ran == 3 {
                            run.start_no_more();
                        }
                    }
                    Event::Finished(_, Finish::NotRun) => not_run += 1,
                    _ => {}
                }
            }
            run.close();
            assert_eq!((ran, not_run), (3, 47));
        }
    }

    #[test]
    fn a_scenario_that_the_runner_loses_is_reported() {
        static CASE: Case = case("lost", "t", "a.rs", 1);
        let all = selected(&CASE, 2);
        let mut run = Run::start(&[], PLAN).expect("a runtime can be started");
        run.unfinished = vec![true; all.len()];
        for expected in 0..2 {
            let event = run.next();
            assert!(
                matches!(event, Some(Event::Finished(index, Finish::Broken(_))) if index == expected),
                "{event:?}"
            );
        }
        assert!(run.next().is_none());
        run.close();
    }
}
