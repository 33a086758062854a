//! Who gets in, who does not, and what the refusal says.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use choreo::transport::rabbitmq::{Rabbit, RabbitAuth};
use choreo::transport::{Connection, Tls, Transport, TransportError};
use choreo_test_brokers::tls::Authority;
use choreo_test_brokers::{RabbitServer, RabbitUser, by_another_address};

use super::support::{
    Cases, SENTINEL, TestError, connect, delivery, message, password, refusal, shared, works,
};

pub(crate) async fn passwords() -> Result<(), TestError> {
    let server = shared()?;
    Cases::new()
        .case("right_and_wrong", right_and_wrong(server.clone()))
        .case("resolvers", resolvers(server.clone()))
        .case("virtual_hosts", virtual_hosts(server.clone()))
        .case("permissions", permissions(server.clone()))
        .case("refused_port", refused_port())
        .case("silent_port", silent_port())
        .judge()
        .await
}

fn is_auth(error: &TransportError) -> bool {
    matches!(error, TransportError::Auth { .. })
}

async fn right_and_wrong(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let rabbit = Rabbit::new(server.url());
    assert_eq!(rabbit.name(), "RabbitMQ");
    works(&rabbit).await?;
    works(&Rabbit::new(format!("localhost:{}", server.port()))).await?;
    works(&rabbit.clone().auth(RabbitAuth::password("me", password()))).await?;
    let port = server.port();
    works(&Rabbit::new(format!(
        "amqp://me:p%40ss%2F{SENTINEL}@127.0.0.1:{port}/%2F"
    )))
    .await?;

    for wrong in [
        rabbit.clone().auth(RabbitAuth::password("me", SENTINEL)),
        Rabbit::new(format!("amqp://{SENTINEL}:{SENTINEL}@127.0.0.1:{port}")),
    ] {
        let error = refusal(&wrong).await;
        assert!(is_auth(&error), "{error}");
        let text = error.to_string();
        for part in ["ACCESS_REFUSED", "check user", &format!("127.0.0.1:{port}")] {
            assert!(text.contains(part), "{text}");
        }
    }
    Ok(())
}

async fn resolvers(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let rabbit = Rabbit::new(server.url()).auth(move || {
        counter.fetch_add(1, Ordering::SeqCst);
        Ok::<_, io::Error>(RabbitAuth::password("me", password()))
    });
    works(&rabbit).await?;
    works(&rabbit).await?;
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    let rabbit = Rabbit::new(server.url());
    works(
        &rabbit
            .clone()
            .auth(async || Ok::<_, io::Error>(RabbitAuth::password("me", password()))),
    )
    .await?;

    let failing = || Err::<RabbitAuth, _>(io::Error::other(SENTINEL));
    let failing_later = async || Err::<RabbitAuth, _>(io::Error::other(SENTINEL));
    for rabbit in [
        rabbit.clone().auth(failing),
        rabbit.clone().auth(failing_later),
    ] {
        let error = refusal(&rabbit).await.to_string();
        assert!(
            error.contains("resolver") && error.contains("std::io::error::Error"),
            "{error}"
        );
    }
    let wrong = rabbit
        .clone()
        .auth(|| Ok::<_, io::Error>(RabbitAuth::password("me", SENTINEL)));
    assert!(is_auth(&refusal(&wrong).await));
    let hanging = rabbit
        .connect_timeout(Duration::from_millis(200))
        .auth(std::future::pending::<Result<RabbitAuth, io::Error>>);
    let start = Instant::now();
    let error = refusal(&hanging).await.to_string();
    assert!(error.contains("longer than 200ms"), "{error}");
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    Ok(())
}

async fn virtual_hosts(server: Arc<RabbitServer>) -> Result<(), TestError> {
    works(&Rabbit::new(format!("{}/a%2Fb", server.url()))).await?;
    works(&Rabbit::new(format!("{}/", server.url()))).await?;
    let error = refusal(&Rabbit::new(format!("{}/nowhere", server.url()))).await;
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("vhost nowhere not found") && text.contains("is `nowhere`"),
        "{text}"
    );
    // `me` is not let into this one.
    let closed = Rabbit::new(format!("{}/a%2Fb", server.url()));
    let error = refusal(&closed.auth(RabbitAuth::password("me", password()))).await;
    let text = error.to_string();
    assert!(text.contains("refused for user 'me'"), "{text}");
    Ok(())
}

