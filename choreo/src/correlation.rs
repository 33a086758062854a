//! Which scenario a message belongs to: policies that stamp an id on what goes out and read it from
//! what comes in.

use serde_json::{Map, Value};

use crate::codec::Incoming;
use crate::envelope::{Body, Draft};
use crate::ids::CorrelationId;

/// Why a policy would not stamp a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CorrelationError {
    /// The message names an id outside the policy's namespace.
    #[error(
        "the message carries a correlation id in `{place}` that does not start with `{prefix}`: leave \
         the field out, or take an id from this namespace"
    )]
    OutsideNamespace {
        /// The field or header.
        place: String,
        /// What every id of the policy starts with.
        prefix: String,
    },
    /// The scenario's own id, which a stage's bridge gave, is outside the policy's namespace.
    #[error(
        "the scenario's correlation id does not start with `{prefix}`, as every id in `{place}` must: let the \
         stage's bridge add it, as in `MappedBridge::new().map(\"nats\", |id| format!(\"{prefix}{{id}}\"))`"
    )]
    BridgeWithoutPrefix {
        /// The field or header.
        place: String,
        /// What every id of the policy starts with.
        prefix: String,
    },
    /// The policy has a reason of its own.
    #[error("{0}")]
    Refused(String),
}

/// Why the bridge of a [stage](mod@crate::stage) has no id. Holds no id: those belong into no log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BridgeError(String);

impl BridgeError {
    /// With a reason of its own.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// How ids travel. Implement it when neither a field nor a header carries yours.
///
/// ```
/// use choreo::correlation::{Correlation, CorrelationError};
/// use choreo::{CorrelationId, Draft, Incoming};
///
/// /// The id is the record's key.
/// struct KeyCorrelation;
///
/// impl Correlation for KeyCorrelation {
///     fn new_id(&self) -> Option<CorrelationId> {
///         Some(CorrelationId::random(""))
///     }
///     fn stamp(&self, draft: &mut Draft, id: &CorrelationId) -> Result<bool, CorrelationError> {
///         draft.key = Some(id.as_str().to_owned().into());
///         Ok(true)
///     }
///     fn extract(&self, message: &Incoming) -> Option<CorrelationId> {
///         let key = message.envelope().key.as_ref()?;
///         Some(CorrelationId::new(std::str::from_utf8(key).ok()?))
///     }
///     fn describe(&self) -> String {
///         "the key".to_owned()
///     }
/// }
/// ```
pub trait Correlation: Send + Sync + 'static {
    /// The id of a new scenario; `None` when the policy does not route, so that every scenario sees
    /// every message.
    fn new_id(&self) -> Option<CorrelationId>;

    /// Puts the id on a message. `Ok(false)` when the message cannot carry it (raw bytes for a field
    /// policy): it goes out unstamped, and the failure text says so.
    ///
    /// # Errors
    ///
    /// When the message must not go out.
    fn stamp(&self, draft: &mut Draft, id: &CorrelationId) -> Result<bool, CorrelationError>;

    /// The id that a message carries. Runs in the receive task: it must be quick and must not block.
    ///
    /// It may look in several places, by asking other policies one after the other, and it may remember: a
    /// policy that has seen an order's own number beside its id knows whose the number is from then on.
    fn extract(&self, message: &Incoming) -> Option<CorrelationId>;

    /// Where the id is, for failure texts: "field `correlation_id`".
    fn describe(&self) -> String;
}

/// No ids: every message goes to every open scenario, so the runner runs them one at a time. Other
/// processes on the same broker are not kept away.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCorrelation;

impl Correlation for NoCorrelation {
    fn new_id(&self) -> Option<CorrelationId> {
        None
    }

    fn stamp(&self, _: &mut Draft, _: &CorrelationId) -> Result<bool, CorrelationError> {
        Ok(false)
    }

    fn extract(&self, _: &Incoming) -> Option<CorrelationId> {
        None
    }

    fn describe(&self) -> String {
        "no correlation".to_owned()
    }
}

/// The id is a text field of an object payload.
#[derive(Debug, Clone)]
pub struct FieldCorrelation {
    path: Vec<String>,
    prefix: String,
}

impl FieldCorrelation {
    /// A field by its path: `"correlation_id"`, or `"meta.correlation_id"` for a nested one. Objects on
    /// the way that are missing are made.
    pub fn new(path: &str) -> Self {
        Self {
            path: path.split('.').map(str::to_owned).collect(),
            prefix: String::new(),
        }
    }

