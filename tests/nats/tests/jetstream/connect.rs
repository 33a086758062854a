//! Who gets in, and what is said when JetStream is not there.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use choreo::transport::nats::{JetStream, Nats, NatsAuth};
use choreo::transport::{Connection, Tls, Transport, TransportError};
use choreo_test_brokers::tls::Authority;
use choreo_test_brokers::{BrokerTests, NatsServer, User, by_another_address};

use super::support::{SENTINEL, TestError, connect, delivery, events, message, refusal, works};

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .test("connect::user_and_password", user_and_password)
        .test("connect::tls", tls)
        .test("connect::mutual_tls", mutual_tls)
        .test("connect::resolvers", resolvers)
        .test(
            "connect::a_server_without_jetstream_says_so",
            without_jetstream,
        )
        .test("connect::a_stream_that_cannot_be_is_an_error", bad_stream)
        .test("connect::missing_permissions_are_errors", permissions)
}

/// With a stream for what `works` sends.
fn transport(nats: Nats) -> JetStream {
    JetStream::from(nats).stream("WORKS", ["works"])
}

async fn user_and_password() -> Result<(), TestError> {
    let server = NatsServer::builder()
        .jetstream()
        .user_password("me", SENTINEL)
        .start()?;
    let nats = Nats::new(server.url());
    let auth = NatsAuth::user_password("me", SENTINEL);
    works(&transport(nats.clone().auth(auth.clone()))).await?;
    works(
        &JetStream::new(server.url())
            .stream("WORKS", ["works"])
            .auth(auth),
    )
    .await?;
    let wrong = NatsAuth::user_password("me", format!("not-{SENTINEL}"));
    let error = refusal(&transport(nats.clone().auth(wrong))).await;
    assert!(matches!(error, TransportError::Auth { .. }), "{error}");
    let error = refusal(&transport(nats)).await;
    assert!(matches!(error, TransportError::Auth { .. }), "{error}");
    assert_eq!(transport(Nats::new(server.url())).name(), "JetStream");
    Ok(())
}

async fn tls() -> Result<(), TestError> {
    let server = NatsServer::builder().jetstream().tls().start()?;
    let trusting = |url: String, authority: &Authority| {
        JetStream::new(url)
            .stream("WORKS", ["works"])
            .tls(Tls::new().ca_file(authority.certificate()))
    };
    works(&trusting(server.url(), server.authority())).await?;
    let error = refusal(&trusting(server.url(), &Authority::new()?)).await;
    assert!(error.to_string().contains("Tls::ca_file"), "{error}");
    let elsewhere = format!("tls://{}", by_another_address(server.port()).await?);
    let error = refusal(&trusting(elsewhere, server.authority())).await;
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    assert!(error.to_string().contains("not valid for name"), "{error}");
    Ok(())
}

async fn resolvers() -> Result<(), TestError> {
    let server = NatsServer::builder().jetstream().token(SENTINEL).start()?;
    let jetstream = transport(Nats::new(server.url()));
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let counted = jetstream.clone().auth(move || {
        counter.fetch_add(1, Ordering::SeqCst);
        Ok::<_, io::Error>(NatsAuth::token(SENTINEL))
    });
    works(&counted).await?;
    works(&counted).await?;
    assert_eq!(asked.load(Ordering::SeqCst), 2, "at each connect");
    let later = async || Ok::<_, io::Error>(NatsAuth::token(SENTINEL));
    works(&jetstream.clone().auth(later)).await?;

    let wrong = || Ok::<_, io::Error>(NatsAuth::token(format!("not-{SENTINEL}")));
    let error = refusal(&jetstream.clone().auth(wrong)).await;
    assert!(matches!(error, TransportError::Auth { .. }), "{error}");
    let failing = || Err::<NatsAuth, _>(io::Error::other(SENTINEL));
    let failing_later = async || Err::<NatsAuth, _>(io::Error::other(SENTINEL));
    for failing in [
        jetstream.clone().auth(failing),
        jetstream.auth(failing_later),
    ] {
        let error = refusal(&failing).await.to_string();
        assert!(
            error.contains("resolver") && error.contains("std::io::error::Error"),
            "{error}"
        );
    }
    Ok(())
}

