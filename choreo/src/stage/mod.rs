#![doc = include_str!("../../docs/stage.md")]

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use self::bridge::{DynBridge, fresh_id, wire_id};
use crate::act::{Act, Leg};
use crate::error::{Error, ErrorKind, Result};
use crate::harness::{Harness, HarnessBuilder};

pub use self::bridge::{CorrelationBridge, IdentityBridge, MappedBridge};
pub use crate::correlation::BridgeError;

mod bridge;

/// The transports of a stage: a struct whose fields are harnesses. Implemented by
/// [`#[derive(Stage)]`](macro@crate::Stage), which also makes the struct of builders.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the transports of a stage",
    label = "not a struct of harnesses",
    note = "put `#[derive(Stage)]` above a struct with one `Harness` field for each transport"
)]
pub trait Transports: Sized + Send + Sync + 'static {
    /// A struct with the same fields, of type [`HarnessBuilder`].
    type Builders;

    /// The names of the fields, in order.
    const NAMES: &'static [&'static str];

    /// The builders, in the order of the fields.
    fn builders(builders: Self::Builders) -> Vec<HarnessBuilder>;

    /// The struct, from one harness for each field, in order.
    fn from_harnesses(harnesses: Vec<Harness>) -> Self;

    /// The harnesses, in the order of the fields.
    fn harnesses(&self) -> Vec<&Harness>;
}

/// What a field of a stage is: a [`Harness`], and nothing else.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a field of a stage is a `Harness`, and this one is `{Self}`",
    label = "not a `Harness`",
    note = "write `Harness` here; what is no transport of the stage stands outside of it"
)]
pub trait StageField {
    fn new(harness: Harness) -> Self;
    fn harness(&self) -> &Harness;
}

impl StageField for Harness {
    fn new(harness: Harness) -> Self {
        harness
    }

    fn harness(&self) -> &Harness {
        self
    }
}

/// Several harnesses that scenarios use together, with what ties their ids. Clones share it.
pub struct Stage<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    transports: T,
    labels: Vec<Arc<str>>,
    bridge: Arc<dyn DynBridge>,
    timeout: Option<Duration>,
}

impl<T> Clone for Stage<T> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<T: Transports> fmt::Debug for Stage<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stage").field(&T::NAMES).finish()
    }
}

impl<T: Transports> Stage<T> {
    /// Starts the description of a stage: what each transport is to be, in the struct that
    /// `#[derive(Stage)]` makes beside yours (`GatewayBuilder` for `Gateway`).
    pub fn builder(builders: T::Builders) -> StageBuilder<T> {
        StageBuilder {
            builders,
            bridge: Arc::new(IdentityBridge),
            timeout: None,
        }
    }

    /// Its harnesses.
    pub fn transports(&self) -> &T {
        &self.inner.transports
    }

    /// Whether ids keep concurrent scenarios apart on every transport.
    pub fn isolates(&self) -> bool {
        self.transports()
            .harnesses()
            .iter()
            .all(|harness| harness.isolates())
    }

    /// Closes every harness, the last one first; running scenarios end as error.
    pub async fn close(&self) {
        for harness in self.transports().harnesses().into_iter().rev() {
            harness.close().await;
        }
    }

    pub(crate) async fn open(&self, name: Arc<str>, timeout: Option<Duration>) -> Result<Arc<Act>> {
        let inner = &self.inner;
        let harnesses = inner.transports.harnesses();
        let bound = harnesses.iter().map(|harness| harness.ready_timeout());
        let bound = bound.max().expect("a stage has a transport");
        let id = fresh_id(&*inner.bridge, bound).await?;
        let mut legs: Vec<Leg> = Vec::with_capacity(harnesses.len());
        for (harness, label) in harnesses.iter().zip(&inner.labels) {
            let id = if harness.isolates() {
                Some(wire_id(&*inner.bridge, &id, label, bound).await?)
            } else {
                None
            };
            legs.push(harness.leg(Some(Arc::clone(label)), id));
        }
        let longest = harnesses.iter().map(|harness| harness.timeout()).max();
        let timeout = timeout
            .or(inner.timeout)
            .or(longest)
            .expect("a stage has a transport");
        Ok(Act::open(
            legs,
            Some(id),
            Some(inner.bridge.name()),
            name,
            timeout,
        ))
    }
}

/// What a stage is to be. See [`Stage::builder`].
#[must_use = "a stage exists once it is connected: call `.connect().await`"]
pub struct StageBuilder<T: Transports> {
    builders: T::Builders,
    bridge: Arc<dyn DynBridge>,
    timeout: Option<Duration>,
}

impl<T: Transports> fmt::Debug for StageBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StageBuilder").field(&T::NAMES).finish()
    }
}

