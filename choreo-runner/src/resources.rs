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
