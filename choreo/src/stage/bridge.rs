//! From a scenario's id to the ids that its messages carry on each transport.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use choreo_runner::BoxFuture;

use crate::correlation::BridgeError;
use crate::ids::CorrelationId;

/// The longest id that a bridge may give a transport, in bytes.
const MAX_ID_BYTES: usize = 1024;

/// How one scenario's id looks on each transport of a stage.
///
/// Use [`IdentityBridge`] where the system under test hands ids on unchanged, [`MappedBridge`] where it
/// rewrites them by a rule, and an implementation of your own where somebody has to be asked.
///
/// ```
/// use choreo::CorrelationId;
/// use choreo::prelude::*;
/// use choreo::stage::{BridgeError, CorrelationBridge};
///
/// /// The gateway prefixes what it takes over to Kafka.
/// struct Prefixing;
///
/// impl CorrelationBridge for Prefixing {
///     async fn fresh(&self) -> Result<CorrelationId, BridgeError> {
///         Ok(CorrelationId::random(""))
///     }
///     async fn to_wire(&self, id: &CorrelationId, transport: &str) -> Result<String, BridgeError> {
///         Ok(match transport {
///             "kafka" => format!("gw:{id}"),
///             _ => id.to_string(),
///         })
///     }
/// }
///
/// #[derive(Stage)]
/// struct Gateway {
///     nats: Harness,
///     kafka: Harness,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> choreo::Result<()> {
/// let stage = Stage::<Gateway>::builder(GatewayBuilder {
///     nats: Harness::builder(Memory::new()).correlation(FieldCorrelation::new("trace")),
///     kafka: Harness::builder(Memory::new()).correlation(FieldCorrelation::new("trace")),
/// })
/// .bridge(Prefixing)
/// .connect()
/// .await?;
///
/// let mut scope = stage.scenario("under another runner").open().await?;
/// let s = scope.arrange();
/// // Stands for the gateway: an answer that hands on what came has the id's form on its transport.
/// reply!(s.nats, "orders.new" => s.kafka, "orders.taken", |order| order);
/// expect!(s.nats, "orders.new", { trace: !(prefix "gw:") });
/// expect!(s.kafka, "orders.taken", { item: "pen", trace: prefix "gw:" });
/// publish!(s.nats, "orders.new", { item: "pen" });
/// settle!(s).assert_passed();
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a bridge of correlation ids",
    label = "not a bridge",
    note = "give `IdentityBridge`, `MappedBridge::new().map(\"nats\", |id| …)` with a rule for each transport, or a type of your own that implements `CorrelationBridge`"
)]
pub trait CorrelationBridge: Send + Sync + 'static {
    /// The id of a new scenario. A stage that connects asks for two and compares their forms.
    ///
    /// # Errors
    ///
    /// When there is none to be had: the scenario ends as error, and the stage does not connect.
    fn fresh(&self) -> impl Future<Output = Result<CorrelationId, BridgeError>> + Send;

    /// What messages of the scenario carry on a transport, named as the stage's field. Two scenarios must
    /// never get the same.
    ///
    /// # Errors
    ///
    /// When the id has no form there: the scenario ends as error.
    fn to_wire(
        &self,
        id: &CorrelationId,
        transport: &str,
    ) -> impl Future<Output = Result<String, BridgeError>> + Send;

    /// The transports that the bridge has rules for, when it has rules for each: a stage with others is
    /// refused when it connects, and so is a transport that stands here twice.
    fn transports(&self) -> Option<Vec<String>> {
        None
    }
}

/// The same id on every transport.
#[derive(Debug, Clone, Copy, Default)]
pub struct IdentityBridge;

impl CorrelationBridge for IdentityBridge {
    async fn fresh(&self) -> Result<CorrelationId, BridgeError> {
        Ok(CorrelationId::random(""))
    }

    async fn to_wire(&self, id: &CorrelationId, _: &str) -> Result<String, BridgeError> {
        Ok(id.as_str().to_owned())
    }
}

type Rule = dyn Fn(&str) -> String + Send + Sync;

/// A function for each transport.
///
/// ```
/// use choreo::stage::MappedBridge;
///
/// let bridge = MappedBridge::new()
///     .map("nats", |id| format!("TEST-{id}"))
///     .map("kafka", |id| format!("gw:TEST-{id}"));
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct MappedBridge {
    rules: Vec<(String, Arc<Rule>)>,
}

