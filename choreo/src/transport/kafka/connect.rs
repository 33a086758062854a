//! The connect: settings, credentials, the first answer of a broker, and the check of the addresses that it
//! advertises.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::consumer::BaseConsumer;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{FutureProducer, Producer as _};
use tokio::sync::oneshot;

use super::Kafka;
use super::auth::KafkaAuth;
use super::cluster::{Cluster, NO_TOPIC, left};
use super::connection::KafkaConnection;
use super::consumer::Reading;
use super::context::{Context, Tokens};
use super::group::Group;
use super::link::{Link, SharedLink};
use super::routes::Routes;
use super::settings::{Settings, refusal, words};
use crate::ids::CorrelationId;
use crate::safety::Allowlist;
use crate::secret::Credentials;
use crate::transport::{ConnectionEvents, Endpoint, Transport as _, TransportError};

/// How soon the thread that waits for a connection notices that the connect was given up. Once a broker has
/// been asked, it waits for the answer.
const SLICE: Duration = Duration::from_millis(200);

impl Kafka {
    pub(super) async fn open(
        &self,
        events: ConnectionEvents,
    ) -> Result<KafkaConnection, TransportError> {
        if let Some(problem) = &self.problem {
            return Err(self.refused(problem));
        }
        let auth = match &self.auth {
            None => None,
            Some(credentials) => {
                let resolved = credentials.resolve().await;
                Some(resolved.map_err(|error| self.refused(error.to_string()))?)
            }
        };
        self.check_features(auth.as_deref())?;

        let link = Arc::new(Link::new(self.address(), events));
        let tokens = Arc::new(Tokens::default());
        if let Some(auth) = &auth {
            link.hide(auth.secret().clone());
        }
        let token = auth.as_deref().and_then(KafkaAuth::token).cloned();
        let lifetime = token.as_ref().map(|token| token.lifetime);
        if let Some(token) = token {
            tokens.set(token);
        }
        let settings = Settings::new(self, auth);
        let context = Context::new(Arc::clone(&link), Arc::clone(&tokens));
        // Ends the work below when this future is dropped.
        let mut guard = Guard(Some(Arc::clone(&link)));
        let this = self.clone();
        let (alive, gone) = oneshot::channel();
        let work = {
            let link = Arc::clone(&link);
            tokio::task::spawn_blocking(move || this.make(link, context, settings, alive))
        };
        // It ends soon after something went wrong, and knows best what it was.
        let made = work.await;
        let reading = made.map_err(|_| self.refused("the work on it was interrupted"))??;
        let renewal = match (&self.auth, lifetime) {
            (Some(credentials), Some(lifetime)) => {
                let renewing = renew(credentials.clone(), lifetime, tokens, link);
                Some(tokio::spawn(renewing).abort_handle())
            }
            _ => None,
        };
        guard.0 = None;
        KafkaConnection::start(reading, gone, renewal, self.connect_timeout)
    }

    fn check_features(&self, auth: Option<&KafkaAuth>) -> Result<(), TransportError> {
        if cfg!(feature = "kafka-tls") {
            #[cfg(feature = "kafka-tls")]
            if let Some(reason) = self
                .tls
                .as_ref()
                .and_then(crate::transport::Tls::missing_file)
            {
                return Err(self.refused(reason));
            }
            return Ok(());
        }
        let what = match auth {
            _ if self.tls.is_some() => "TLS",
            Some(auth) if auth.needs_openssl() => auth.mechanism(),
            _ => return Ok(()),
        };
        Err(self.refused(format!(
            "{what} needs the feature `kafka-tls` of `choreo-harness`: switch it on in Cargo.toml"
        )))
    }

    /// Makes the clients. Blocks; ends soon after the link was closed, or with the answer of a broker.
    fn make(
        &self,
        link: SharedLink,
        context: Context,
        settings: Settings,
        alive: oneshot::Sender<()>,
    ) -> Result<Reading, TransportError> {
        let producer: FutureProducer<Context> = settings
            .producer(self.connect_timeout)
            .create_with_context(context.clone())
            .map_err(|error| self.refused(refusal(&error)))?;
        // The producer asks first: it connects to what was given only, and a consumer would go on to the
        // addresses in the answer.
        self.first_answer(&link, &producer)?;
        let routes = Arc::new(Routes::default());
        let (group, config, consumer_context) = match &self.group {
            None => {
                // The client wants one; nothing is committed for it.
                let name = CorrelationId::random("choreo-");
                (None, settings.consumer(name.as_str()), context.clone())
            }
            Some(name) => {
                let group = Arc::new(Group::new(
                    Arc::clone(&routes),
                    self.start,
                    Arc::clone(&link),
                ));
                let context = context.clone().in_group(Arc::clone(&group));
                (Some(group), settings.member(name), context)
            }
        };
        let consumer: BaseConsumer<Context> = config
            .create_with_context(consumer_context)
            .map_err(|error| self.refused(refusal(&error)))?;
        let cluster = Cluster {
            consumer,
            producer,
            link,
            settings,
            context,
            creator: Mutex::default(),
            create_topics: self.create_topics,
            _alive: alive,
        };
        Ok(Reading::new(cluster, routes, group, self.start))
    }

    fn first_answer(
        &self,
        link: &SharedLink,
        producer: &FutureProducer<Context>,
    ) -> Result<(), TransportError> {
        let deadline = Instant::now() + self.connect_timeout;
        let mut wait = SLICE;
        let metadata = loop {
            let wait_now = wait.min(left(deadline));
            match producer.client().fetch_metadata(Some(NO_TOPIC), wait_now) {
                Ok(metadata) => break metadata,
                Err(error) => {
                    // The reason, such as a wrong password, is on the link.
                    link.ensure_up()?;
                    if Instant::now() >= deadline {
                        return Err(self.refused(words(&error)));
                    }
                    // A broker is connected and has been asked. The client throws away what comes too
                    // late, so the next question gets all of the time.
                    if error.rdkafka_error_code() == Some(RDKafkaErrorCode::OperationTimedOut) {
                        wait = self.connect_timeout;
                    }
                }
            }
        };
        let allowlist = Allowlist::of_package();
        for broker in metadata.brokers() {
            let port = u16::try_from(broker.port()).unwrap_or(0);
            let endpoint = Endpoint::new(broker.host(), port);
            if endpoint.is_loopback() || self.brokers.contains(&endpoint) {
                continue;
            }
            let allowed = match &allowlist {
                Ok(allowlist) => allowlist
                    .check(self.name(), &endpoint)
                    .map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            allowed.map_err(|reason| {
                self.refused(format!(
                    "it tells clients to use {endpoint}, which was not checked: {reason}"
                ))
            })?;
        }
        Ok(())
    }
}

/// Closes the link of a connect that was given up.
struct Guard(Option<SharedLink>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(link) = self.0.take() {
            link.close();
        }
    }
}

/// Asks for a new bearer token well before the client does, which is at 80 % of its life.
async fn renew(
    credentials: Credentials<KafkaAuth>,
    mut lifetime: Duration,
    tokens: Arc<Tokens>,
    link: SharedLink,
) {
    loop {
        tokio::time::sleep_until(tokio::time::Instant::now() + lifetime.mul_f64(0.6)).await;
        match credentials.resolve().await {
            Ok(auth) => {
                if let Some(token) = auth.token() {
                    lifetime = token.lifetime;
                    link.hide(token.token.clone());
                    tokens.set(token.clone());
                }
            }
            Err(error) => tracing::warn!(%error, "the bearer token for Kafka is not renewed"),
        }
    }
}
