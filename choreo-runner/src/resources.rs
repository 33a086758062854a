//! The shared resources of a run: opened on first use, once; closed at the end, always.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OnceCell, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use crate::panics::catch_panic;
use crate::resource::{OpenError, Opened, Resource};

/// Generous, since a resource may start a broker first; but a run must not hang for ever.
const OPEN_DEADLINE: Duration = Duration::from_secs(300);

/// For all resources together: what is not closed by then ends with the process.
const CLOSE_DEADLINE: Duration = Duration::from_secs(10);

/// Two resources are one if they are one static. The name tells statics of size zero apart, which
/// may share an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ResourceId {
    address: usize,
    pub(crate) name: &'static str,
}

impl ResourceId {
    fn of(resource: &'static dyn Resource) -> Self {
        Self {
            address: std::ptr::from_ref(resource).cast::<()>().addr(),
            name: resource.name(),
        }
    }
}

/// Every resource that a scenario of this run asked for.
#[derive(Default)]
pub(crate) struct Resources {
    slots: Mutex<HashMap<ResourceId, Arc<Slot>>>,
}

/// One resource of the run.
pub(crate) struct Slot {
    pub(crate) id: ResourceId,
    resource: &'static dyn Resource,
    opened: OnceCell<Result<Opened, OpenError>>,
    /// One permit: scenarios that cannot share the resource take turns.
    pub(crate) turn: Arc<Semaphore>,
}

impl Resources {
    /// The place of a resource in this run. Does not open it.
    pub(crate) fn slot(&self, resource: &'static dyn Resource) -> Arc<Slot> {
        let id = ResourceId::of(resource);
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.entry(id).or_insert_with(|| {
            Arc::new(Slot {
                id,
                resource,
                opened: OnceCell::new(),
                turn: Arc::new(Semaphore::new(1)),
            })
        });
        Arc::clone(slot)
    }

    /// Closes what was opened, all at once. Returns what went wrong, a sentence for each.
    pub(crate) async fn close(&self) -> Vec<String> {
        let open: Vec<Arc<Slot>> = {
            let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots
                .values()
                .filter(|slot| slot.is_open())
                .cloned()
                .collect()
        };
        let deadline = Instant::now() + CLOSE_DEADLINE;
        let mut closing = JoinSet::new();
        for slot in open {
            closing.spawn(async move {
                let name = slot.id.name;
                match timeout_at(deadline, catch_panic(slot.resource.close())).await {
                    Ok(Ok(())) => None,
                    Ok(Err(panic)) => Some(format!("closing `{name}` {panic}")),
                    Err(_) => Some(format!(
                        "closing `{name}` took more than {} s; it was abandoned",
                        CLOSE_DEADLINE.as_secs()
                    )),
                }
            });
        }
        let mut problems = Vec::new();
        while let Some(closed) = closing.join_next().await {
            problems.extend(closed.unwrap_or_else(|error| Some(format!("closing: {error}"))));
        }
        problems
    }
}

impl Slot {
    /// Opens the resource, or waits until the scenario that came first has opened it.
    pub(crate) async fn open(&self) -> Result<Opened, OpenError> {
        self.opened
            .get_or_init(|| open(self.resource))
            .await
            .clone()
    }

    fn is_open(&self) -> bool {
        matches!(self.opened.get(), Some(Ok(_)))
    }
}

async fn open(resource: &'static dyn Resource) -> Result<Opened, OpenError> {
    match timeout(OPEN_DEADLINE, catch_panic(async { resource.open().await })).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Err(OpenError::Failed(panic.to_string())),
        Err(_) => Err(OpenError::Failed(format!(
            "it was not open after {} s",
            OPEN_DEADLINE.as_secs()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::case::BoxFuture;
    use crate::testing::Broker;

    /// Opens after a while; closes never, or at once.
    struct Odd {
        closes: bool,
        opens: bool,
        openings: AtomicUsize,
    }

    impl Resource for Odd {
        fn name(&self) -> &str {
            "odd"
        }

        fn open(&'static self) -> BoxFuture<'static, Result<Opened, OpenError>> {
            Box::pin(async {
                self.openings.fetch_add(1, Ordering::SeqCst);
                if !self.opens {
                    std::future::pending::<()>().await;
                }
                tokio::task::yield_now().await;
                Ok(Opened { isolated: true })
            })
        }

        fn close(&'static self) -> BoxFuture<'static, ()> {
            Box::pin(async {
                if !self.closes {
                    std::future::pending::<()>().await;
                }
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_resource_is_opened_once_however_many_ask() {
        static ODD: Odd = Odd {
            closes: true,
            opens: true,
            openings: AtomicUsize::new(0),
        };
        let resources = Arc::new(Resources::default());
        let mut asking = JoinSet::new();
        for _ in 0..50 {
            let resources = Arc::clone(&resources);
            asking.spawn(async move { resources.slot(&ODD).open().await });
        }
        let opened = asking.join_all().await;
        assert!(
            opened
                .iter()
                .all(|result| *result == Ok(Opened { isolated: true }))
        );
        assert_eq!(ODD.openings.load(Ordering::SeqCst), 1);
        assert_eq!(resources.close().await, Vec::<String>::new());
    }

    #[tokio::test(start_paused = true)]
    async fn closing_is_abandoned_at_the_deadline_with_a_message() {
        static STUCK: Odd = Odd {
            closes: false,
            opens: true,
            openings: AtomicUsize::new(0),
        };
        let resources = Resources::default();
        let opened = resources.slot(&STUCK).open().await;
        assert!(opened.is_ok());
        let before = Instant::now();
        let problems = resources.close().await;
        assert_eq!(
            problems,
            ["closing `odd` took more than 10 s; it was abandoned"]
        );
        assert_eq!(before.elapsed().as_secs(), CLOSE_DEADLINE.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn opening_has_a_deadline_too_and_what_never_opened_is_not_closed() {
        static SHUT: Odd = Odd {
            closes: false,
            opens: false,
            openings: AtomicUsize::new(0),
        };
        let resources = Resources::default();
        let opened = resources.slot(&SHUT).open().await;
        assert!(
            matches!(&opened, Err(OpenError::Failed(text)) if text.contains("300 s")),
            "{opened:?}"
        );
        assert_eq!(resources.close().await, Vec::<String>::new());
    }

    #[test]
    fn statics_are_told_apart() {
        static ONE: Broker = Broker {
            name: "one",
            isolated: true,
        };
        static TWO: Broker = Broker {
            name: "one",
            isolated: true,
        };
        assert_eq!(ResourceId::of(&ONE), ResourceId::of(&ONE));
        assert_ne!(ResourceId::of(&ONE), ResourceId::of(&TWO));
    }
}
