//! One connection of the client library, from the socket to the end of its thread.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_core::Stream;
use lapin::tcp::AsyncTcpStream;
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use lapin::{Channel, Connection, ConnectionProperties, Event};
use tokio::sync::oneshot;

use super::auth::RabbitAuth;
use super::link::{Link, locked};
use super::publish::Publishers;
use super::url::Place;
use super::words;
use super::{crypto, runtime};
use crate::transport::{Tls, TransportError};

/// Seconds between two signs of life; after twice as long without one the client takes the connection
/// for lost.
const HEARTBEAT: u16 = 2;

/// How long the server may take to say goodbye. Without it the socket is cut.
const GOODBYE_BOUND: Duration = Duration::from_secs(1);

/// How long the client's thread may take to end once its socket is cut, and to say why it did.
const END_BOUND: Duration = Duration::from_secs(5);

/// An open connection, with the channels that messages are published on.
pub(super) struct Session {
    connection: Connection,
    pub(super) publishers: Publishers,
    ended: Mutex<Option<oneshot::Receiver<()>>>,
    // Dropped last: cuts the socket, on which the client's thread ends.
    breaker: Breaker,
}

/// What to connect to, and as whom.
pub(super) struct Request {
    pub(super) place: Place,
    pub(super) tls: Option<Tls>,
    pub(super) auth: Arc<RabbitAuth>,
    pub(super) address: String,
}

/// Tells when a session is lost.
pub(super) struct Watch {
    events: Pin<Box<dyn Stream<Item = Event> + Send>>,
    ended: oneshot::Receiver<()>,
    session: Arc<Session>,
}

impl Session {
    /// Opens it on the threads that keep it alive. Dropping the future leaves nothing behind.
    pub(super) async fn open(
        request: Request,
        threads: &runtime::Threads,
    ) -> Result<(Arc<Self>, Watch), TransportError> {
        let address = request.address.clone();
        threads.run(connect(request)).await.unwrap_or_else(|| {
            Err(TransportError::Connect {
                endpoint: address,
                reason: "connecting was interrupted".into(),
            })
        })
    }

    pub(super) async fn channel(&self) -> lapin::Result<Channel> {
        self.connection.create_channel().await
    }

    pub(super) fn is_up(&self) -> bool {
        self.connection.status().connected()
    }

    /// Says goodbye, and waits until the client's thread has ended.
    pub(super) async fn close(&self) {
        let goodbye = self.connection.close(200, "OK".into());
        // Without an answer the socket is cut all the same.
        let _ = tokio::time::timeout(GOODBYE_BOUND, goodbye).await;
        self.breaker.cut();
        let ended = locked(&self.ended).take();
        if let Some(ended) = ended
            && tokio::time::timeout(END_BOUND, ended).await.is_err()
        {
            tracing::warn!("the RabbitMQ client did not end in time");
        }
    }
}

impl Watch {
    /// Resolves with the reason when the connection is lost.
    pub(super) async fn loss(&mut self, link: &Link) -> String {
        let mut ended = false;
        loop {
            let event = if ended {
                // Its last event is on the way.
                tokio::time::timeout(END_BOUND, next(&mut self.events))
                    .await
                    .unwrap_or_default()
            } else {
                tokio::select! {
                    biased;
                    event = next(&mut self.events) => event,
                    _ = &mut self.ended => {
                        ended = true;
                        continue;
                    }
                }
            };
            match event {
                // Errors of single channels have their own way out.
                Some(Event::Error(error)) if !self.session.is_up() => return words::of(&error),
                Some(Event::ConnectionBlocked(reason)) => link.blocked(reason),
                Some(Event::ConnectionUnblocked) => link.unblocked(),
                Some(_) => {}
                None => return "it ended without a reason".into(),
            }
        }
    }
}

async fn next<S: Stream + ?Sized>(stream: &mut Pin<Box<S>>) -> Option<S::Item> {
    std::future::poll_fn(|context| stream.as_mut().poll_next(context)).await
}

/// Cuts a connection from outside of the client, which has no way to be told to give up.
struct Breaker(TcpStream);

