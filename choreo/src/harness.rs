//! A connection that scenarios share.

use std::any::Any;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::act::{Act, Leg};
use crate::codec::{Codec, JsonCodec};
use crate::correlation::{Correlation, NoCorrelation, WithoutId};
use crate::dispatch::{Router, RouterConfig, Surprise};
use crate::error::{ErrorKind, Result};
use crate::ids::CorrelationId;
use crate::safety::Allowlist;
use crate::transport::erased::DynTransport;
use crate::transport::{ConnectionEvents, Endpoint, Transport, TransportError};

/// A scenario that names no timeout gets this one, counted from its trigger.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1);
const DEFAULT_READY_TIMEOUT: Duration = Duration::from_secs(5);
/// Long enough for the next scenario of a sequence, short enough to leave a clean broker.
const DEFAULT_LINGER: Duration = Duration::from_millis(250);

/// One connection to a broker, with everything that scenarios on it share. Clones share it too.
#[derive(Clone)]
pub struct Harness {
    inner: Arc<Inner>,
}

struct Inner {
    router: Arc<Router>,
    transport: Arc<str>,
    timeout: Duration,
    kept: Mutex<Vec<Kept>>,
}

type Kept = Box<dyn Any + Send>;

impl Drop for Inner {
    fn drop(&mut self) {
        self.router.abandon();
    }
}

impl Harness {
    /// Starts the description of a harness on a transport.
    pub fn builder<T: Transport>(transport: T) -> HarnessBuilder {
        HarnessBuilder {
            transport: Box::new(transport),
            codec: Arc::new(JsonCodec),
            correlation: Arc::new(NoCorrelation),
            without_id: None,
            timeout: DEFAULT_TIMEOUT,
            ready_timeout: DEFAULT_READY_TIMEOUT,
            linger: DEFAULT_LINGER,
            watched: Vec::new(),
            package: None,
            kept: Vec::new(),
        }
    }

    /// The transport's name, such as `NATS`.
    pub fn transport_name(&self) -> &str {
        &self.inner.transport
    }

    /// Whether ids keep concurrent scenarios apart.
    pub fn isolates(&self) -> bool {
        self.inner.router.routes()
    }

    /// What arrived and no scenario claimed, oldest first, and how many older ones were dropped.
    pub fn surprises(&self) -> (Vec<Surprise>, u64) {
        self.inner.router.surprises()
    }

    /// Expectations' and replies' places on topics that open scenarios hold now.
    pub fn registration_count(&self) -> usize {
        self.inner.router.registration_count()
    }

    /// Scenarios that are open now.
    pub fn open_scenario_count(&self) -> usize {
        self.inner.router.scenario_count()
    }

    /// Subscriptions that the broker holds for this harness. Unused ones linger for a moment, so that
    /// the next scenario finds them ready.
    pub fn subscription_count(&self) -> usize {
        self.inner.router.subscription_count()
    }

    /// Ends every subscription and the connection; running scenarios end as error. Then drops what was
    /// handed to [`HarnessBuilder::keep`].
    pub async fn close(&self) {
        self.inner.router.close().await;
        let kept = std::mem::take(
            &mut *self
                .inner
                .kept
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        drop(kept);
    }

    async fn watch(&self, topics: &[String]) -> std::result::Result<(), TransportError> {
        let leg = self.leg(None, None);
        for topic in topics {
            if let Some(why) = leg.no_wildcards(topic) {
                return Err(TransportError::Subscribe {
                    topic: topic.clone(),
                    reason: format!("{why}; watch each topic by its name"),
                });
            }
            self.inner.router.watch(topic).await?;
        }
        Ok(())
    }

    pub(crate) fn open(&self, name: Arc<str>, timeout: Option<Duration>) -> Arc<Act> {
        let timeout = timeout.unwrap_or(self.inner.timeout);
        let id = self.inner.router.correlation().new_id();
        let leg = self.leg(None, id.clone());
        Act::open(vec![leg], id, None, name, timeout)
    }

    /// This harness as one transport of a scenario.
    pub(crate) fn leg(&self, label: Option<Arc<str>>, id: Option<CorrelationId>) -> Leg {
        Leg::new(label, &self.inner.router, &self.inner.transport, id)
    }

    pub(crate) fn router(&self) -> &Arc<Router> {
        &self.inner.router
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.inner.timeout
    }

    pub(crate) fn ready_timeout(&self) -> Duration {
        self.inner.router.ready_timeout()
    }
}

impl fmt::Debug for Harness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Harness")
            .field("transport", &self.inner.transport)
            .finish_non_exhaustive()
    }
}

