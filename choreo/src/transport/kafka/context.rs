//! The client's callbacks: they hand on what they are told, and never block.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, TopicPartitionList};

use super::auth::Token;
use super::group::Group;
use super::link::{SharedLink, locked};

/// What a client of the connection reports to.
#[derive(Clone)]
pub(super) struct Context {
    link: SharedLink,
    tokens: Arc<Tokens>,
    /// Of a consumer that is a member of one.
    group: Option<Arc<Group>>,
}

/// The bearer token in force. Renewed from outside, so that the callback never waits for a resolver.
#[derive(Default)]
pub(super) struct Tokens(Mutex<Option<(Token, SystemTime)>>);

impl Tokens {
    /// Sets the token, which is valid from now on.
    #[expect(
        clippy::disallowed_methods,
        reason = "the client wants the expiry of a token by the wall clock"
    )]
    pub(super) fn set(&self, token: Token) {
        let expiry = SystemTime::now() + token.lifetime;
        *locked(&self.0) = Some((token, expiry));
    }

    fn current(&self) -> Option<OAuthToken> {
        let guard = locked(&self.0);
        let (token, expiry) = guard.as_ref()?;
        let since_epoch = expiry
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Some(OAuthToken {
            token: token.token.expose().to_owned(),
            principal_name: token.principal.clone(),
            lifetime_ms: i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX),
        })
    }
}

impl Context {
    pub(super) fn new(link: SharedLink, tokens: Arc<Tokens>) -> Self {
        Self {
            link,
            tokens,
            group: None,
        }
    }

    pub(super) fn in_group(mut self, group: Arc<Group>) -> Self {
        self.group = Some(group);
        self
    }
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, words: &str) {
        let words = self.link.without_secrets(words);
        tracing::debug!(?level, facility, words, "librdkafka");
    }

    fn stats(&self, _: Statistics) {}

    fn error(&self, error: KafkaError, reason: &str) {
        let code = error
            .rdkafka_error_code()
            .unwrap_or(RDKafkaErrorCode::Unknown);
        self.link.observe(code, reason);
    }

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.tokens
            .current()
            .ok_or_else(|| "no bearer token is given: use `KafkaAuth::oauth_bearer`".into())
    }
}

impl ConsumerContext for Context {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        code: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        // Only a member of a group is told.
        let Some(group) = &self.group else {
            return;
        };
        match group.rebalance(consumer, code, partitions) {
            // What was given up meanwhile.
            Ok(()) => self.link.send(|errand| errand.sweep = true),
            Err(reason) => {
                tracing::debug!(reason, "a rebalance gave nothing to read");
                self.link.send(|errand| errand.out_of_range = true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use tracing::field::{Field, Visit};
    use tracing::span;

    use super::super::link::Link;
    use super::*;
    use crate::secret::Secret;
    use crate::transport::ConnectionEvents;

    /// Keeps the text of every event.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<String>>);

    impl tracing::Subscriber for Log {
        fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }
        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn event(&self, event: &tracing::Event<'_>) {
            event.record(&mut self.clone());
        }
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }

    impl Visit for Log {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            *locked(&self.0) += &format!("{field}: {value:?}\n");
        }
    }

    #[test]
    fn what_the_client_says_shows_no_secret_old_or_new() {
        let link = Arc::new(Link::new("Kafka".into(), ConnectionEvents::new(|_| {})));
        let context = Context::new(Arc::clone(&link), Arc::default());
        link.hide(Secret::from("s3ntinel-1"));
        link.hide(Secret::from("s3ntinel-2"));
        let log = Log::default();
        tracing::subscriber::with_default(log.clone(), || {
            for token in ["s3ntinel-1", "s3ntinel-2"] {
                let words = format!("the broker says: {token} is not good");
                context.log(RDKafkaLogLevel::Error, "FAIL", &words);
                let code = RDKafkaErrorCode::BrokerTransportFailure;
                context.error(KafkaError::Global(code), &words);
            }
        });
        let log = locked(&log.0).clone();
        assert!(log.contains("<redacted> is not good"), "{log}");
        assert!(!log.contains("s3ntinel"), "{log}");
    }
}
