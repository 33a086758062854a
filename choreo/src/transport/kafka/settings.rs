//! The client's settings: for quick delivery, quick notice of trouble, and what the user asked for.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;

use super::Kafka;
use super::auth::KafkaAuth;
use crate::transport::Tls;

/// How long a broker may sit on an empty answer to a fetch. Brokers answer at once when there is a message;
/// one that does not look again before this has passed (librdkafka's mock cluster) delays by it.
const FETCH_WAIT_MS: &str = "5";

/// Requests that take longer count as a hanging broker.
const SOCKET_TIMEOUT_MS: &str = "3000";

/// What the clients of a connection have in common. It is kept for the client that creates topics, so the
/// password stays in its [`Secret`](crate::secret::Secret) until a client is made.
pub(super) struct Settings {
    config: ClientConfig,
    auth: Option<Arc<KafkaAuth>>,
}

impl Settings {
    pub(super) fn new(kafka: &Kafka, auth: Option<Arc<KafkaAuth>>) -> Self {
        let mut config = ClientConfig::new();
        let mut brokers = String::new();
        for endpoint in &kafka.brokers {
            let separator = if brokers.is_empty() { "" } else { "," };
            write!(brokers, "{separator}{endpoint}").expect("a String takes every text");
        }
        config
            .set("bootstrap.servers", brokers)
            .set("client.id", "choreo")
            .set("socket.nagle.disable", "true")
            .set("socket.timeout.ms", SOCKET_TIMEOUT_MS)
            .set(
                "socket.connection.setup.timeout.ms",
                millis(kafka.connect_timeout.max(Duration::from_secs(1))),
            )
            .set("reconnect.backoff.ms", "10")
            .set("reconnect.backoff.max.ms", "250")
            .set("retry.backoff.ms", "20")
            .set("topic.metadata.refresh.fast.interval.ms", "20")
            .set("broker.address.family", "any")
            .set("log.connection.close", "true")
            .set("message.max.bytes", kafka.max_message_bytes.to_string());
        let encrypted = kafka.tls.is_some();
        config.set(
            "security.protocol",
            match (encrypted, auth.is_some()) {
                (false, false) => "plaintext",
                (true, false) => "ssl",
                (false, true) => "sasl_plaintext",
                (true, true) => "sasl_ssl",
            },
        );
        if let Some(tls) = &kafka.tls {
            encrypt(tls, &mut config);
        }
        if let Some(auth) = &auth {
            config.set("sasl.mechanism", auth.mechanism());
        }
        Self { config, auth }
    }

    /// Holds the password: for making a client, and not to be kept.
    fn with_credentials(&self) -> ClientConfig {
        let mut config = self.config.clone();
        if let Some((user, password)) = self.auth.as_ref().and_then(|auth| auth.user_password()) {
            config
                .set("sasl.username", user.expose())
                .set("sasl.password", password.expose());
        }
        config
    }

    pub(super) fn producer(&self, message_timeout: Duration) -> ClientConfig {
        let mut config = self.with_credentials();
        config
            .set("linger.ms", "0")
            .set("message.timeout.ms", millis(message_timeout))
            // A retry must not overtake what was sent after it.
            .set("max.in.flight.requests.per.connection", "1");
        config
    }

    pub(super) fn consumer(&self, group: &str) -> ClientConfig {
        let mut config = self.with_credentials();
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("allow.auto.create.topics", "false")
            // Positions are given as numbers. One that is not there any more is the watch's affair.
            .set("auto.offset.reset", "error")
            .set("fetch.min.bytes", "1")
            .set("fetch.wait.max.ms", FETCH_WAIT_MS)
            .set("fetch.error.backoff.ms", "20")
            .set("fetch.queue.backoff.ms", "20")
            .set("fetch.message.max.bytes", "52428800");
        config
    }

    /// The same as a member of a group that exists, or comes into being with it.
    pub(super) fn member(&self, group: &str) -> ClientConfig {
        let mut config = self.consumer(group);
        config
            .set("enable.auto.commit", "true")
            .set("enable.auto.offset.store", "true")
            .set("auto.commit.interval.ms", "1000")
            .set("partition.assignment.strategy", "range,roundrobin")
            // The partitions of a test that was killed are free again soon.
            .set("session.timeout.ms", "6000")
            .set("heartbeat.interval.ms", "1000")
            // A position that is not there any more: nobody compares it here.
            .set("auto.offset.reset", "earliest");
        config
    }

    /// For creating topics; none with a bearer token, which the client for it cannot ask for.
    pub(super) fn admin(&self) -> Option<ClientConfig> {
        let token = self
            .auth
            .as_ref()
            .is_some_and(|auth| auth.token().is_some());
        (!token).then(|| self.with_credentials())
    }
}

fn encrypt(tls: &Tls, config: &mut ClientConfig) {
    #[cfg(feature = "kafka-tls")]
    {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        // The client takes one file, but any number of certificates as text. What could not be read here
        // was found before.
        let authorities: Vec<String> = tls
            .authorities()
            .iter()
            .filter_map(|path| std::fs::read_to_string(path).ok())
            .collect();
        if !authorities.is_empty() {
            config.set("ssl.ca.pem", authorities.join("\n"));
        }
        if let Some((certificate, key)) = tls.client() {
            config
                .set("ssl.certificate.location", text(certificate))
                .set("ssl.key.location", text(key));
        }
        config.set("ssl.endpoint.identification.algorithm", "https");
    }
    #[cfg(not(feature = "kafka-tls"))]
    let _: (&Tls, &mut ClientConfig, Option<&Path>) = (tls, config, None);
}

fn millis(duration: Duration) -> String {
    duration.as_millis().clamp(1, 300_000).to_string()
}

/// Why a client could not be made, without the values of its settings: one of them is the password.
pub(super) fn refusal(error: &KafkaError) -> String {
    match error {
        KafkaError::ClientConfig(_, _, name, _) => {
            format!("the client library refuses the setting `{name}`")
        }
        KafkaError::Nul(_) => "a setting holds a NUL byte".into(),
        other => words(other),
    }
}

/// The words of an error, the broker's where they are the broker's.
pub(super) fn words(error: &KafkaError) -> String {
    match error.rdkafka_error_code() {
        Some(code) => code.to_string(),
        None => match error {
            KafkaError::ClientConfig(..) => refusal(error),
            other => other.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_in_what_clients_are_made_of_only() {
        let auth = Arc::new(KafkaAuth::plain("me", "s3ntinel"));
        let settings = Settings::new(&Kafka::new("127.0.0.1:1"), Some(auth));
        assert_eq!(settings.config.get("sasl.password"), None);
        let admin = settings.admin().expect("a password can create topics");
        for config in [
            admin,
            settings.producer(Duration::from_secs(1)),
            settings.consumer("group"),
        ] {
            assert_eq!(config.get("sasl.password"), Some("s3ntinel"));
        }
        let token = Arc::new(KafkaAuth::oauth_bearer("s3ntinel"));
        let settings = Settings::new(&Kafka::new("127.0.0.1:1"), Some(token));
        assert!(settings.admin().is_none());
    }
}