/// What a harness is to be. See [`Harness::builder`].
#[must_use = "a harness exists once it is connected: call `.connect().await`"]
pub struct HarnessBuilder {
    transport: Box<dyn DynTransport>,
    codec: Arc<dyn Codec>,
    correlation: Arc<dyn Correlation>,
    without_id: Option<WithoutId>,
    timeout: Duration,
    ready_timeout: Duration,
    linger: Duration,
    watched: Vec<String>,
    package: Option<PathBuf>,
    kept: Vec<Kept>,
}

impl HarnessBuilder {
    /// How messages find their scenario. Without it every scenario sees every message, and the runner
    /// runs one at a time; processes that share a broker, as under nextest, still see each other's.
    pub fn correlation(mut self, correlation: impl Correlation) -> Self {
        self.correlation = Arc::new(correlation);
        self
    }

    /// What becomes of messages without an id; they are ignored otherwise (and counted). Without a correlation
    /// policy no message has an id and all are broadcast, so that [`connect`](Self::connect) refuses the others.
    pub fn without_id(mut self, without_id: WithoutId) -> Self {
        self.without_id = Some(without_id);
        self
    }

    /// How payloads are written and read; JSON otherwise.
    pub fn codec(mut self, codec: impl Codec) -> Self {
        self.codec = Arc::new(codec);
        self
    }

    /// The timeout of scenarios that name none; 1 s otherwise.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long the broker may take to confirm a subscription or to take a message; 5 s otherwise.
    pub fn ready_timeout(mut self, timeout: Duration) -> Self {
        self.ready_timeout = timeout;
        self
    }

