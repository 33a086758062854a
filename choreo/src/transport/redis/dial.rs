//! Opening connections: socket, encryption, log-in. What fails is said in the server's words.

use std::fmt::Write as _;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use redis::aio::{MultiplexedConnection, PubSub};
use redis::{
    AsyncConnectionConfig, ErrorKind, ProtocolVersion, PushInfo, RedisConnectionInfo, RedisError,
    RedisResult, Value,
};

use super::auth::RedisAuth;
use super::socket::{Record, Socket};
use crate::secret::Credentials;
use crate::transport::{Endpoint, Tls, TransportError};

/// What to look at when a server takes a connection and ends it without a word.
const ENDED: &str = "the server ended it: it may speak TLS only (`rediss://`), or not be Redis";

/// Commands that may wait for the socket before senders have to.
const QUEUE: usize = 1024;

/// Moves the bytes of a connection; ends with it.
pub(super) type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A connection and what moves its bytes.
pub(super) struct Wire {
    pub(super) connection: MultiplexedConnection,
    pub(super) driver: Driver,
    pub(super) record: Record,
}

/// Who logs in; none on a server that asks nobody.
pub(super) type Login = Option<Arc<RedisAuth>>;

/// Opens connections to one server.
pub(super) struct Dialer {
    pub(super) endpoint: Endpoint,
    pub(super) database: u32,
    pub(super) credentials: Option<Credentials<RedisAuth>>,
    pub(super) tls: Option<Tls>,
    /// How long the server may take to answer a request.
    pub(super) bound: Duration,
    pub(super) address: String,
}

impl Dialer {
    /// Asks for the credentials.
    pub(super) async fn login(&self) -> Result<Login, TransportError> {
        match &self.credentials {
            None => Ok(None),
            Some(credentials) => match credentials.resolve().await {
                Ok(auth) => Ok(Some(auth)),
                Err(error) => Err(self.failed(error.to_string())),
            },
        }
    }

    /// A connection for commands, logged in.
    pub(super) async fn commands(&self, login: &Login) -> Result<Wire, TransportError> {
        let info = RedisConnectionInfo::default()
            .set_protocol(ProtocolVersion::RESP2)
            .set_skip_set_lib_name();
        let socket = self.socket().await?;
        let record = socket.record();
        let wire = MultiplexedConnection::new_with_config(&info, socket, config()).await;
        let (connection, driver) = wire.map_err(|error| self.failed(words(&error)))?;
        let mut driver: Driver = Box::pin(driver);
        let greeting = self.greet(connection.clone(), login, &record);
        driven(&mut driver, greeting).await?;
        Ok(Wire {
            connection,
            driver,
            record,
        })
    }

    /// Logs in. Not by the client, which would keep the server's words for itself.
    async fn greet(
        &self,
        mut connection: MultiplexedConnection,
        login: &Login,
        record: &Record,
    ) -> Result<(), TransportError> {
        if let Some(auth) = login {
            let mut command = redis::cmd("AUTH");
            if let Some(user) = auth.user() {
                command.arg(user);
            }
            command.arg(auth.secret());
            if let Err(error) = ask(&mut connection, &command).await {
                return Err(match error.code() {
                    Some(code) if !is_transient(code) => self.refused(&error, login),
                    _ => self.greeted(&error, login, record),
                });
            }
        }
        if self.database != 0 {
            ask(&mut connection, redis::cmd("SELECT").arg(self.database))
                .await
                .map_err(|error| self.greeted(&error, login, record))?;
        }
        // The name is a courtesy to whoever lists the server's clients; not everyone may give one.
        let name = redis::cmd("CLIENT").arg("SETNAME").arg("choreo").clone();
        drop(ask(&mut connection, &name).await);
        match ask(&mut connection, &redis::cmd("PING")).await {
            // Someone who may not ask may well do what the test needs.
            Err(error) if error.code() != Some("NOPERM") => {
                Err(self.greeted(&error, login, record))
            }
            _ => Ok(()),
        }
    }

    /// A connection for subscriptions, on which the server pushes messages besides its answers; an error
    /// when the server cannot.
    pub(super) async fn pushing(
        &self,
        login: &Login,
        receive: impl Fn(PushInfo) + Send + Sync + 'static,
    ) -> Result<Wire, TransportError> {
        let info = with_login(login).set_protocol(ProtocolVersion::RESP3);
        let config = config().set_push_sender(move |push| {
            receive(push);
            Ok::<_, redis::aio::SendError>(())
        });
        let socket = self.socket().await?;
        let record = socket.record();
        let wire = MultiplexedConnection::new_with_config(&info, socket, config).await;
        let (connection, driver) = wire.map_err(|error| self.failed(words(&error)))?;
        Ok(Wire {
            connection,
            driver: Box::pin(driver),
            record,
        })
    }

