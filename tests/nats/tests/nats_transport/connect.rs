//! Who gets in, who does not, and what the refusal says.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use choreo::transport::Tls;
use choreo::transport::nats::{Nats, NatsAuth};
use choreo::transport::{ConnectionEvent, Transport, TransportError};
use choreo_test_brokers::tls::Authority;
use choreo_test_brokers::{BrokerTests, NatsServer, by_another_address};
use nkeys::KeyPair;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufStream, copy_bidirectional};
use tokio::net;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use super::support::{SENTINEL, TestError, connect, events, refusal, works};

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .test("connect::open_server", open_server)
        .test("connect::user_and_password", user_and_password)
        .test("connect::token", token)
        .test("connect::nkey", nkey)
        .test("connect::credentials_file", credentials_file)
        .test("connect::tls", tls)
        .test("connect::mutual_tls", mutual_tls)
        .test(
            "connect::a_resolver_is_asked_at_each_connect",
            resolver_each_time,
        )
        .test(
            "connect::a_failing_resolver_is_named_by_type",
            failing_resolver,
        )
        .test("connect::the_bound_includes_the_resolver", slow_resolver)
        .test("connect::a_refused_port_fails_at_once", refused_port)
        .test("connect::a_silent_port_fails_within_the_bound", silent_port)
        .test("connect::the_next_server_is_tried", next_server)
        .test(
            "connect::an_advertised_server_is_never_connected_to",
            advertised_server,
        )
}

fn is_auth(error: &TransportError) -> bool {
    matches!(error, TransportError::Auth { .. })
}

async fn open_server() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let nats = Nats::new(server.url());
    assert_eq!(nats.name(), "NATS");
    assert_eq!(
        nats.endpoints()[0].to_string(),
        format!("127.0.0.1:{}", server.port())
    );
    assert!(nats.capabilities().wildcards && nats.capabilities().headers);
    works(&nats).await?;
    works(&Nats::new(format!("localhost:{}", server.port()))).await?;
    Ok(())
}

async fn user_and_password() -> Result<(), TestError> {
    let password = format!("p@ss/{SENTINEL}");
    let server = NatsServer::builder()
        .user_password("me", &password)
        .start()?;
    let nats = Nats::new(server.url());
    works(
        &nats
            .clone()
            .auth(NatsAuth::user_password("me", password.as_str())),
    )
    .await?;
    works(&Nats::new(format!(
        "nats://me:p%40ss%2F{SENTINEL}@127.0.0.1:{}",
        server.port()
    )))
    .await?;

    let error = refusal(&nats.clone().auth(NatsAuth::user_password("me", SENTINEL))).await;
    assert!(is_auth(&error), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("authorization violation") && text.contains("check user"),
        "{text}"
    );
    assert!(
        text.contains(&format!("127.0.0.1:{}", server.port())),
        "{text}"
    );

    let error = refusal(&Nats::new(format!(
        "nats://me:{SENTINEL}@127.0.0.1:{}",
        server.port()
    )))
    .await;
    assert!(is_auth(&error), "{error}");
    let error = refusal(&nats).await;
    assert!(
        is_auth(&error) && error.to_string().contains("none were given"),
        "{error}"
    );
    Ok(())
}

async fn token() -> Result<(), TestError> {
    let server = NatsServer::builder().token(SENTINEL).start()?;
    let nats = Nats::new(server.url());
    works(&nats.clone().auth(NatsAuth::token(SENTINEL))).await?;
    works(&Nats::new(format!(
        "nats://{SENTINEL}@127.0.0.1:{}",
        server.port()
    )))
    .await?;
    let error = refusal(&nats.auth(NatsAuth::token(format!("not-{SENTINEL}")))).await;
    assert!(is_auth(&error), "{error}");
    Ok(())
}