impl Breaker {
    fn cut(&self) {
        // Already cut is what we want.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

impl Drop for Breaker {
    fn drop(&mut self) {
        self.cut();
    }
}

/// A second handle to the same socket.
#[cfg(unix)]
fn duplicate(stream: &tokio::net::TcpStream) -> io::Result<TcpStream> {
    use std::os::fd::AsFd;
    Ok(stream.as_fd().try_clone_to_owned()?.into())
}

/// A second handle to the same socket.
#[cfg(windows)]
fn duplicate(stream: &tokio::net::TcpStream) -> io::Result<TcpStream> {
    use std::os::windows::io::AsSocket;
    Ok(stream.as_socket().try_clone_to_owned()?.into())
}

async fn connect(request: Request) -> Result<(Arc<Session>, Watch), TransportError> {
    let Request {
        place,
        tls,
        auth,
        address,
    } = request;
    let failed = |reason: String| TransportError::Connect {
        endpoint: address.clone(),
        reason,
    };
    let runtime = lapin::runtime::default_runtime().map_err(|error| failed(words::of(&error)))?;
    let host = place.endpoint.host().to_owned();
    let addresses = runtime.to_socket_addrs((host.clone(), place.endpoint.port()));
    let mut stream = AsyncTcpStream::connect(&runtime, addresses)
        .await
        .map_err(|error| failed(advised(&error)))?;
    let breaker = match &stream {
        AsyncTcpStream::Plain(plain) => duplicate(plain.get_ref()),
        _ => Err(io::ErrorKind::Unsupported.into()),
    };
    let breaker = Breaker(breaker.map_err(|error| failed(error.to_string()))?);
    if let Some(tls) = &tls {
        let connector = crypto::connector(tls).map_err(failed)?;
        stream = stream
            .into_rustls(&connector, &host)
            .await
            .map_err(|error| failed(advised(&error)))?;
    }
    let (alive, ended) = oneshot::channel::<()>();
    let (alive_too, ended_too) = oneshot::channel::<()>();
    let stream = Mutex::new(Some(stream));
    let take = async move |_, _| {
        // Dropped with the client's thread.
        let _ = (&alive, &alive_too);
        locked(&stream)
            .take()
            .ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionAborted).into())
    };
    let properties = ConnectionProperties::default()
        .with_connection_name("choreo".into())
        .with_auth_provider((*auth).clone());
    let connection = Connection::connector(uri(&place), runtime, take, properties)
        .await
        .map_err(|error| refusal(&error, &place, auth.is_external(), address.clone()))?;
    let events = Box::pin(connection.events_listener());
    let session = Arc::new(Session {
        connection,
        publishers: Publishers::new(),
        ended: Mutex::new(Some(ended)),
        breaker,
    });
    let watch = Watch {
        events,
        ended: ended_too,
        session: Arc::clone(&session),
    };
    Ok((session, watch))
}

/// What the client is told: nothing secret, as it is kept as long as the connection.
fn uri(place: &Place) -> AMQPUri {
    AMQPUri {
        scheme: AMQPScheme::AMQP,
        authority: AMQPAuthority {
            userinfo: AMQPUserInfo {
                username: String::new(),
                password: String::new(),
            },
            host: place.endpoint.host().to_owned(),
            port: place.endpoint.port(),
        },
        vhost: place.vhost.clone(),
        query: AMQPQueryString {
            heartbeat: Some(HEARTBEAT),
            ..AMQPQueryString::default()
        },
    }
}

fn refusal(
    error: &lapin::Error,
    place: &Place,
    external: bool,
    endpoint: String,
) -> TransportError {
    let reason = words::of(error);
    let at_vhost = reason.contains("vhost") || reason.contains("virtual host");
    if words::code(error) == Some(words::ACCESS_REFUSED) && !at_vhost {
        let advice = if external {
            "is the certificate's name one of its users?"
        } else {
            "check user and password; without `.auth(…)` it is `guest`, who is let in from the broker's own \
             machine only"
        };
        let reason = format!("{reason} ({advice})");
        return TransportError::Auth { endpoint, reason };
    }
    let advice = if at_vhost {
        format!(" (the virtual host of the URL is `{}`)", place.vhost)
    } else if external && words::code(error).is_some() {
        " (does the broker have the plugin `rabbitmq_auth_mechanism_ssl`?)".into()
    } else {
        String::new()
    };
    TransportError::Connect {
        endpoint,
        reason: reason + &advice,
    }
}

fn advised(error: &io::Error) -> String {
    let text = error.to_string();
    let advice = [
        (
            "Connection refused",
            "is the server running, and is this its port?",
        ),
        (
            "UnknownIssuer",
            "name the server's certificate authority with `Tls::ca_file`",
        ),
        // An authority of the same name with another key.
        (
            "BadSignature",
            "name the server's certificate authority with `Tls::ca_file`",
        ),
        (
            "CertificateRequired",
            "show the server a certificate with `Tls::client_cert`",
        ),
        ("InvalidContentType", "does the server speak TLS?"),
    ];
    match advice.iter().find(|(words, _)| text.contains(words)) {
        Some((_, advice)) => format!("{text} ({advice})"),
        None => text,
    }
}
