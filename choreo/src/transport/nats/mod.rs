//! NATS, through `async-nats`.
//!
//! # What this transport adds to the client
//!
//! * **Readiness.** The client's `subscribe` and `flush` only write to the socket. Here a subscription is
//!   ready after a round trip through the server: a message to a private inbox of this connection comes
//!   back, and the server answers a connection's lines in order. With a user, who may be forbidden the
//!   inbox, the question is a subscription to an invalid subject of the inbox, and the answer the server's
//!   complaint.
//! * **Refusals.** A subscription that the server refuses is an error with the server's words; so is
//!   anything it complains about later.
//! * **Loss.** A broken connection is reported at once, a server that hangs within seconds. The client
//!   reconnects by itself; [`Restored`](super::ConnectionEvent::Restored) is reported after a round trip
//!   that followed the subscriptions.
//! * **Safety.** Only the given servers are connected to, never those that a cluster advertises. URLs are
//!   taken apart at once: what the client gets is the host and port that were checked, without user and
//!   password. Credentials are asked for at each connect and reconnect.
//!
//! Wildcards are NATS's own: `*` for one part of a subject, `>` for the rest.
//!
//! # Requests
//!
//! A request carries an inbox of the connection as its reply subject. When nobody listens for it, the
//! server sends an empty message to the inbox at once; it has the metadata `status` with the value 503.
//!
//! # JetStream
//!
//! [`JetStream`] publishes to and reads from streams; it connects as [`Nats`] does.

mod attempt;
mod auth;
mod connection;
mod crypto;
mod headers;
mod jetstream;
mod link;
mod probe;
mod pump;
mod question;
mod renewal;
mod subject;

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::{AuthError, ConnectErrorKind, ConnectOptions};
use tokio::sync::oneshot;

pub use auth::NatsAuth;
pub use connection::{NatsConnection, NatsSubscription};
pub use jetstream::{JetStream, JetStreamConnection, JetStreamSubscription, Start};

use self::auth::{LoginError, login};
use self::connection::{Opened, STATUS};
use self::link::{Link, locked};
use self::renewal::Renewal;
use self::subject::check_concrete;
use super::{Capabilities, ConnectionEvents, Endpoint, Tls, Transport, TransportError};
use crate::secret::{Credentials, IntoCredentials};

const DEFAULT_PORT: u16 = 4222;
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// After two unanswered pings the client takes the connection for lost.
const PING_INTERVAL: Duration = Duration::from_secs(2);

/// The longest pause between two attempts to reconnect.
const MAX_RECONNECT_DELAY: Duration = Duration::from_millis(250);