async fn permissions(server: Arc<RabbitServer>) -> Result<(), TestError> {
    let me = || RabbitAuth::password("me", password());
    let connection = connect(&Rabbit::new(server.url()).auth(me())).await?;
    for topic in ["exchange:amq.topic/x", "queue:closed"] {
        let error = connection.subscribe(topic, delivery().0).await.unwrap_err();
        assert!(matches!(error, TransportError::Subscribe { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("ACCESS_REFUSED") || text.contains("NOT_FOUND"),
            "{text}"
        );
        assert!(!text.contains(SENTINEL), "{text}");
    }
    let error = connection
        .publish(message("exchange:amq.topic/x", "1"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("ACCESS_REFUSED"), "{error}");
    let (delivery, mut seen) = delivery();
    let _subscription = connection.subscribe("permitted", delivery).await?;
    connection.publish(message("permitted", "1")).await?;
    assert_eq!(seen.next().await.payload, "1");

    let closed = Rabbit::new(server.url()).exchange("closed").auth(me());
    let error = refusal(&closed).await.to_string();
    assert!(
        error.contains("ACCESS_REFUSED") && error.contains("closed"),
        "{error}"
    );
    Ok(())
}

async fn refused_port() -> Result<(), TestError> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let start = Instant::now();
    let url = format!("amqp://me:{SENTINEL}@127.0.0.1:{port}");
    let error = refusal(&Rabbit::new(url)).await.to_string();
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    for part in [
        "Connection refused",
        "is the server running",
        &format!("127.0.0.1:{port}"),
    ] {
        assert!(error.contains(part), "{error}");
    }
    Ok(())
}

/// Something that takes connections and says nothing, or what is no AMQP.
async fn silent_port() -> Result<(), TestError> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = format!("127.0.0.1:{}", listener.local_addr()?.port());
    let start = Instant::now();
    let bound = Duration::from_millis(200);
    for rabbit in [
        Rabbit::new(&address),
        Rabbit::new(format!("amqps://{address}")),
    ] {
        let error = refusal(&rabbit.connect_timeout(bound)).await.to_string();
        assert!(error.contains("longer than 200ms"), "{error}");
    }
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );

    let garbage = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = garbage.local_addr()?.to_string();
    let speaker = tokio::spawn(async move {
        while let Ok((stream, _)) = garbage.accept().await {
            if stream.writable().await.is_ok() {
                drop(stream.try_write(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
            }
        }
    });
    let error = refusal(&Rabbit::new(&address)).await;
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    speaker.abort();
    Ok(())
}

/// Everything with certificates, on one broker that asks for the client's.
pub(crate) async fn certificates() -> Result<(), TestError> {
    let server = RabbitServer::builder()
        .external()
        .user(RabbitUser::new("guest", "guest"))
        .user(RabbitUser::new("tester", SENTINEL))
        .start()?;
    let authority = server.authority();
    let trusting = Tls::new().ca_file(authority.certificate());
    let identity = |name: &str| authority.client(name).map(|it| (it.certificate, it.key));
    let (certificate, key) = identity("tester")?;
    let shown = trusting.clone().client_cert(certificate, key);
    let rabbit = Rabbit::new(server.url());

    works(&rabbit.clone().tls(shown.clone())).await?;
    works(&Rabbit::new(format!("amqps://localhost:{}", server.port())).tls(shown.clone())).await?;
    works(
        &rabbit
            .clone()
            .tls(shown.clone())
            .auth(RabbitAuth::password("tester", SENTINEL)),
    )
    .await?;
    works(
        &rabbit
            .clone()
            .tls(shown.clone())
            .auth(RabbitAuth::external()),
    )
    .await?;
    works(
        &rabbit
            .clone()
            .tls(shown.clone())
            .auth(async || Ok::<_, io::Error>(RabbitAuth::external())),
    )
    .await?;

    // A certificate of the right authority, with a name that is no user's.
    let (certificate, key) = identity("stranger")?;
    let stranger = trusting.clone().client_cert(certificate, key);
    let error = refusal(&rabbit.clone().tls(stranger).auth(RabbitAuth::external())).await;
    assert!(is_auth(&error), "{error}");
    assert!(error.to_string().contains("one of its users"), "{error}");
    let wrong = rabbit
        .clone()
        .tls(shown.clone())
        .auth(RabbitAuth::password("tester", format!("wrong-{SENTINEL}")));
    assert!(is_auth(&refusal(&wrong).await));

    // No certificate, one of another authority, and EXTERNAL without any.
    let other = Authority::new()?;
    let foreign = other.client("tester")?;
    let foreign = trusting
        .clone()
        .client_cert(foreign.certificate, foreign.key);
    for tls in [trusting.clone(), foreign] {
        let error = refusal(&rabbit.clone().tls(tls)).await;
        assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    }
    let error = refusal(
        &rabbit
            .clone()
            .tls(trusting.clone())
            .auth(RabbitAuth::external()),
    )
    .await;
    assert!(error.to_string().contains("client_cert"), "{error}");

    // A server that we do not trust, or that is not who it should be.
    let error = refusal(&rabbit.clone().tls(Tls::new().ca_file(other.certificate())))
        .await
        .to_string();
    assert!(
        error.contains("invalid peer certificate") && error.contains("Tls::ca_file"),
        "{error}"
    );
    let error = refusal(&rabbit.clone()).await.to_string();
    assert!(error.contains("invalid peer certificate"), "{error}");
    let elsewhere = by_another_address(server.port()).await?;
    let elsewhere = Rabbit::new(format!("amqps://{elsewhere}"));
    let error = refusal(&elsewhere.tls(shown.clone())).await.to_string();
    assert!(error.contains("not valid for name"), "{error}");

    let missing = Tls::new().ca_file("/no/such.pem");
    let error = refusal(&rabbit.clone().tls(missing)).await.to_string();
    assert!(error.contains("cannot read /no/such.pem"), "{error}");
    let (_, key) = identity("tester")?;
    let error = refusal(&rabbit.clone().tls(Tls::new().ca_file(&key)))
        .await
        .to_string();
    assert!(error.contains("holds no certificate"), "{error}");
    // Without encryption there is nobody to talk to.
    let plain = Rabbit::new(format!("amqp://127.0.0.1:{}", server.port()));
    let error = refusal(&plain.connect_timeout(Duration::from_secs(2))).await;
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    Ok(())
}