async fn nkey() -> Result<(), TestError> {
    let pair = KeyPair::new_user();
    let other = KeyPair::new_user();
    let server = NatsServer::builder().nkey(&pair.public_key()).start()?;
    let nats = Nats::new(server.url());
    works(&nats.clone().auth(NatsAuth::nkey(pair.seed()?))).await?;

    let wrong = nats.clone().auth(NatsAuth::nkey(other.seed()?));
    let error = refusal(&wrong).await;
    assert!(is_auth(&error), "{error}");
    assert!(!format!("{error:?} {wrong:?}").contains(&other.seed()?));
    let error = refusal(&nats.auth(NatsAuth::nkey(format!("SU{SENTINEL}")))).await;
    assert!(
        error.to_string().contains("the nkey seed is malformed"),
        "{error}"
    );
    Ok(())
}

async fn credentials_file() -> Result<(), TestError> {
    let server = NatsServer::builder().accounts().start()?;
    let stranger = NatsServer::builder().accounts().start()?;
    let nats = Nats::new(server.url());
    works(
        &nats
            .clone()
            .auth(NatsAuth::credentials_file(server.credentials_file())),
    )
    .await?;

    let foreign = nats
        .clone()
        .auth(NatsAuth::credentials_file(stranger.credentials_file()));
    let error = refusal(&foreign).await;
    assert!(is_auth(&error), "{error}");
    let text = std::fs::read_to_string(stranger.credentials_file())?;
    for line in text
        .lines()
        .filter(|line| line.len() > 20 && !line.starts_with('-'))
    {
        assert!(!format!("{error:?} {foreign:?}").contains(line));
    }

    let missing = server.credentials_file().with_file_name("missing.creds");
    let error = refusal(&nats.clone().auth(NatsAuth::credentials_file(&missing))).await;
    assert!(
        error.to_string().contains("missing.creds: No such file"),
        "{error}"
    );
    std::fs::write(&missing, SENTINEL)?;
    let error = refusal(&nats.auth(NatsAuth::credentials_file(&missing))).await;
    assert!(
        error
            .to_string()
            .contains("does not hold a token and a seed"),
        "{error}"
    );
    Ok(())
}

async fn tls() -> Result<(), TestError> {
    let server = NatsServer::builder().tls().start()?;
    let ca = server.authority().certificate();
    works(&Nats::new(server.url()).tls(Tls::new().ca_file(&ca))).await?;
    let localhost = format!("tls://localhost:{}", server.port());
    works(&Nats::new(localhost).tls(Tls::new().ca_file(&ca))).await?;

    let stranger = Authority::new()?;
    let trusting_another = Tls::new().ca_file(stranger.certificate());
    let error = refusal(&Nats::new(server.url()).tls(trusting_another))
        .await
        .to_string();
    assert!(
        error.contains("invalid peer certificate") && error.contains("Tls::ca_file"),
        "{error}"
    );
    let elsewhere = format!("tls://{}", by_another_address(server.port()).await?);
    let error = refusal(&Nats::new(elsewhere).tls(Tls::new().ca_file(&ca))).await;
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    assert!(error.to_string().contains("not valid for name"), "{error}");
    let error = refusal(&Nats::new(server.url()).tls(Tls::new().ca_file("/no/such.pem"))).await;
    assert!(
        error.to_string().contains("cannot read /no/such.pem"),
        "{error}"
    );

    let plain = NatsServer::builder().start()?;
    let error = refusal(&Nats::new(plain.url()).tls(Tls::new().ca_file(&ca))).await;
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    Ok(())
}

async fn mutual_tls() -> Result<(), TestError> {
    let server = NatsServer::builder().mutual_tls().start()?;
    let trusting = Tls::new().ca_file(server.authority().certificate());
    let client = server.authority().client("client")?;
    let nats = Nats::new(server.url());
    works(
        &nats
            .clone()
            .tls(trusting.clone().client_cert(client.certificate, client.key)),
    )
    .await?;

    let error = refusal(&nats.clone().tls(trusting.clone())).await;
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    let stranger = Authority::new()?;
    let foreign = stranger.client("client")?;
    let error = refusal(&nats.tls(trusting.client_cert(foreign.certificate, foreign.key))).await;
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    Ok(())
}

async fn resolver_each_time() -> Result<(), TestError> {
    let server = NatsServer::builder().token(SENTINEL).start()?;
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let nats = Nats::new(server.url()).auth(move || {
        counter.fetch_add(1, Ordering::SeqCst);
        Ok::<_, io::Error>(NatsAuth::token(SENTINEL))
    });
    works(&nats).await?;
    works(&nats).await?;
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    works(&Nats::new(server.url()).auth(async || Ok::<_, io::Error>(NatsAuth::token(SENTINEL))))
        .await?;
    Ok(())
}