/// A NATS server, or several of one cluster.
///
/// ```no_run
/// use choreo::transport::nats::{Nats, NatsAuth};
/// use choreo::secret::Secret;
///
/// let open = Nats::new("nats://127.0.0.1:4222");
/// let with_password = Nats::new("nats://127.0.0.1:4222").auth(|| {
///     Secret::from_env("NATS_PASSWORD").map(|password| NatsAuth::user_password("tester", password))
/// });
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Nats {
    servers: Vec<Server>,
    /// What is wrong with the settings; said at connect, where errors have a way out.
    problem: Option<String>,
    url_auth: Option<Credentials<NatsAuth>>,
    auth: Option<Credentials<NatsAuth>>,
    tls: Option<Tls>,
    tls_first: bool,
    queue_group: Option<String>,
    connect_timeout: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Server {
    endpoint: Endpoint,
    encrypted: bool,
}

impl Nats {
    /// A server by its URL: `nats://host:port`, or `tls://…` for an encrypted connection. The port is 4222
    /// unless given. User and password, or a token, may stand before an `@`; they are kept as secrets.
    ///
    /// A URL that makes no sense is an error at connect.
    pub fn new(url: impl AsRef<str>) -> Self {
        Self::servers([url])
    }

    /// Several servers of one cluster: the client connects to one of them, and to another when that one
    /// is lost. User and password, if they stand in the URLs, are the same in all that have them.
    pub fn servers<I>(urls: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let mut nats = Self {
            servers: Vec::new(),
            problem: None,
            url_auth: None,
            auth: None,
            tls: None,
            tls_first: false,
            queue_group: None,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
        };
        let mut userinfo: Option<crate::secret::Secret> = None;
        for (index, url) in urls.into_iter().enumerate() {
            match read_url(url.as_ref()) {
                Ok((server, given)) => {
                    nats.servers.push(server);
                    match (&userinfo, given) {
                        (Some(one), Some(other)) if one.expose() != other.expose() => {
                            nats.problem = Some(
                                "the URLs have different users or passwords: give one set, with `.auth(…)`"
                                    .into(),
                            );
                        }
                        (_, Some(given)) => userinfo = Some(given),
                        (_, None) => {}
                    }
                }
                Err(reason) => nats.problem = Some(format!("server URL {}: {reason}", index + 1)),
            }
        }
        if let Some(userinfo) = userinfo {
            match NatsAuth::from_userinfo(userinfo.expose()) {
                Some(auth) => nats.url_auth = Some(Credentials::value(auth)),
                None => {
                    nats.problem = Some(
                        "user or password in the URL is not valid percent-encoding: write `%` as `%25`"
                            .into(),
                    );
                }
            }
        }
        if nats.servers.is_empty() && nats.problem.is_none() {
            nats.problem = Some("no server is given".into());
        }
        nats
    }

    /// Who connects: a [`NatsAuth`], a closure `Fn() -> Result<NatsAuth, E>`, or an async closure with
    /// that result. A closure is called at each connect and reconnect.
    pub fn auth<Kind>(mut self, auth: impl IntoCredentials<NatsAuth, Kind>) -> Self {
        self.auth = Some(auth.into_credentials());
        self
    }

    /// Encrypts the connection.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Subscribes as a member of a queue group: the server gives each message to one member of the group
    /// only. For scenarios that play one of several workers; those that watch want every message, which is
    /// what they get unless this is set.
    pub fn queue_group(mut self, name: impl Into<String>) -> Self {
        self.queue_group = Some(name.into());
        self
    }

    /// Encrypts before the server's first line, for servers with `handshake_first`. Needs
    /// [`tls`](Self::tls).
    pub fn tls_first(mut self) -> Self {
        self.tls_first = true;
        self
    }

    /// How long the whole connect may take, the resolver of the credentials included: 5 s unless set. Also
    /// bounds how long the server may take to confirm a subscription.
    pub fn connect_timeout(mut self, bound: Duration) -> Self {
        self.connect_timeout = bound;
        self
    }

    /// Every server, for messages.
    fn address(&self) -> String {
        let mut text = String::from("NATS");
        for (index, server) in self.servers.iter().enumerate() {
            let separator = if index == 0 { " at " } else { ", " };
            write!(text, "{separator}{}", server.endpoint).expect("a String takes every text");
        }
        text
    }

    fn credentials(&self) -> Result<Option<Credentials<NatsAuth>>, String> {
        match (&self.problem, &self.url_auth, &self.auth) {
            (Some(problem), _, _) => Err(problem.clone()),
            (None, Some(_), Some(_)) => {
                Err("credentials are given twice, in the URL and with `.auth(…)`: keep one".into())
            }
            (None, url_auth, auth) => Ok(url_auth.as_ref().or(auth.as_ref()).cloned()),
        }
    }

    async fn open(
        &self,
        events: ConnectionEvents,
        renewal: Arc<Renewal>,
    ) -> Result<NatsConnection, TransportError> {
        let address = self.address();
        let refused = |reason: String| TransportError::Connect {
            endpoint: address.clone(),
            reason,
        };
        let credentials = self.credentials().map_err(refused)?;
        if let Some(reason) = self.tls.as_ref().and_then(Tls::missing_file) {
            return Err(refused(reason));
        }
        if let Some(group) = &self.queue_group {
            check_concrete(group)
                .map_err(|reason| refused(format!("the queue group: {reason}")))?;
        }
        crypto::ensure_provider();

        let link = Arc::new(Link::new(address.clone(), events));
        let failed_login = Arc::new(Mutex::new(None));
        let (alive, gone) = oneshot::channel();
        let options = self.options(&link, credentials.clone(), &failed_login, alive);
        let urls: Vec<String> = self.servers.iter().map(Server::url).collect();
        let client = options.connect(urls).await.map_err(|error| {
            let login_error: Option<LoginError> = locked(&failed_login).take();
            self.connect_error(&error, login_error, credentials.is_some())
        })?;
        let guarded = credentials.is_some() || client.server_info().auth_required;
        let opened = Opened {
            client,
            link,
            gone,
            guarded,
            bound: self.connect_timeout,
            queue_group: self.queue_group.clone(),
            renewal,
        };
        NatsConnection::start(opened).await
    }

    fn options(
        &self,
        link: &Arc<Link>,
        credentials: Option<Credentials<NatsAuth>>,
        failed_login: &Arc<Mutex<Option<LoginError>>>,
        alive: oneshot::Sender<()>,
    ) -> ConnectOptions {
        let mut options = match credentials {
            None => ConnectOptions::new(),
            Some(credentials) => {
                let failed_login = Arc::clone(failed_login);
                ConnectOptions::with_auth_callback(move |nonce| {
                    let credentials = credentials.clone();
                    let failed_login = Arc::clone(&failed_login);
                    async move {
                        login(credentials, nonce).await.map_err(|error| {
                            let text = AuthError::new(&error);
                            *locked(&failed_login) = Some(error);
                            text
                        })
                    }
                })
            }
        };
        if let Some(tls) = &self.tls {
            options = crypto::apply(tls, options);
        }
        if self.tls_first {
            options = options.tls_first();
        }
        let observer = Arc::clone(link);
        let reconnecting = Arc::clone(link);
        options
            .name("choreo")
            // Only what the guard has checked.
            .ignore_discovered_servers()
            .connection_timeout(self.connect_timeout)
            .ping_interval(PING_INTERVAL)
            .reconnect_delay_callback(move |attempt| {
                reconnecting.leave_if_closed();
                let attempt = u32::try_from(attempt).unwrap_or(u32::MAX);
                let delay = Duration::from_millis(10).saturating_mul(attempt.saturating_sub(1));
                delay.min(MAX_RECONNECT_DELAY)
            })
            .event_callback(move |event| {
                // The client drops the callback with the last of its tasks; see `close`.
                let _ = &alive;
                observer.observe(event);
                std::future::ready(())
            })
    }

    /// Ends what takes longer than a connect may.
    async fn bounded<T>(
        &self,
        connect: impl Future<Output = Result<T, TransportError>>,
    ) -> Result<T, TransportError> {
        match tokio::time::timeout(self.connect_timeout, connect).await {
            Ok(result) => result,
            Err(_) => Err(self.too_late()),
        }
    }

    fn too_late(&self) -> TransportError {
        let bound = self.connect_timeout;
        TransportError::Connect {
            endpoint: self.address(),
            reason: format!("it took longer than {bound:?} (see `connect_timeout`)"),
        }
    }

    fn connect_error(
        &self,
        error: &async_nats::ConnectError,
        login_error: Option<LoginError>,
        has_credentials: bool,
    ) -> TransportError {
        let endpoint = self.address();
        if let Some(login_error) = login_error {
            return TransportError::Connect {
                endpoint,
                reason: login_error.to_string(),
            };
        }
        if error.kind() == ConnectErrorKind::AuthorizationViolation {
            let advice = if has_credentials {
                "check user, password, token or key"
            } else {
                "it asks for credentials and none were given: use `.auth(…)`"
            };
            let reason = format!("authorization violation ({advice})");
            return TransportError::Auth { endpoint, reason };
        }
        if error.kind() == ConnectErrorKind::TimedOut {
            return self.too_late();
        }
        let mut reason = error.to_string();
        let advice = [
            (
                "Connection refused",
                "is the server running, and is this its port?",
            ),
            (
                "UnknownIssuer",
                "name the server's certificate authority with `Tls::ca_file`",
            ),
            (
                // An authority of the same name with another key.
                "BadSignature",
                "name the server's certificate authority with `Tls::ca_file`",
            ),
            (
                "CertificateRequired",
                "show the server a certificate with `Tls::client_cert`",
            ),
            (
                // Servers of older Go say this when there is none.
                "BadCertificate",
                "show the server a certificate that it trusts with `Tls::client_cert`",
            ),
            ("InvalidContentType", "does the server speak TLS?"),
        ];
        if let Some((_, advice)) = advice.iter().find(|(words, _)| reason.contains(words)) {
            write!(reason, " ({advice})").expect("a String takes every text");
        }
        TransportError::Connect { endpoint, reason }
    }
}

impl Server {
    fn url(&self) -> String {
        format!(
            "{}://{}",
            if self.encrypted { "tls" } else { "nats" },
            self.endpoint
        )
    }
}

/// Takes a URL apart: where, and what stands before the `@`.
fn read_url(url: &str) -> Result<(Server, Option<crate::secret::Secret>), String> {
    let url = url.trim();
    let (scheme, rest) = url.split_once("://").unwrap_or(("nats", url));
    let encrypted = match scheme.to_ascii_lowercase().as_str() {
        "nats" => false,
        "tls" => true,
        _ => return Err("its scheme must be `nats` or `tls`".into()),
    };
    // `Endpoint::parse` reads past a second one, and what is behind it would be taken for something else here.
    if rest.contains("://") {
        return Err("it has two schemes".into());
    }
    let endpoint = Endpoint::parse(rest, DEFAULT_PORT).map_err(|error| error.to_string())?;
    // `Endpoint::parse` has made sure that an `@` stands nowhere else.
    let userinfo = rest.rsplit_once('@').map(|(userinfo, _)| userinfo.into());
    Ok((
        Server {
            endpoint,
            encrypted,
        },
        userinfo,
    ))
}

impl Transport for Nats {
    type Connection = NatsConnection;

    fn name(&self) -> &str {
        "NATS"
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        self.servers
            .iter()
            .map(|server| server.endpoint.clone())
            .collect()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::plain()
            .with_wildcards()
            .with_headers()
            .with_requests()
            .with_metadata(&[], &[STATUS])
    }

    async fn connect(&self, events: ConnectionEvents) -> Result<NatsConnection, TransportError> {
        self.bounded(self.open(events, Arc::default())).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENTINEL: &str = "s3ntinel";

    fn problem(nats: &Nats) -> String {
        nats.credentials().expect_err("a problem")
    }

    #[test]
    fn a_url_is_taken_apart_and_its_password_shows_nowhere() {
        let nats = Nats::servers([
            format!("nats://me:{SENTINEL}@Broker.Example"),
            format!("tls://me:{SENTINEL}@[::1]:4333"),
        ]);
        let shown: Vec<_> = nats.endpoints().iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["broker.example:4222", "[::1]:4333"]);
        assert_eq!(nats.servers[1].url(), "tls://[::1]:4333");
        assert!(nats.credentials().expect("it is fine").is_some());
        assert!(!format!("{nats:?} {}", nats.address()).contains(SENTINEL));
    }

    #[test]
    fn settings_that_make_no_sense_are_named_without_the_password() {
        for (nats, expected) in [
            (
                Nats::new(format!("http://u:{SENTINEL}@x")),
                "its scheme must be `nats` or `tls`",
            ),
            (
                Nats::new(format!("nats://u:{SENTINEL}@x:port")),
                "the port is no number",
            ),
            (
                Nats::new(format!("nats://u:%zz{SENTINEL}@x")),
                "percent-encoding",
            ),
            (
                Nats::new(format!("nats://u:1/{SENTINEL}@x")),
                "where user and password end",
            ),
            (
                Nats::servers([format!("u:{SENTINEL}@x"), "u:other@y".into()]),
                "different users",
            ),
            (Nats::servers::<[&str; 0]>([]), "no server is given"),
            (
                Nats::new(format!("u:{SENTINEL}@x")).auth(NatsAuth::token(SENTINEL)),
                "credentials are given twice",
            ),
        ] {
            let text = problem(&nats);
            assert!(text.contains(expected), "{text}");
            assert!(!format!("{text} {nats:?}").contains(SENTINEL), "{text}");
        }
    }
}
