//! Which broker a test run gets: one that is given, one of its own, or one in a container.

use std::fmt;
use std::path::{Path, PathBuf};

use super::given::{self, Given};
use super::nats::NatsServer;
use super::process::StartError;
use super::rabbitmq::{RabbitServer, RabbitUser};
use super::redis::RedisServer;
use crate::secret::Secret;

/// A broker that a test run asks for; nothing runs before [`start`](Self::start).
///
/// See the [module](super) for where it comes from.
#[derive(Debug, Clone)]
#[must_use = "nothing runs before `start`"]
pub struct Broker {
    kind: Kind,
    login: Option<Login>,
    tls: bool,
}

/// The kinds of brokers, with what is said about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Nats,
    Kafka,
    Rabbitmq,
    Redis,
}

/// Who may connect.
#[derive(Debug, Clone)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: Secret,
}

/// A broker for a test run, reachable until this handle is dropped: then what was started for it is
/// stopped and its data removed. Hand it to [`HarnessBuilder::keep`](crate::HarnessBuilder::keep).
#[must_use = "it stops when it is dropped"]
pub struct RunningBroker {
    url: String,
    login: Option<Login>,
    ca_file: Option<PathBuf>,
    // Dropped with the handle, which ends it; none when the broker was given.
    _server: Option<Box<dyn Send + Sync>>,
}

impl Kind {
    #[cfg(all(test, feature = "containers"))]
    pub(super) const ALL: [Self; 4] = [Self::Nats, Self::Kafka, Self::Rabbitmq, Self::Redis];

    fn name(self) -> &'static str {
        match self {
            Self::Nats => "NATS",
            Self::Kafka => "Kafka",
            Self::Rabbitmq => "RabbitMQ",
            Self::Redis => "Redis",
        }
    }

    /// The variables with the URL of a broker that is there already, and with the authority of its
    /// certificate.
    fn variables(self) -> (&'static str, &'static str) {
        match self {
            Self::Nats => ("CHOREO_NATS_URL", "CHOREO_NATS_CA_FILE"),
            Self::Kafka => ("CHOREO_KAFKA_URL", "CHOREO_KAFKA_CA_FILE"),
            Self::Rabbitmq => ("CHOREO_RABBITMQ_URL", "CHOREO_RABBITMQ_CA_FILE"),
            Self::Redis => ("CHOREO_REDIS_URL", "CHOREO_REDIS_CA_FILE"),
        }
    }
}

impl Broker {
    /// A NATS server with JetStream: `nats-server`.
    pub fn nats() -> Self {
        Self::new(Kind::Nats)
    }

    /// A Kafka broker. Unless one is given it is the mock cluster of the client library (feature `kafka`): in
    /// this process, reached over TCP by other processes too, with neither passwords nor TLS. Consumer
    /// groups, transactions and limits are those of a mock.
    pub fn kafka() -> Self {
        Self::new(Kind::Kafka)
    }

    /// A RabbitMQ node: `rabbitmq-server`. It takes two seconds to start.
    pub fn rabbitmq() -> Self {
        Self::new(Kind::Rabbitmq)
    }

    /// A Redis server, for Pub/Sub and Streams: `redis-server`.
    pub fn redis() -> Self {
        Self::new(Kind::Redis)
    }

    fn new(kind: Kind) -> Self {
        Self {
            kind,
            login: None,
            tls: false,
        }
    }

    /// Lets in only who has this name and password. Without it everyone is let in.
    ///
    /// A broker that is given by its URL has users of its own: see [`RunningBroker::login`].
    pub fn auth(mut self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.login = Some(Login {
            user: user.into(),
            password: password.into(),
        });
        self
    }

