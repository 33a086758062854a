//! Addresses of brokers: whatever stands in the place of a URL, nothing panics and nobody sees a password.

use std::error::Error;
use std::fmt::Write as _;

use choreo::safety::{Allowlist, Endpoint};
use choreo::transport::kafka::Kafka;
use choreo::transport::nats::{JetStream, Nats};
use choreo::transport::rabbitmq::Rabbit;
use choreo::transport::redis::{Redis, RedisStreams};
use choreo::transport::{ConnectionEvents, Tls, Transport};
use tokio::runtime::{Builder, Runtime};

use crate::secrets;

/// What nobody may see where it is a user, a password or a token.
const SENTINEL: &str = "s3ntinel";

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().unwrap();
}

pub(crate) fn check(input: &[u8]) {
    let Ok(url) = std::str::from_utf8(input) else {
        return;
    };
    endpoint(url);
    let _turn = secrets::turn();
    // A file that is not there ends every connect before a name is resolved or a socket opened.
    let tls = Tls::new().ca_file("/no-such-folder/authority.pem");
    let shown = [
        shown(&Nats::new(url).tls(tls.clone())),
        shown(&Nats::servers([url, "tls://me:other@127.0.0.1"]).tls(tls.clone())),
        shown(&JetStream::new(url).tls(tls.clone())),
        shown(&Rabbit::new(url).tls(tls.clone())),
        shown(&Redis::new(url).tls(tls.clone())),
        shown(&RedisStreams::new(url).tls(tls.clone())),
        shown(&Kafka::new(url).tls(tls)),
    ];
    if holds_a_secret(url) {
        for text in shown {
            assert!(!text.contains(SENTINEL), "{url:?}: {text}");
        }
    }
}

/// Whether it is before an `@`, and only there.
fn holds_a_secret(url: &str) -> bool {
    url.rsplit_once('@')
        .is_some_and(|(before, after)| before.contains(SENTINEL) && !after.contains(SENTINEL))
}

/// All that a transport shows of itself.
fn shown<T: Transport + std::fmt::Debug>(transport: &T) -> String {
    let mut text = format!("{transport:?} {transport:#?}");
    for endpoint in transport.endpoints() {
        let refused = Allowlist::empty().check(transport.name(), &endpoint);
        write!(text, " {endpoint} {endpoint:?} {refused:?}").unwrap();
        if let Err(refused) = refused {
            assert!(!endpoint.is_loopback());
            write!(text, " {refused}").unwrap();
        }
    }
    let events = ConnectionEvents::new(|_| {});
    let connected = RUNTIME.with(|runtime| runtime.block_on(transport.connect(events)));
    let Err(error) = connected else {
        panic!("{} connected", transport.name());
    };
    write!(text, " {error} {error:?}").unwrap();
    let mut source = error.source();
    while let Some(cause) = source {
        write!(text, " {cause} {cause:?}").unwrap();
        source = cause.source();
    }
    text
}

/// An endpoint is in one spelling: its text is read as the same one, and so it is made of its parts.
fn endpoint(text: &str) {
    let endpoint = match Endpoint::parse(text, 1) {
        Ok(endpoint) => endpoint,
        Err(error) => {
            assert!(!error.to_string().contains(SENTINEL));
            return;
        }
    };
    let shown = endpoint.to_string();
    assert_eq!(Endpoint::parse(&shown, 2), Ok(endpoint.clone()), "{text:?}");
    assert_eq!(Endpoint::new(endpoint.host(), endpoint.port()), endpoint);
}
