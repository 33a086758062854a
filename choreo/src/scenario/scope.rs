//! An open scenario, and what it can be opened on.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Scenario;
use crate::act::Act;
use crate::error::Result;
use crate::harness::Harness;
use crate::stage::{Stage, Transports};

/// What scenarios run on: a [`Harness`], or a [`Stage`].
pub trait Host: Clone + Send + Sync + 'static {
    /// What a [`Scenario`] on it has as its transports.
    type Transports: Send + Sync + 'static;

    /// The transports.
    fn transports(&self) -> &Self::Transports;

    /// Whether ids keep concurrent scenarios apart.
    fn isolates(&self) -> bool;

    /// Opens a scenario.
    fn scope(
        &self,
        name: Arc<str>,
        timeout: Option<Duration>,
    ) -> impl Future<Output = Result<Scope<Self>>> + Send;

    /// Ends every subscription and connection.
    fn close(&self) -> impl Future<Output = ()> + Send;
}

impl Host for Harness {
    type Transports = Self;

    fn transports(&self) -> &Self {
        self
    }

    fn isolates(&self) -> bool {
        Self::isolates(self)
    }

    async fn scope(&self, name: Arc<str>, timeout: Option<Duration>) -> Result<Scope<Self>> {
        Ok(Scope {
            act: self.open(name, timeout),
            host: self.clone(),
        })
    }

    async fn close(&self) {
        Self::close(self).await;
    }
}

impl<T: Transports> Host for Stage<T> {
    type Transports = T;

    fn transports(&self) -> &T {
        Self::transports(self)
    }

    fn isolates(&self) -> bool {
        Self::isolates(self)
    }

    async fn scope(&self, name: Arc<str>, timeout: Option<Duration>) -> Result<Scope<Self>> {
        Ok(Scope {
            act: self.open(name, timeout).await?,
            host: self.clone(),
        })
    }

    async fn close(&self) {
        Self::close(self).await;
    }
}

impl Harness {
    /// A scenario outside `#[choreo::scenario]`.
    pub fn scenario(&self, name: impl Into<Arc<str>>) -> ScenarioBuilder<'_> {
        ScenarioBuilder {
            host: self,
            name: name.into(),
            timeout: None,
        }
    }
}

impl<T: Transports> Stage<T> {
    /// A scenario outside `#[choreo::scenario]`.
    pub fn scenario(&self, name: impl Into<Arc<str>>) -> ScenarioBuilder<'_, Self> {
        ScenarioBuilder {
            host: self,
            name: name.into(),
            timeout: None,
        }
    }
}

/// A scenario that is not open yet.
#[derive(Debug)]
pub struct ScenarioBuilder<'h, H = Harness> {
    host: &'h H,
    name: Arc<str>,
    timeout: Option<Duration>,
}

impl<H> ScenarioBuilder<'_, H> {
    /// How long after the trigger the messages may come; the harness's timeout otherwise.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

impl ScenarioBuilder<'_> {
    /// Opens it.
    ///
    /// # Panics
    ///
    /// Outside the runtime that the harness was connected on.
    pub fn open(self) -> Scope {
        Scope {
            act: self.host.open(self.name, self.timeout),
            host: self.host.clone(),
        }
    }
}

impl<T: Transports> ScenarioBuilder<'_, Stage<T>> {
    /// Asks the bridge for ids, and opens it.
    ///
    /// # Errors
    ///
    /// When the bridge has none.
    ///
    /// # Panics
    ///
    /// Outside the runtime that the stage was connected on.
    pub async fn open(self) -> Result<Scope<Stage<T>>> {
        self.host.scope(self.name, self.timeout).await
    }
}

/// An open scenario outside `#[choreo::scenario]`: for tests that bring their own runner.
///
/// Dropping it gives up everything that the scenario held, on any path.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> choreo::Result<()> {
/// use choreo::prelude::*;
/// use choreo::transport::Memory;
///
/// let harness = Harness::builder(Memory::new()).connect().await?;
/// let mut scope = harness.scenario("an echo").timeout(std::time::Duration::from_secs(1)).open();
/// let s = scope.arrange();
/// expect!(s, "orders", { count: > 0 });
/// publish!(s, "orders", { count: 1 });
/// settle!(s).assert_passed();
/// # Ok(())
/// # }
/// ```
///
/// Deadlines, windows, delays and latencies follow tokio's clock. Where everything is in the test process, a test
/// may pause it (tokio's feature `test-util`): time goes on only while nothing else does, and no window costs its
/// length. A broker of its own process knows nothing of that clock.
///
/// ```
/// # use choreo::prelude::*;
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> choreo::Result<()> {
/// // Below `#[tokio::test(start_paused = true)]`:
/// let harness = Harness::builder(Memory::new()).connect().await?;
/// let mut scope = harness.scenario("nothing is charged for a day").open();
/// let s = scope.arrange();
/// never!(s, "payments.charge", for 24h, unrouted);
/// publish!(s, "orders.created", { count: 1 });
/// settle!(s).assert_passed();
/// # Ok(())
/// # }
/// ```
pub struct Scope<H: Host = Harness> {
    act: Arc<Act>,
    host: H,
}

impl<H: Host> Scope<H> {
    /// The scenario, ready for its expectations.
    pub fn arrange(&mut self) -> Scenario<'_, H::Transports> {
        self.scenario()
    }

    pub(super) fn scenario(&self) -> Scenario<'_, H::Transports> {
        Scenario::new(&self.act, self.host.transports())
    }

    pub(super) fn act(&self) -> &Arc<Act> {
        &self.act
    }
}

impl<H: Host> Drop for Scope<H> {
    fn drop(&mut self) {
        self.act.close();
    }
}

impl<H: Host> fmt::Debug for Scope<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("name", &self.act.name)
            .finish_non_exhaustive()
    }
}
