//! Who gets in, who does not, and what the refusal says.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use choreo::transport::redis::{Redis, RedisAuth, RedisStreams};
use choreo::transport::{Connection, Tls, Transport, TransportError};
use choreo_test_brokers::tls::Authority;
use choreo_test_brokers::{BrokerTests, RedisServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::support::{SENTINEL, TestError, connect, delivery, message, refusal, works};

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .test("connect::open_server", open_server)
        .test("connect::password", password)
        .test("connect::user_and_password", user_and_password)
        .test("connect::permissions_are_respected", permissions)
        .test(
            "connect::a_user_with_few_permissions_gets_in",
            few_permissions,
        )
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
        .test(
            "connect::a_password_is_not_repeated_by_a_stranger",
            stranger,
        )
}

fn is_auth(error: &TransportError) -> bool {
    matches!(error, TransportError::Auth { .. })
}

async fn open_server() -> Result<(), TestError> {
    let server = RedisServer::builder().start()?;
    let redis = Redis::new(server.url());
    assert_eq!(redis.name(), "Redis");
    assert_eq!(
        redis.endpoints()[0].to_string(),
        format!("127.0.0.1:{}", server.port())
    );
    works(&redis).await?;
    works(&Redis::new(format!("localhost:{}", server.port()))).await?;
    let streams = RedisStreams::new(server.url());
    assert_eq!(streams.name(), "Redis Streams");
    works(&streams).await?;
    Ok(())
}

async fn password() -> Result<(), TestError> {
    let server = RedisServer::builder().password(SENTINEL).start()?;
    let port = server.port();
    let redis = Redis::new(server.url());
    let streams = RedisStreams::new(server.url());
    works(&redis.clone().auth(RedisAuth::password(SENTINEL))).await?;
    works(&streams.clone().auth(RedisAuth::password(SENTINEL))).await?;
    works(&Redis::new(format!("redis://:{SENTINEL}@127.0.0.1:{port}"))).await?;
    works(&RedisStreams::new(format!(
        "redis://default:{SENTINEL}@127.0.0.1:{port}/1"
    )))
    .await?;

    let wrong = RedisAuth::password(format!("not-{SENTINEL}"));
    for error in [
        refusal(&redis.clone().auth(wrong.clone())).await,
        refusal(&streams.clone().auth(wrong)).await,
        refusal(&Redis::new(format!(
            "redis://:x{SENTINEL}@127.0.0.1:{port}"
        )))
        .await,
    ] {
        assert!(is_auth(&error), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("WRONGPASS") && text.contains("check user and password"),
            "{text}"
        );
        assert!(text.contains(&format!("127.0.0.1:{port}")), "{text}");
    }
    for error in [refusal(&redis).await, refusal(&streams).await] {
        assert!(is_auth(&error), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("NOAUTH") && text.contains("none were given"),
            "{text}"
        );
    }
    // A password for a server that has none is told, and not taken for a success.
    let open = RedisServer::builder().start()?;
    let error = refusal(&Redis::new(open.url()).auth(RedisAuth::password(SENTINEL))).await;
    assert!(is_auth(&error), "{error}");
    assert!(
        error.to_string().contains("without any password"),
        "{error}"
    );
    Ok(())
}

async fn user_and_password() -> Result<(), TestError> {
    let password = format!("p@ss/{SENTINEL}");
    let server = RedisServer::builder()
        .user_password("alice", &password)
        .start()?;
    let redis = Redis::new(server.url());
    let alice = RedisAuth::user_password("alice", password.as_str());
    works(&redis.clone().auth(alice.clone())).await?;
    works(&RedisStreams::new(server.url()).auth(alice)).await?;
    let url = format!(
        "redis://alice:p%40ss%2F{SENTINEL}@127.0.0.1:{}",
        server.port()
    );
    works(&Redis::new(&url)).await?;
    works(&RedisStreams::new(&url)).await?;
    for auth in [
        RedisAuth::user_password("alice", SENTINEL),
        RedisAuth::user_password("bob", password.as_str()),
        RedisAuth::password(password.as_str()),
    ] {
        let error = refusal(&redis.clone().auth(auth)).await;
        assert!(is_auth(&error), "{error}");
    }
    assert!(is_auth(&refusal(&redis).await));
    Ok(())
}