    /// How long a subscription stays when no scenario uses it, so that the next one finds it ready;
    /// 250 ms otherwise.
    pub fn linger(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// Listens on a topic, most often a wildcard such as `orders.>`, to say what else came: the failure text of an
    /// expectation that stayed silent names the topics that messages of its scenario came on and nothing listened
    /// to, such as the one that a service misspelt. Scenarios get no message by it and none is logged as a surprise.
    ///
    /// The wildcards are the transport's own. The broker sends everything on the topic to this process, for as long
    /// as the harness is connected.
    ///
    /// ```
    /// # use choreo::prelude::*;
    /// #[choreo::harness]
    /// async fn shop() -> choreo::Result<Harness> {
    ///     Harness::builder(Memory::new())
    ///         .correlation(FieldCorrelation::new("correlation_id"))
    ///         .watch("orders.>")
    ///         .connect()
    ///         .await
    /// }
    /// ```
    pub fn watch(mut self, topic: impl Into<String>) -> Self {
        self.watched.push(topic.into());
        self
    }

    /// Where the search for `choreo.toml` begins: the package's folder otherwise
    /// (`CARGO_MANIFEST_DIR`), or the current one.
    pub fn package(mut self, folder: impl Into<PathBuf>) -> Self {
        self.package = Some(folder.into());
        self
    }

    /// Keeps a value until the harness is closed, which the runner does at the end of the run, and drops
    /// it then: the handle of a broker or of a service that was started for these scenarios.
    ///
    /// Values are dropped in the order in which they were handed over, also when the connect fails.
    pub fn keep(mut self, value: impl Send + 'static) -> Self {
        self.kept.push(Box::new(value));
        self
    }

    /// How long the broker may take.
    pub(crate) fn readiness(&self) -> Duration {
        self.ready_timeout
    }

    /// Checks the endpoints against the allowlist and [`without_id`](Self::without_id) against the policy, then
    /// connects.
    ///
    /// # Errors
    ///
    /// When an endpoint is neither loopback nor allowed (before any socket is opened), when the
    /// allowlist cannot be read, when the broker cannot be reached or refuses, or when a topic cannot be watched.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn connect(self) -> Result<Harness> {
        let endpoints = self.transport.endpoints();
        if !endpoints.is_empty() {
            let folder = self
                .package
                .or_else(package_folder)
                .unwrap_or_else(|| PathBuf::from("."));
            let allowlist = Allowlist::discover(&folder)?;
            if let Some(file) = allowlist.files().first() {
                choreo_runner::note_allowlist(file);
            }
            for endpoint in &endpoints {
                allowlist.check(self.transport.name(), endpoint)?;
            }
        }
        let transport: Arc<str> = self.transport.name().into();
        let router = Router::new(RouterConfig {
            codec: self.codec,
            correlation: self.correlation,
            capabilities: self.transport.capabilities(),
            address: address(&endpoints),
            without_id: self.without_id.unwrap_or_default(),
            linger: self.linger,
            ready_timeout: self.ready_timeout,
        });
        let events = {
            let router = Arc::downgrade(&router);
            ConnectionEvents::new(move |event| {
                if let Some(router) = router.upgrade() {
                    router.on_event(event);
                }
            })
        };
        // From here on its drop ends the router's task, whatever happens to the connect.
        let inner = Arc::new(Inner {
            router,
            transport,
            timeout: self.timeout,
            kept: Mutex::new(self.kept),
        });
        if let Some(without_id @ (WithoutId::Ignore | WithoutId::Fail)) = self.without_id
            && !inner.router.routes()
        {
            return Err(ErrorKind::WithoutPolicy(without_id).into());
        }
        inner.router.attach(self.transport.connect(events).await?);
        let harness = Harness { inner };
        if let Err(error) = harness.watch(&self.watched).await {
            harness.close().await;
            return Err(error.into());
        }
        let inner = &harness.inner;
        if !inner.router.routes() && !endpoints.is_empty() {
            tracing::warn!(
                transport = &*inner.transport,
                "no correlation policy on a real broker: every scenario sees every message, also those of \
                 other processes; the scenarios of this one run one at a time"
            );
        }
        Ok(harness)
    }
}

fn address(endpoints: &[Endpoint]) -> Option<String> {
    let endpoints: Vec<_> = endpoints.iter().map(ToString::to_string).collect();
    (!endpoints.is_empty()).then(|| endpoints.join(", "))
}

fn package_folder() -> Option<PathBuf> {
    std::env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .or_else(|| std::env::current_dir().ok())
}

impl fmt::Debug for HarnessBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HarnessBuilder")
            .field("transport", &self.transport.name())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Memory;

    #[tokio::test]
    async fn what_is_kept_lives_until_the_harness_is_closed() {
        let service = Arc::new(());
        let builder = Harness::builder(Memory::new()).keep(Arc::clone(&service));
        let harness = builder.connect().await.expect("memory connects");
        assert_eq!(Arc::strong_count(&service), 2);
        harness.close().await;
        assert_eq!(Arc::strong_count(&service), 1);
    }

    #[tokio::test]
    async fn what_is_kept_goes_when_the_connect_fails() {
        let broker = Memory::new();
        broker.break_connections("it is gone");
        let service = Arc::new(());
        let builder = Harness::builder(broker).keep(Arc::clone(&service));
        assert!(builder.connect().await.is_err());
        assert_eq!(Arc::strong_count(&service), 1);
    }
}