impl<T: Transports> StageBuilder<T> {
    /// How a scenario's id looks on each transport; the same on all otherwise.
    pub fn bridge(mut self, bridge: impl CorrelationBridge) -> Self {
        self.bridge = Arc::new(bridge);
        self
    }

    /// The timeout of scenarios that name none; otherwise the longest of the transports' own.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Checks the bridge, then connects the transports in the order of the fields. When one cannot be
    /// reached the others are tried all the same, so that the error names every one that is missing;
    /// those that are connected are closed again, the last one first.
    ///
    /// # Errors
    ///
    /// When a transport cannot be connected, or the bridge does not fit the stage.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn connect(self) -> Result<Stage<T>> {
        let builders = T::builders(self.builders);
        let bound = builders.iter().map(HarnessBuilder::readiness).max();
        check_bridge(&*self.bridge, T::NAMES, bound.unwrap_or_default()).await?;
        let mut connected = Connected(Vec::with_capacity(T::NAMES.len()));
        let mut failures: Vec<(&str, Error)> = Vec::new();
        for (name, builder) in T::NAMES.iter().zip(builders) {
            match builder.connect().await {
                Ok(harness) => connected.0.push(harness),
                Err(error) => failures.push((name, error)),
            }
        }
        if let Some(error) = joined(&failures) {
            while let Some(harness) = connected.0.pop() {
                harness.close().await;
            }
            return Err(error);
        }
        let connected = std::mem::take(&mut connected.0);
        Ok(Stage {
            inner: Arc::new(Inner {
                transports: T::from_harnesses(connected),
                labels: T::NAMES.iter().map(|name| Arc::from(*name)).collect(),
                bridge: self.bridge,
                timeout: self.timeout,
            }),
        })
    }
}

/// The harnesses of a stage that is not whole yet. Given up, by a panic or because nobody waits for it any
/// more, the last one goes first.
struct Connected(Vec<Harness>);

impl Drop for Connected {
    fn drop(&mut self) {
        while let Some(harness) = self.0.pop() {
            drop(harness);
        }
    }
}

/// One error for all transports that are missing. A single one that asks to skip stays a skip.
fn joined(failures: &[(&str, Error)]) -> Option<Error> {
    let skips = failures
        .iter()
        .all(|(_, error)| matches!(error.kind(), ErrorKind::Skip(_)));
    let texts: Vec<_> = failures
        .iter()
        .map(|(name, error)| match error.kind() {
            ErrorKind::Skip(reason) => format!("transport `{name}`: {reason}"),
            _ => format!("transport `{name}`: {error}"),
        })
        .collect();
    match failures.len() {
        0 => None,
        _ if skips => Some(Error::skip(texts.join("; "))),
        _ => Some(Error::harness(texts.join("; "))),
    }
}

/// What can be known of a bridge before the first scenario: that it has a rule for each transport, and
/// that two ids of its own stay two on each.
async fn check_bridge(
    bridge: &dyn DynBridge,
    names: &[&str],
    bound: Duration,
) -> Result<(), BridgeError> {
    if let Some(known) = bridge.transports() {
        let missing: Vec<_> = names
            .iter()
            .filter(|name| !known.iter().any(|other| other == *name))
            .map(|name| format!("`{name}`"))
            .collect();
        let unknown: Vec<_> = known
            .iter()
            .filter(|name| !names.contains(&name.as_str()))
            .map(|name| format!("`{name}`"))
            .collect();
        let twice: Vec<_> = known
            .iter()
            .enumerate()
            .filter(|(index, name)| known[..*index].iter().filter(|it| it == name).count() == 1)
            .map(|(_, name)| format!("`{name}`"))
            .collect();
        let mut parts = Vec::new();
        if !missing.is_empty() {
            parts.push(format!("has no rule for {}", missing.join(", ")));
        }
        if !unknown.is_empty() {
            let unknown = unknown.join(", ");
            parts.push(format!("has a rule for {unknown}, which the stage has not"));
        }
        if !twice.is_empty() {
            let twice = twice.join(", ");
            parts.push(format!("has more than one rule for {twice}: keep one"));
        }
        if !parts.is_empty() {
            let reason = format!("the bridge {}", parts.join(", and "));
            return Err(BridgeError::new(reason));
        }
    }
    // A bridge may know only the ids that it gave itself.
    let (one, other) = (
        fresh_id(bridge, bound).await?,
        fresh_id(bridge, bound).await?,
    );
    for name in names {
        let wire = wire_id(bridge, &one, name, bound).await?;
        if wire == wire_id(bridge, &other, name, bound).await? {
            return Err(BridgeError::new(format!(
                "the bridge gives two scenarios the same id on `{name}`: their messages could not be \
                 told apart"
            )));
        }
    }
    Ok(())
}
