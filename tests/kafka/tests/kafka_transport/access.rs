//! Who gets in, who does not, and what the refusal says. The broker process refuses everyone who comes
//! with SCRAM (its engine in memory keeps no users); the front checks the rest.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use choreo::transport::kafka::{Kafka, KafkaAuth};
use choreo::transport::{Connection, Tls, TransportError};
use choreo_test_brokers::tls::Authority;
use choreo_test_brokers::{BrokerTests, KafkaServer};

use super::front::{Encryption, Front, Sasl};
use super::support::{
    SENTINEL, TestError, connect, create_topic, eventually, message, refusal, works,
};

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .test("access::the_broker_process_refuses_scram", tansu_scram)
        .test("access::plain", || async {
            password(Sasl::Plain("me", right()), KafkaAuth::plain).await
        })
        .test("access::scram_sha_256", || async {
            password(Sasl::Scram256("me", right()), KafkaAuth::scram_sha_256).await
        })
        .test("access::scram_sha_512", || async {
            password(Sasl::Scram512("me", right()), KafkaAuth::scram_sha_512).await
        })
        .test("access::oauth_bearer", oauth_bearer)
        .test("access::a_bearer_token_is_renewed", renewed)
        .test(
            "access::another_mechanism_is_an_auth_error",
            other_mechanism,
        )
        .test("access::credentials_that_are_not_asked_for", not_asked_for)
        .test("access::credentials_that_are_missing", missing)
        .test("access::resolvers", resolvers)
        .test("access::tls", tls)
        .test("access::tls_with_another_host_name", other_host)
        .test("access::mutual_tls", mutual_tls)
        .test("access::tls_and_scram", tls_and_scram)
        .test("access::plain_text_to_a_tls_port", plain_to_tls)
}

/// The password that is right.
fn right() -> String {
    format!("right-{SENTINEL}")
}

fn is_auth(error: &TransportError) -> bool {
    matches!(error, TransportError::Auth { .. })
}

async fn tansu_scram() -> Result<(), TestError> {
    let server = KafkaServer::builder().authentication().start()?;
    let kafka = Kafka::new(server.url()).auth(KafkaAuth::scram_sha_512("me", SENTINEL));
    let error = refusal(&kafka).await;
    assert!(is_auth(&error), "{error}");
    Ok(())
}