async fn failing_resolver() -> Result<(), TestError> {
    let server = NatsServer::builder().token(SENTINEL).start()?;
    let failing = || Err::<NatsAuth, _>(io::Error::other(SENTINEL));
    let error = refusal(&Nats::new(server.url()).auth(failing))
        .await
        .to_string();
    assert!(
        error.contains("resolver") && error.contains("std::io::error::Error"),
        "{error}"
    );
    Ok(())
}

async fn slow_resolver() -> Result<(), TestError> {
    let server = NatsServer::builder().token(SENTINEL).start()?;
    let nats = Nats::new(server.url())
        .connect_timeout(Duration::from_millis(200))
        .auth(std::future::pending::<Result<NatsAuth, io::Error>>);
    let start = Instant::now();
    let error = refusal(&nats).await.to_string();
    assert!(error.contains("longer than 200ms"), "{error}");
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    Ok(())
}

async fn refused_port() -> Result<(), TestError> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let start = Instant::now();
    let url = format!("nats://me:{SENTINEL}@127.0.0.1:{port}");
    let error = refusal(&Nats::new(url)).await.to_string();
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
    assert!(
        error.contains("Connection refused") && error.contains("is the server running"),
        "{error}"
    );
    assert!(error.contains(&format!("127.0.0.1:{port}")), "{error}");
    Ok(())
}

async fn silent_port() -> Result<(), TestError> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let nats = Nats::new(format!("127.0.0.1:{}", listener.local_addr()?.port()))
        .connect_timeout(Duration::from_millis(200));
    let start = Instant::now();
    let error = refusal(&nats).await;
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    Ok(())
}

async fn next_server() -> Result<(), TestError> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let server = NatsServer::builder().start()?;
    let nats = Nats::servers([format!("nats://127.0.0.1:{port}"), server.url()]);
    for _ in 0..5 {
        works(&nats).await?;
    }
    // Nothing is left to connect to after this.
    drop(server);
    assert!(connect(&nats).await.is_err());
    Ok(())
}

/// Clients that reach a server through this are told of another one, as by a member of a cluster.
async fn tell_of(
    other: SocketAddr,
    front: net::TcpListener,
    server: u16,
    asked: UnboundedSender<()>,
) {
    let mut running = JoinSet::new();
    while let Ok((mut client, _)) = front.accept().await {
        let _ = asked.send(());
        running.spawn(async move {
            let server = net::TcpStream::connect(("127.0.0.1", server)).await?;
            let mut server = BufStream::new(server);
            let mut info = String::new();
            server.read_line(&mut info).await?;
            let told = info.replacen('{', &format!(r#"{{"connect_urls":["{other}"],"#), 1);
            client.write_all(told.as_bytes()).await?;
            copy_bidirectional(&mut client, &mut server).await
        });
    }
}

async fn advertised_server() -> Result<(), TestError> {
    let mut server = NatsServer::builder().start()?;
    let other = TcpListener::bind("127.0.0.1:0")?;
    other.set_nonblocking(true)?;
    let front = net::TcpListener::bind("127.0.0.1:0").await?;
    let nats = Nats::new(front.local_addr()?.to_string()).connect_timeout(Duration::from_secs(1));
    let (sender, mut asked) = unbounded_channel();
    let mut fronts = JoinSet::new();
    fronts.spawn(tell_of(other.local_addr()?, front, server.port(), sender));
    let (sink, mut seen) = events();
    let _connection = nats.connect(sink).await?;
    assert_eq!(asked.recv().await, Some(()));
    server.kill()?;
    assert!(matches!(seen.next().await, ConnectionEvent::Lost { .. }));
    // While its server is gone it has every reason to try the other one.
    for _ in 0..5 {
        assert_eq!(asked.recv().await, Some(()));
    }
    server.restart()?;
    assert_eq!(seen.next().await, ConnectionEvent::Restored);
    let error = other.accept().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "{error}");
    Ok(())
}