    /// A connection for subscriptions of a server that knows the older protocol only.
    pub(super) async fn subscribing(
        &self,
        login: &Login,
    ) -> Result<(PubSub, Record), TransportError> {
        let info = with_login(login).set_protocol(ProtocolVersion::RESP2);
        let socket = self.socket().await?;
        let record = socket.record();
        match PubSub::new(&info, socket).await {
            Ok(opened) => Ok((opened, record)),
            Err(error) => Err(self.failed(words(&error))),
        }
    }

    async fn socket(&self) -> Result<Socket, TransportError> {
        let opened = Socket::open(&self.endpoint, self.tls.as_ref()).await;
        opened.map_err(|reason| self.failed(reason))
    }

    /// What went wrong in the greeting, after the log-in.
    fn greeted(&self, error: &RedisError, login: &Login, record: &Record) -> TransportError {
        match (error.code(), record.trouble()) {
            (Some("NOAUTH" | "NOPERM" | "WRONGPASS"), _) => self.refused(error, login),
            (None, Some(words)) => self.failed(words),
            _ => self.failed(words(error)),
        }
    }

    fn refused(&self, error: &RedisError, login: &Login) -> TransportError {
        let advice = match login {
            None => "it asks for credentials and none were given: use `.auth(…)`",
            Some(_) => "check user and password",
        };
        TransportError::Auth {
            endpoint: self.address.clone(),
            reason: format!("{} ({advice})", words(error)),
        }
    }

    fn failed(&self, mut reason: String) -> TransportError {
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
            ("InvalidContentType", "does the server speak TLS?"),
            ("broken pipe", ENDED),
            ("Connection reset", ENDED),
        ];
        if let Some((_, advice)) = advice.iter().find(|(words, _)| reason.contains(words)) {
            write!(reason, " ({advice})").expect("a String takes every text");
        }
        TransportError::Connect {
            endpoint: self.address.clone(),
            reason,
        }
    }
}

fn config() -> AsyncConnectionConfig {
    // Bounded by whoever asks, who knows how long an answer may take.
    AsyncConnectionConfig::new()
        .set_response_timeout(None)
        .set_pipeline_buffer_size(QUEUE)
}

fn with_login(login: &Login) -> RedisConnectionInfo {
    let mut info = RedisConnectionInfo::default().set_skip_set_lib_name();
    if let Some(auth) = login {
        info = info.set_password(auth.secret());
        if let Some(user) = auth.user() {
            info = info.set_username(user);
        }
    }
    info
}

/// Moves a connection's bytes while something is asked on it.
pub(super) async fn driven<T>(driver: &mut Driver, asked: impl Future<Output = T>) -> T {
    let mut asked = pin!(asked);
    tokio::select! {
        biased;
        answer = &mut asked => answer,
        // Without the driver whatever is asked fails at once.
        () = driver => asked.await,
    }
}

/// Sends a command; what the server refuses is an error.
pub(super) async fn ask(
    connection: &mut MultiplexedConnection,
    command: &redis::Cmd,
) -> RedisResult<Value> {
    connection
        .send_packed_command(command)
        .await?
        .extract_error()
}

/// The server's own words, or the client's.
pub(super) fn words(error: &RedisError) -> String {
    let text = match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("{code} {detail}"),
        _ => error.to_string(),
    };
    if text.contains("invalid bulk length") {
        return format!("{text} (send less, or raise `proto-max-bulk-len` of the server)");
    }
    // A server that does not know a command repeats its arguments, and a password could be one.
    match text.find(", with args beginning with") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// Whether the connection is the trouble, and not what was asked on it.
pub(super) fn is_loss(error: &RedisError) -> bool {
    error.code().is_none()
        && matches!(
            error.kind(),
            ErrorKind::Io | ErrorKind::Parse | ErrorKind::Client
        )
}

/// Whether a refusal has nothing to do with what was asked.
fn is_transient(code: &str) -> bool {
    matches!(code, "LOADING" | "BUSY" | "MASTERDOWN" | "TRYAGAIN")
}