async fn password(
    sasl: Sasl,
    auth: impl Fn(&'static str, String) -> KafkaAuth,
) -> Result<(), TestError> {
    let front = Front::start(Encryption::None, Some(sasl)).await?;
    let kafka = Kafka::new(front.at("127.0.0.1"));
    works(&kafka.clone().auth(auth("me", right()))).await?;
    for (user, password) in [("me", format!("wrong-{SENTINEL}")), ("you", right())] {
        let error = refusal(&kafka.clone().auth(auth(user, password))).await;
        assert!(is_auth(&error), "{error}");
        let text = error.to_string();
        assert!(text.contains(&front.at("127.0.0.1")), "{text}");
        assert!(text.contains("Invalid username or password"), "{text}");
    }
    Ok(())
}

async fn oauth_bearer() -> Result<(), TestError> {
    let good = Arc::new(Mutex::new(vec![right()]));
    let front = Front::start(Encryption::None, Some(Sasl::Token(good))).await?;
    let kafka = Kafka::new(front.at("127.0.0.1")).auth(KafkaAuth::oauth_bearer(right()));
    // The client library cannot create topics with a token, and the broker process does not by itself.
    let connection = connect(&kafka).await?;
    let error = connection.publish(message("a", "x")).await.unwrap_err();
    assert!(error.to_string().contains("with a bearer token"), "{error}");
    connection.close().await;
    create_topic(&front.server.url(), "works", 1).await?;
    works(&kafka).await?;
    let kafka = Kafka::new(front.at("127.0.0.1"));
    let wrong = kafka.auth(KafkaAuth::oauth_bearer(format!("wrong-{SENTINEL}")));
    let error = refusal(&wrong).await;
    assert!(is_auth(&error), "{error}");
    assert!(
        error.to_string().contains("the token is not good"),
        "{error}"
    );
    Ok(())
}

/// After a token has expired, a new connection (after a restart) logs in with the next one.
async fn renewed() -> Result<(), TestError> {
    let good = Arc::new(Mutex::new(Vec::new()));
    let mut front = Front::start(Encryption::None, Some(Sasl::Token(Arc::clone(&good)))).await?;
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let kafka = Kafka::new(front.at("127.0.0.1")).auth(move || {
        let number = counter.fetch_add(1, Ordering::SeqCst);
        let token = format!("{SENTINEL}-{number}");
        *good.lock().unwrap() = vec![token.clone()];
        Ok::<_, io::Error>(KafkaAuth::oauth_bearer(token).expires_in(Duration::from_secs(3)))
    });
    create_topic(&front.server.url(), "a", 1).await?;
    let connection = connect(&kafka).await?;
    connection.publish(message("a", "x")).await?;
    eventually("the token is renewed", || asked.load(Ordering::SeqCst) > 2).await;
    let before = front.logins.load(Ordering::SeqCst);
    front.server.restart()?;
    let logins = Arc::clone(&front.logins);
    eventually("a login with a new token", || {
        logins.load(Ordering::SeqCst) > before
    })
    .await;
    connection.close().await;
    let count = asked.load(Ordering::SeqCst);
    assert!(count < 20, "it was asked {count} times");
    Ok(())
}

async fn other_mechanism() -> Result<(), TestError> {
    let front = Front::start(Encryption::None, Some(Sasl::Scram512("me", right()))).await?;
    let kafka = Kafka::new(front.at("127.0.0.1")).auth(KafkaAuth::plain("me", right()));
    let error = refusal(&kafka).await;
    assert!(is_auth(&error), "{error}");
    assert!(error.to_string().contains("SCRAM-SHA-512"), "{error}");
    Ok(())
}

async fn not_asked_for() -> Result<(), TestError> {
    let server = KafkaServer::builder().start()?;
    let kafka = Kafka::new(server.url()).auth(KafkaAuth::plain("me", right()));
    let error = refusal(&kafka).await;
    assert!(
        matches!(
            error,
            TransportError::Auth { .. } | TransportError::Connect { .. }
        ),
        "{error}"
    );
    Ok(())
}

async fn missing() -> Result<(), TestError> {
    let server = KafkaServer::builder().authentication().start()?;
    let kafka = Kafka::new(server.url()).connect_timeout(Duration::from_secs(2));
    let error = refusal(&kafka).await;
    assert!(error.to_string().contains(&server.url()), "{error}");
    Ok(())
}

async fn resolvers() -> Result<(), TestError> {
    let front = Front::start(Encryption::None, Some(Sasl::Plain("me", right()))).await?;
    let kafka = Kafka::new(front.at("127.0.0.1"));
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let sync = kafka.clone().auth(move || {
        counter.fetch_add(1, Ordering::SeqCst);
        Ok::<_, io::Error>(KafkaAuth::plain("me", right()))
    });
    works(&sync).await?;
    works(&sync).await?;
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    let not_sync = kafka
        .clone()
        .auth(async || Ok::<_, io::Error>(KafkaAuth::plain("me", right())));
    works(&not_sync).await?;
    let failing = kafka
        .clone()
        .auth(|| Err::<KafkaAuth, _>(io::Error::other(SENTINEL)));
    let text = refusal(&failing).await.to_string();
    assert!(text.contains("std::io::error::Error"), "{text}");
    let hanging = kafka
        .connect_timeout(Duration::from_millis(100))
        .auth(async || std::future::pending::<Result<KafkaAuth, io::Error>>().await);
    let text = refusal(&hanging).await.to_string();
    assert!(text.contains("longer than 100ms"), "{text}");
    Ok(())
}

async fn tls() -> Result<(), TestError> {
    let front = Front::start(Encryption::Tls, None).await?;
    let trusting = Tls::new().ca_file(front.authority.certificate());
    works(&Kafka::new(front.at("localhost")).tls(trusting.clone())).await?;
    works(&Kafka::new(front.at("127.0.0.1")).tls(trusting)).await?;
    let stranger = Authority::new()?;
    let mistrusting = Tls::new().ca_file(stranger.certificate());
    let text = refusal(&Kafka::new(front.at("localhost")).tls(mistrusting))
        .await
        .to_string();
    assert!(
        text.contains("certificate verify failed") && text.contains("Tls::ca_file"),
        "{text}"
    );
    let text = refusal(&Kafka::new(front.at("localhost")).tls(Tls::new().ca_file("/no/such.pem")))
        .await
        .to_string();
    assert!(text.contains("cannot read /no/such.pem"), "{text}");

    let plain = KafkaServer::builder().start()?;
    let trusting = Tls::new().ca_file(front.authority.certificate());
    let kafka = Kafka::new(plain.url()).tls(trusting);
    let error = refusal(&kafka.connect_timeout(Duration::from_secs(2))).await;
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    Ok(())
}

async fn other_host() -> Result<(), TestError> {
    let front = Front::start(Encryption::OtherHost, None).await?;
    let trusting = Tls::new().ca_file(front.authority.certificate());
    let text = refusal(&Kafka::new(front.at("localhost")).tls(trusting))
        .await
        .to_string();
    assert!(text.contains("certificate verify failed"), "{text}");
    Ok(())
}

async fn mutual_tls() -> Result<(), TestError> {
    let front = Front::start(Encryption::MutualTls, None).await?;
    let trusting = Tls::new().ca_file(front.authority.certificate());
    let client = front.authority.client("client")?;
    let kafka = Kafka::new(front.at("localhost")).connect_timeout(Duration::from_secs(3));
    works(
        &kafka
            .clone()
            .tls(trusting.clone().client_cert(client.certificate, client.key)),
    )
    .await?;
    let error = refusal(&kafka.clone().tls(trusting.clone())).await;
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    let stranger = Authority::new()?;
    let foreign = stranger.client("client")?;
    let error = refusal(&kafka.tls(trusting.client_cert(foreign.certificate, foreign.key))).await;
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    Ok(())
}

async fn tls_and_scram() -> Result<(), TestError> {
    let front = Front::start(Encryption::Tls, Some(Sasl::Scram256("me", right()))).await?;
    let trusting = Tls::new().ca_file(front.authority.certificate());
    let kafka = Kafka::new(front.at("localhost")).tls(trusting);
    works(&kafka.clone().auth(KafkaAuth::scram_sha_256("me", right()))).await?;
    let wrong = kafka.auth(KafkaAuth::scram_sha_256("me", format!("wrong-{SENTINEL}")));
    let error = refusal(&wrong).await;
    assert!(is_auth(&error), "{error}");
    Ok(())
}

async fn plain_to_tls() -> Result<(), TestError> {
    let front = Front::start(Encryption::Tls, None).await?;
    let kafka = Kafka::new(front.at("localhost")).connect_timeout(Duration::from_secs(2));
    let error = refusal(&kafka).await;
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    Ok(())
}