    /// Talks TLS only, with a certificate for `localhost` and `127.0.0.1` that is made for this run:
    /// see [`RunningBroker::ca_file`].
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Finds or starts it, and returns when it answers. Cancelled, it stops what it has started.
    ///
    /// In a harness function a `?` makes of the error what it means there: scenarios are skipped where
    /// there is no such broker on the machine, and fail where it does not come up.
    ///
    /// # Errors
    ///
    /// [`StartError::Nowhere`] when none is given, none is installed and none can be had in a container;
    /// [`StartError::Given`] when the variable holds no URL; other kinds when it does not come up.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn start(self) -> Result<RunningBroker, StartError> {
        // Starting waits for processes; that is no work for the runtime's own threads.
        let started = tokio::task::spawn_blocking(move || self.find(given::from_environment));
        match started.await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(cancelled) => Err(StartError::Io(std::io::Error::other(cancelled))),
            },
        }
    }

    fn find(self, variable: impl Fn(&str) -> Option<String>) -> Result<RunningBroker, StartError> {
        let (url_variable, ca_variable) = self.kind.variables();
        if let Some(url) = variable(url_variable) {
            let Given { url, login } =
                given::read_url(&url).map_err(|problem| StartError::Given {
                    variable: url_variable,
                    problem,
                })?;
            return Ok(RunningBroker {
                url,
                login: login.or(self.login),
                ca_file: variable(ca_variable).map(PathBuf::from),
                _server: None,
            });
        }
        let (program, remedy) = match self.start_installed() {
            Err(StartError::NotInstalled { program, remedy }) => (program, remedy),
            other => return other,
        };
        self.start_in_container()?
            .ok_or_else(|| StartError::Nowhere {
                broker: self.kind.name(),
                variable: url_variable,
                program,
                remedy,
            })
    }

    fn start_installed(&self) -> Result<RunningBroker, StartError> {
        let login = self.login.as_ref();
        let login = login.map(|login| (login.user.as_str(), login.password.expose()));
        match self.kind {
            Kind::Nats => {
                let mut builder = NatsServer::builder().jetstream();
                if let Some((user, password)) = login {
                    builder = builder.user_password(user, password);
                }
                if self.tls {
                    builder = builder.tls();
                }
                let server = builder.start()?;
                let ca_file = self.tls.then(|| server.authority().certificate());
                Ok(self.running(server.url(), ca_file, server))
            }
            Kind::Kafka => self.start_kafka(),
            Kind::Rabbitmq => {
                let mut builder = RabbitServer::builder();
                if let Some((user, password)) = login {
                    builder = builder.user(RabbitUser::new(user, password));
                }
                if self.tls {
                    builder = builder.tls();
                }
                let server = builder.start()?;
                let ca_file = self.tls.then(|| server.authority().certificate());
                Ok(self.running(server.url(), ca_file, server))
            }
            Kind::Redis => {
                let mut builder = RedisServer::builder();
                if let Some((user, password)) = login {
                    builder = builder.user_password(user, password);
                }
                if self.tls {
                    builder = builder.tls();
                }
                let server = builder.start()?;
                let ca_file = self.tls.then(|| server.authority().certificate());
                Ok(self.running(server.url(), ca_file, server))
            }
        }
    }

    fn start_kafka(&self) -> Result<RunningBroker, StartError> {
        let missing = |remedy| StartError::NotInstalled {
            program: "Apache Kafka",
            remedy,
        };
        if self.login.is_some() || self.tls {
            return Err(missing(
                "leave out `.auth` and `.tls` (the mock cluster of the client library has neither)",
            ));
        }
        #[cfg(feature = "kafka")]
        {
            let cluster = super::KafkaMock::start()?;
            Ok(self.running(cluster.url(), None, cluster))
        }
        #[cfg(not(feature = "kafka"))]
        Err(missing(
            "build with choreo's feature `kafka`, which has a mock cluster",
        ))
    }

    /// None where there is no Docker, and for TLS: the files of a certificate are not carried into a container.
    #[cfg(feature = "containers")]
    fn start_in_container(&self) -> Result<Option<RunningBroker>, StartError> {
        use super::container::{Container, free_port};
        use super::recipe::Recipe;

        if self.tls {
            return Ok(None);
        }
        let port = free_port()?;
        let recipe = Recipe::of(self.kind, self.login.as_ref(), port);
        let url = format!("{}://127.0.0.1:{port}", recipe.scheme);
        let container = Container::start(recipe, port)?;
        Ok(container.map(|container| self.running(url, None, container)))
    }

    #[cfg(not(feature = "containers"))]
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "as with the feature"
    )]
    fn start_in_container(&self) -> Result<Option<RunningBroker>, StartError> {
        Ok(None)
    }

    fn running(
        &self,
        url: String,
        ca_file: Option<PathBuf>,
        server: impl Send + Sync + 'static,
    ) -> RunningBroker {
        RunningBroker {
            url,
            login: self.login.clone(),
            ca_file,
            _server: Some(Box::new(server)),
        }
    }
}

impl RunningBroker {
    /// Where it is, as its transport takes it: `nats://127.0.0.1:36937`. It never holds a user or password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Who may connect: the user and password that were asked for with [`Broker::auth`], or those in the
    /// URL that was given. A URL with a secret and no user, such as a token of NATS, gives an empty user.
    pub fn login(&self) -> Option<(&str, &Secret)> {
        let login = self.login.as_ref()?;
        Some((&login.user, &login.password))
    }

    /// The authority that signed its certificate, a PEM file for
    /// [`Tls::ca_file`](crate::transport::Tls::ca_file).
    ///
    /// None when TLS was not asked for, and when the broker was given without one: then the authorities
    /// of this machine are right.
    pub fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }
}

impl fmt::Debug for RunningBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningBroker")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: &str) -> Option<String> {
        match name {
            "CHOREO_NATS_URL" => Some("nats://tester:s%33ntinel@broker.test:4222".into()),
            "CHOREO_NATS_CA_FILE" => Some("/etc/ca.pem".into()),
            _ => None,
        }
    }

    #[test]
    fn what_the_environment_names_comes_first_and_keeps_its_password() {
        let broker = Broker::nats().auth("other", "s3ntinel-too").find(given);
        let broker = broker.expect("it is given");
        assert_eq!(broker.url(), "nats://broker.test:4222");
        assert_eq!(broker.ca_file(), Some(Path::new("/etc/ca.pem")));
        let (user, password) = broker.login().expect("the URL has one");
        assert_eq!((user, password.expose()), ("tester", "s3ntinel"));
        let shown = format!("{broker:?} {:?}", Broker::nats().auth("other", "s3ntinel"));
        assert!(!shown.contains("s3ntinel"), "{shown}");
    }

    #[test]
    fn a_url_that_is_none_is_said_with_its_variable_and_not_shown() {
        let error = Broker::nats().find(|_| Some("s3ntinel@/".into()));
        let text = error.expect_err("it is no URL").to_string();
        assert!(text.contains("CHOREO_NATS_URL"), "{text}");
        assert!(!text.contains("s3ntinel"), "{text}");
    }
}