async fn permissions() -> Result<(), TestError> {
    let server = RedisServer::builder()
        .user("alice", SENTINEL, "~open:* &open:* +@all")
        .start()?;
    let auth = RedisAuth::user_password("alice", SENTINEL);
    let channel = connect(&Redis::new(server.url()).auth(auth.clone())).await?;
    let stream = connect(&RedisStreams::new(server.url()).auth(auth)).await?;
    for error in [
        channel.subscribe("closed", delivery().0).await.unwrap_err(),
        channel
            .subscribe("closed*", delivery().0)
            .await
            .unwrap_err(),
        stream.subscribe("closed", delivery().0).await.unwrap_err(),
    ] {
        assert!(matches!(error, TransportError::Subscribe { .. }), "{error}");
        assert!(error.to_string().contains("NOPERM"), "{error}");
    }
    for error in [
        channel.publish(message("closed", "")).await.unwrap_err(),
        stream.publish(message("closed", "")).await.unwrap_err(),
    ] {
        assert!(matches!(error, TransportError::Publish { .. }), "{error}");
        assert!(error.to_string().contains("NOPERM"), "{error}");
    }
    // The connections work on.
    let (sink, mut seen) = delivery();
    let _channel = channel.subscribe("open:a", sink.clone()).await?;
    let _stream = stream.subscribe("open:b", sink).await?;
    channel.publish(message("open:a", "1")).await?;
    assert_eq!(seen.next().await.payload, "1");
    stream.publish(message("open:b", "2")).await?;
    assert_eq!(seen.next().await.payload, "2");
    Ok(())
}

async fn few_permissions() -> Result<(), TestError> {
    let server = RedisServer::builder()
        .user(
            "alice",
            SENTINEL,
            "~* &* -@all +subscribe +unsubscribe +publish",
        )
        .user("bob", SENTINEL, "~* -@all +xadd +xread +xinfo")
        .start()?;
    let alice = RedisAuth::user_password("alice", SENTINEL);
    works(&Redis::new(server.url()).auth(alice)).await?;
    let bob = RedisAuth::user_password("bob", SENTINEL);
    works(&RedisStreams::new(server.url()).auth(bob)).await?;
    Ok(())
}

async fn tls() -> Result<(), TestError> {
    let server = RedisServer::builder().tls().start()?;
    let port = server.port();
    let trusting = Tls::new().ca_file(server.authority().certificate());
    works(&Redis::new(server.url()).tls(trusting.clone())).await?;
    works(&RedisStreams::new(server.url()).tls(trusting.clone())).await?;
    works(&Redis::new(format!("redis://localhost:{port}")).tls(trusting.clone())).await?;

    let stranger = Authority::new()?;
    let trusting_another = Tls::new().ca_file(stranger.certificate());
    for error in [
        refusal(&Redis::new(server.url()).tls(trusting_another.clone())).await,
        refusal(&RedisStreams::new(server.url()).tls(trusting_another)).await,
        // The authorities of this machine do not know ours.
        refusal(&Redis::new(server.url())).await,
    ] {
        let text = error.to_string();
        assert!(
            text.contains("invalid peer certificate") && text.contains("Tls::ca_file"),
            "{text}"
        );
    }
    // The server, by an address that its certificate does not hold.
    let elsewhere = format!("rediss://127.0.0.2:{port}");
    let foreign = RedisServer::builder()
        .tls()
        .setting("bind 127.0.0.1 127.0.0.2")
        .start()?;
    let elsewhere = elsewhere.replace(&port.to_string(), &foreign.port().to_string());
    let trusting_foreign = Tls::new().ca_file(foreign.authority().certificate());
    works(&Redis::new(foreign.url()).tls(trusting_foreign.clone())).await?;
    let error = refusal(&Redis::new(elsewhere).tls(trusting_foreign)).await;
    assert!(error.to_string().contains("not valid for name"), "{error}");

    let missing = Tls::new().ca_file("/no/such.pem");
    let error = refusal(&Redis::new(server.url()).tls(missing)).await;
    assert!(
        error.to_string().contains("cannot read /no/such.pem"),
        "{error}"
    );
    let plain = RedisServer::builder().start()?;
    let error = refusal(&Redis::new(plain.url()).tls(trusting)).await;
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    let unencrypted = format!("redis://127.0.0.1:{port}");
    let error = refusal(&Redis::new(unencrypted)).await;
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    assert!(error.to_string().contains("rediss://"), "{error}");
    Ok(())
}