impl MappedBridge {
    /// Without any transport.
    pub fn new() -> Self {
        Self::default()
    }

    /// The form of an id on one transport, named as the stage's field. Different ids must give different
    /// texts. A stage refuses two rules for one transport when it connects.
    pub fn map(
        mut self,
        transport: impl Into<String>,
        rule: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        self.rules.push((transport.into(), Arc::new(rule)));
        self
    }
}

impl fmt::Debug for MappedBridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.rules.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

impl CorrelationBridge for MappedBridge {
    async fn fresh(&self) -> Result<CorrelationId, BridgeError> {
        Ok(CorrelationId::random(""))
    }

    async fn to_wire(&self, id: &CorrelationId, transport: &str) -> Result<String, BridgeError> {
        match self.rules.iter().find(|(name, _)| name == transport) {
            Some((_, rule)) => Ok(rule(id.as_str())),
            None => Err(BridgeError::new(format!(
                "there is no rule for `{transport}`: add `.map({transport:?}, |id| …)`"
            ))),
        }
    }

    fn transports(&self) -> Option<Vec<String>> {
        Some(self.rules.iter().map(|(name, _)| name.clone()).collect())
    }
}

/// Any bridge.
pub(super) trait DynBridge: Send + Sync {
    fn fresh(&self) -> BoxFuture<'_, Result<CorrelationId, BridgeError>>;
    fn to_wire<'a>(
        &'a self,
        id: &'a CorrelationId,
        transport: &'a str,
    ) -> BoxFuture<'a, Result<String, BridgeError>>;
    fn transports(&self) -> Option<Vec<String>>;
    /// The type's own.
    fn name(&self) -> &'static str;
}

impl<B: CorrelationBridge> DynBridge for B {
    fn name(&self) -> &'static str {
        let path = std::any::type_name::<B>();
        let end = path.find('<').unwrap_or(path.len());
        path[..end].rsplit("::").next().unwrap_or(path)
    }

    fn fresh(&self) -> BoxFuture<'_, Result<CorrelationId, BridgeError>> {
        Box::pin(CorrelationBridge::fresh(self))
    }

    fn to_wire<'a>(
        &'a self,
        id: &'a CorrelationId,
        transport: &'a str,
    ) -> BoxFuture<'a, Result<String, BridgeError>> {
        Box::pin(CorrelationBridge::to_wire(self, id, transport))
    }

    fn transports(&self) -> Option<Vec<String>> {
        CorrelationBridge::transports(self)
    }
}

/// What a bridge answers, however its code ends; `what` names the call.
async fn answer<T>(
    what: &str,
    bound: Duration,
    asked: BoxFuture<'_, Result<T, BridgeError>>,
) -> Result<T, String> {
    let asked = tokio::time::timeout(bound, choreo_runner::catch_panic(asked));
    match asked.await {
        Ok(Ok(answer)) => answer.map_err(|error| error.to_string()),
        Ok(Err(panic)) => Err(format!("its `{what}` panicked: {}", panic.message)),
        Err(_) => Err(format!("its `{what}` did not answer within {bound:?}")),
    }
}

/// The id of a new scenario.
pub(super) async fn fresh_id(
    bridge: &dyn DynBridge,
    bound: Duration,
) -> Result<CorrelationId, BridgeError> {
    let wrong = |reason| format!("the bridge has no id for a new scenario: {reason}");
    let fresh = answer("fresh", bound, bridge.fresh()).await;
    fresh.map_err(|reason| BridgeError::new(wrong(reason)))
}

/// The id on one transport, checked.
pub(super) async fn wire_id(
    bridge: &dyn DynBridge,
    id: &CorrelationId,
    transport: &str,
    bound: Duration,
) -> Result<CorrelationId, BridgeError> {
    let wrong = |reason: String| {
        BridgeError::new(format!(
            "the bridge has no id for the transport `{transport}`: {reason}"
        ))
    };
    let text = answer("to_wire", bound, bridge.to_wire(id, transport)).await;
    let text = text.map_err(wrong)?;
    match text.len() {
        0 => Err(wrong("it gave an empty text".to_owned())),
        length if length > MAX_ID_BYTES => Err(wrong(format!(
            "its text has {length} bytes, and {MAX_ID_BYTES} is the limit"
        ))),
        _ => Ok(CorrelationId::new(text)),
    }
}