    /// Every id starts with this, and a message that names another id is refused: for brokers shared
    /// with others, whose ingress filters on it.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    fn place(&self) -> String {
        self.path.join(".")
    }
}

/// Field `correlation_id` with ids that start with `TEST-`, for downstream filters on test traffic.
pub fn test_namespace() -> FieldCorrelation {
    FieldCorrelation::new("correlation_id").prefix("TEST-")
}

impl Correlation for FieldCorrelation {
    fn new_id(&self) -> Option<CorrelationId> {
        Some(CorrelationId::random(&self.prefix))
    }

    fn stamp(&self, draft: &mut Draft, id: &CorrelationId) -> Result<bool, CorrelationError> {
        has_prefix(id, &self.prefix, || self.place())?;
        let Body::Value(Value::Object(object)) = &mut draft.body else {
            return Ok(false);
        };
        let Some((field, parents)) = self.path.split_last() else {
            return Ok(false);
        };
        let mut object = object;
        for parent in parents {
            let child = object
                .entry(parent.as_str())
                .or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(child) = child else {
                return Ok(false);
            };
            object = child;
        }
        match object.get(field) {
            None => {
                object.insert(field.clone(), Value::from(id.as_str()));
                Ok(true)
            }
            // An id that the test wrote itself stays: that is how tests send foreign messages.
            Some(Value::String(own)) if own.starts_with(&self.prefix) => Ok(own == id.as_str()),
            Some(_) if self.prefix.is_empty() => Ok(false),
            Some(_) => Err(CorrelationError::OutsideNamespace {
                place: self.place(),
                prefix: self.prefix.clone(),
            }),
        }
    }

    fn extract(&self, message: &Incoming) -> Option<CorrelationId> {
        let mut value = message.decoded().ok()?;
        for key in &self.path {
            value = value.as_object()?.get(key)?;
        }
        value.as_str().map(CorrelationId::new)
    }

    fn describe(&self) -> String {
        format!("field `{}`", self.place())
    }
}

/// The id is a header. Needs a transport with headers.
#[derive(Debug, Clone)]
pub struct HeaderCorrelation {
    name: String,
    prefix: String,
}

impl HeaderCorrelation {
    /// A header by its name; ASCII case does not matter.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            prefix: String::new(),
        }
    }

    /// Every id starts with this, and a message that names another id is refused.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }
}

impl Correlation for HeaderCorrelation {
    fn new_id(&self) -> Option<CorrelationId> {
        Some(CorrelationId::random(&self.prefix))
    }

    fn stamp(&self, draft: &mut Draft, id: &CorrelationId) -> Result<bool, CorrelationError> {
        has_prefix(id, &self.prefix, || self.name.clone())?;
        match draft.headers.get(&self.name) {
            None => {
                draft.headers.set(self.name.clone(), id.as_str());
                Ok(true)
            }
            Some(own) if own.starts_with(&self.prefix) => Ok(own == id.as_str()),
            Some(_) => Err(CorrelationError::OutsideNamespace {
                place: self.name.clone(),
                prefix: self.prefix.clone(),
            }),
        }
    }

    fn extract(&self, message: &Incoming) -> Option<CorrelationId> {
        message
            .envelope()
            .headers
            .get(&self.name)
            .map(CorrelationId::new)
    }

    fn describe(&self) -> String {
        format!("header `{}`", self.name)
    }
}

/// Policies make ids with their prefix; the bridge of a stage may not.
fn has_prefix(
    id: &CorrelationId,
    prefix: &str,
    place: impl FnOnce() -> String,
) -> Result<(), CorrelationError> {
    if id.as_str().starts_with(prefix) {
        return Ok(());
    }
    Err(CorrelationError::BridgeWithoutPrefix {
        place: place(),
        prefix: prefix.to_owned(),
    })
}

/// What happens to a message that carries no id, on a harness whose policy routes. Where none does, all messages
/// reach every scenario, and a harness that asks for anything else cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum WithoutId {
    /// It reaches no scenario; it is counted, and the failure text mentions it. The default.
    #[default]
    Ignore,
    /// It reaches every open scenario on its topic.
    Broadcast,
    /// Every open scenario on its topic ends as error: the system must always carry the id.
    Fail,
}