async fn mutual_tls() -> Result<(), TestError> {
    let server = NatsServer::builder().jetstream().mutual_tls().start()?;
    let me = server.authority().client("me")?;
    let tls = Tls::new().ca_file(server.authority().certificate());
    let nats = Nats::new(server.url());
    works(&transport(
        nats.clone()
            .tls(tls.clone().client_cert(me.certificate, me.key)),
    ))
    .await?;
    let error = refusal(&transport(nats.tls(tls))).await;
    assert!(error.to_string().contains("client_cert"), "{error}");
    Ok(())
}

async fn without_jetstream() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let error = refusal(&JetStream::new(server.url())).await;
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("nats-server -js"), "{text}");
    assert!(
        text.contains(&format!("127.0.0.1:{}", server.port())),
        "{text}"
    );
    Ok(())
}

async fn bad_stream() -> Result<(), TestError> {
    let server = NatsServer::builder().jetstream().start()?;
    let error = refusal(&JetStream::new(server.url()).stream("a.b", ["a"])).await;
    assert!(
        error.to_string().contains("\"a.b\" is no name of a stream"),
        "{error}"
    );
    let twice = JetStream::new(server.url())
        .stream("A", ["a.>"])
        .stream("B", ["a.b"]);
    let error = refusal(&twice).await;
    let text = error.to_string();
    assert!(text.contains("cannot create the stream `B`"), "{text}");
    assert!(text.contains("subjects overlap"), "{text}");
    Ok(())
}

async fn permissions() -> Result<(), TestError> {
    let all = &["_INBOX.>", "$JS.API.>", "$JS.FC.>", "open.>"];
    let may_all = User::password("all", SENTINEL)
        .may_publish(all)
        .may_subscribe(&["_INBOX.>"]);
    let no_create = User::password("no_create", SENTINEL)
        .may_publish(&["_INBOX.>", "$JS.API.STREAM.LIST"])
        .may_subscribe(&["_INBOX.>"]);
    let no_inbox = User::password("no_inbox", SENTINEL)
        .may_publish(all)
        .may_subscribe(&["open.>"]);
    let server = NatsServer::builder()
        .jetstream()
        .user(may_all)
        .user(no_create)
        .user(no_inbox)
        .start()?;
    let as_user = |name| JetStream::new(server.url()).auth(NatsAuth::user_password(name, SENTINEL));
    let (sink, trouble) = events();
    let connection = as_user("all")
        .stream("OPEN", ["open.>", "closed.>"])
        .connect(sink)
        .await?;
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("open.a", delivery).await?;
    for _ in 0..100 {
        let error = connection
            .publish(message("closed.a", ""))
            .await
            .unwrap_err();
        assert!(matches!(error, TransportError::Publish { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("Permissions Violation for Publish to \"closed.a\""),
            "{text}"
        );
    }
    connection.publish(message("open.a", "1")).await?;
    assert_eq!(seen.next().await.payload, "1");
    assert!(
        trouble.is_empty(),
        "the caller has the error, so it is no event"
    );

    let connection = connect(&as_user("no_create")).await?;
    let error = connection
        .subscribe("open.a", super::support::delivery().0)
        .await
        .err()
        .unwrap();
    assert!(matches!(error, TransportError::Subscribe { .. }), "{error}");
    assert!(
        error.to_string().contains("Permissions Violation"),
        "{error}"
    );

    let error = refusal(&as_user("no_inbox")).await;
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("JetStream needs inboxes"), "{text}");
    assert!(
        text.contains("Permissions Violation for Subscription to \"_INBOX."),
        "{text}"
    );
    Ok(())
}
