//! A broker in the hands of a case: shared by all, or its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use choreo::CorrelationId;
use choreo::transport::contract::{Subject, Wildcard};
use choreo_test_brokers::StartError;
use choreo_test_contract::TestBroker;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panicked case leaves no broker half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A broker that starts when it is first lent, and ends with the last trial.
#[derive(Debug)]
pub(crate) struct Shared<B>(Arc<Mutex<Option<Lent<B>>>>);

impl<B> Default for Shared<B> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<B> Clone for Shared<B> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<B: TestBroker> Shared<B> {
    pub(crate) fn lend(&self) -> Result<Lent<B>, StartError> {
        let mut shared = locked(&self.0);
        if let Some(lent) = &*shared {
            return Ok(lent.clone());
        }
        Ok(shared.insert(Lent::own()?).clone())
    }
}

/// A running broker as the subject of a case.
#[derive(Debug)]
pub(crate) struct Lent<B>(Arc<Mutex<B>>);

impl<B> Clone for Lent<B> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<B: TestBroker> Lent<B> {
    pub(crate) fn own() -> Result<Self, StartError> {
        Ok(Self(Arc::new(Mutex::new(B::start(None)?))))
    }

    pub(crate) fn port(&self) -> u16 {
        locked(&self.0).port()
    }
}

impl<B: TestBroker> Subject for Lent<B> {
    type Transport = B::Transport;

    fn transport(&self) -> B::Transport {
        locked(&self.0).transport()
    }

    fn wildcard(&self) -> Wildcard {
        B::wildcard(CorrelationId::random("").as_str())
    }

    fn max_payload(&self) -> Option<usize> {
        locked(&self.0).max_payload()
    }

    fn refused_topic(&self) -> Option<String> {
        locked(&self.0).refused_topic()
    }

    fn transport_from_first(&self) -> Option<B::Transport> {
        B::from_first(self.port())
    }

    async fn subscriptions(&self) -> Option<usize> {
        // A broker that does not answer holds more than it should.
        locked(&self.0).subscriptions().unwrap_or(Some(usize::MAX))
    }

    async fn restart(&self) -> Option<Result<(), String>> {
        let restarted = locked(&self.0).restart();
        Some(restarted.map_err(|error| error.to_string()))
    }

    fn standing_tasks(&self) -> usize {
        locked(&self.0).standing_tasks()
    }
}
