//! One transport of an act. A plain harness is a stage of one.

use std::sync::{Arc, OnceLock};

use super::unsupported::Abilities;
use crate::correlation::Correlation;
use crate::dispatch::Router;
use crate::ids::CorrelationId;
use crate::outcome::LegInfo;
use crate::timeline::Place;

pub(crate) struct Leg {
    pub(crate) info: Arc<LegInfo>,
    pub(crate) router: Arc<Router>,
    /// The topic for answers to this scenario's requests, once it was asked for.
    pub(super) inbox: OnceLock<Arc<str>>,
}

impl Leg {
    /// `label` is the name in the stage, `id` what the scenario's messages carry there.
    pub(crate) fn new(
        label: Option<Arc<str>>,
        router: &Arc<Router>,
        transport: &Arc<str>,
        id: Option<CorrelationId>,
    ) -> Self {
        let info = LegInfo {
            label,
            transport: Arc::clone(transport),
            retention: router.capabilities().retention,
            id,
            correlation: Arc::clone(router.correlation()),
            codec: Arc::clone(router.codec()),
        };
        Self {
            info: Arc::new(info),
            router: Arc::clone(router),
            inbox: OnceLock::new(),
        }
    }

    pub(super) fn id(&self) -> Option<&CorrelationId> {
        self.info.id.as_ref()
    }

    pub(super) fn correlation(&self) -> &dyn Correlation {
        &*self.info.correlation
    }

    /// Why a topic stands for no others here, though it looks so.
    pub(crate) fn no_wildcards(&self, topic: &str) -> Option<String> {
        let lack = self.abilities().no_wildcards(topic)?;
        Some(lack.what)
    }

    /// Where on this transport, for the timeline.
    pub(super) fn place<'a>(&'a self, topic: Option<&'a Arc<str>>) -> Place<'a> {
        Place {
            transport: self.info.label.as_ref(),
            topic,
            ..Place::default()
        }
    }

    pub(super) fn abilities(&self) -> Abilities<'_> {
        Abilities {
            transport: &self.info.transport,
            can: self.router.capabilities(),
        }
    }

    /// Whether a topic is this scenario's inbox.
    pub(super) fn is_inbox(&self, topic: &str) -> bool {
        self.inbox.get().is_some_and(|inbox| &**inbox == topic)
    }
}