async fn mutual_tls() -> Result<(), TestError> {
    let server = RedisServer::builder().mutual_tls().start()?;
    let trusting = Tls::new().ca_file(server.authority().certificate());
    let client = server.authority().client("client")?;
    let redis = Redis::new(server.url());
    let with_client = trusting
        .clone()
        .client_cert(&client.certificate, &client.key);
    works(&redis.clone().tls(with_client.clone())).await?;
    works(&RedisStreams::new(server.url()).tls(with_client)).await?;

    let error = refusal(&redis.clone().tls(trusting.clone())).await;
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    assert!(error.to_string().contains("Tls::client_cert"), "{error}");
    let foreign = Authority::new()?.client("client")?;
    let error = refusal(
        &redis.clone().tls(
            trusting
                .clone()
                .client_cert(&foreign.certificate, &foreign.key),
        ),
    )
    .await;
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    // The files are swapped.
    let swapped = trusting.client_cert(client.key, client.certificate);
    let error = refusal(&redis.tls(swapped)).await;
    assert!(
        error.to_string().contains("there is no certificate in"),
        "{error}"
    );
    Ok(())
}

async fn resolver_each_time() -> Result<(), TestError> {
    let server = RedisServer::builder().password(SENTINEL).start()?;
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let redis = Redis::new(server.url()).auth(move || {
        counter.fetch_add(1, Ordering::SeqCst);
        Ok::<_, io::Error>(RedisAuth::password(SENTINEL))
    });
    works(&redis).await?;
    works(&redis).await?;
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    let resolver = async || Ok::<_, io::Error>(RedisAuth::password(SENTINEL));
    works(&Redis::new(server.url()).auth(resolver)).await?;
    works(&RedisStreams::new(server.url()).auth(resolver)).await?;
    Ok(())
}

async fn failing_resolver() -> Result<(), TestError> {
    let server = RedisServer::builder().password(SENTINEL).start()?;
    let failing = || Err::<RedisAuth, _>(io::Error::other(SENTINEL));
    for error in [
        refusal(&Redis::new(server.url()).auth(failing)).await,
        refusal(&RedisStreams::new(server.url()).auth(failing)).await,
    ] {
        let error = error.to_string();
        assert!(
            error.contains("resolver") && error.contains("std::io::error::Error"),
            "{error}"
        );
    }
    Ok(())
}

async fn slow_resolver() -> Result<(), TestError> {
    let server = RedisServer::builder().password(SENTINEL).start()?;
    let redis = Redis::new(server.url())
        .connect_timeout(Duration::from_millis(200))
        .auth(std::future::pending::<Result<RedisAuth, io::Error>>);
    let start = Instant::now();
    let error = refusal(&redis).await.to_string();
    assert!(error.contains("longer than 200ms"), "{error}");
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    Ok(())
}

async fn refused_port() -> Result<(), TestError> {
    let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
    let url = format!("redis://me:{SENTINEL}@127.0.0.1:{port}");
    for error in [
        refusal(&Redis::new(&url)).await,
        refusal(&RedisStreams::new(&url)).await,
    ] {
        let error = error.to_string();
        assert!(
            error.contains("Connection refused") && error.contains("is the server running"),
            "{error}"
        );
        assert!(error.contains(&format!("127.0.0.1:{port}")), "{error}");
    }
    Ok(())
}

async fn silent_port() -> Result<(), TestError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let redis = Redis::new(format!("127.0.0.1:{}", listener.local_addr()?.port()))
        .connect_timeout(Duration::from_millis(200));
    let start = Instant::now();
    let error = refusal(&redis).await;
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    Ok(())
}

async fn stranger() -> Result<(), TestError> {
    // As servers do that do not know a command.
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let answering = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let mut request = [0; 1024];
        let length = stream.read(&mut request).await?;
        let answer = format!(
            "-ERR unknown command 'AUTH', with args beginning with: 'me' '{SENTINEL}' \r\n"
        );
        stream.write_all(answer.as_bytes()).await?;
        io::Result::Ok(String::from_utf8_lossy(&request[..length]).into_owned())
    });
    let redis = Redis::new(format!("redis://127.0.0.1:{port}"))
        .auth(RedisAuth::user_password("me", SENTINEL));
    let error = refusal(&redis).await;
    assert!(error.to_string().contains("unknown command"), "{error}");
    assert!(
        answering.await??.contains(SENTINEL),
        "the password was sent"
    );
    Ok(())
}
