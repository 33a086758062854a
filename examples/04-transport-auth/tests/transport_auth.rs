//! How a harness logs in: user and password, TLS, mutual TLS; and what a refusal says.
//!
//! ```sh
//! cargo test -p transport-auth
//! ```

use choreo::broker::{Broker, NatsServer};
use choreo::prelude::*;
use choreo::secret::Secret;
use choreo::transport::Tls;

/// Made for this run; a real one comes from the environment or a vault: see example 05.
const PASSWORD: &str = "s3ntinel-for-this-run";

/// NATS, user and password.
#[choreo::harness]
async fn nats_with_a_password() -> Result<Harness> {
    let broker = Broker::nats().auth("tester", PASSWORD).start().await?;
    Harness::builder(Nats::new(broker.url()).auth(NatsAuth::user_password("tester", PASSWORD)))
        .correlation(FieldCorrelation::new("correlation_id"))
        .keep(broker)
        .connect()
        .await
}

/// RabbitMQ, user and password over TLS. The certificate's authority is the broker's own.
#[choreo::harness]
async fn rabbitmq_with_tls() -> Result<Harness> {
    let broker = Broker::rabbitmq()
        .auth("tester", PASSWORD)
        .tls()
        .start()
        .await?;
    let rabbit = Rabbit::new(broker.url())
        .auth(RabbitAuth::password("tester", PASSWORD))
        .tls(trusting(broker.ca_file()));
    Harness::builder(rabbit)
        .correlation(FieldCorrelation::new("correlation_id"))
        .keep(broker)
        .connect()
        .await
}

/// Redis, a user of the server's access control list, over TLS.
#[choreo::harness]
async fn redis_with_a_user() -> Result<Harness> {
    let broker = Broker::redis()
        .auth("tester", PASSWORD)
        .tls()
        .start()
        .await?;
    let redis = Redis::new(broker.url())
        .auth(RedisAuth::user_password("tester", PASSWORD))
        .tls(trusting(broker.ca_file()));
    Harness::builder(redis)
        .correlation(FieldCorrelation::new("correlation_id"))
        .keep(broker)
        .connect()
        .await
}

/// NATS with mutual TLS: the server wants a certificate from us, too. `Broker` has what all brokers have;
/// the server's own type has the rest. Starting it waits, so it does that on a thread for blocking work.
#[choreo::harness]
async fn nats_with_a_certificate() -> Result<Harness> {
    let start = || {
        let server = NatsServer::builder().mutual_tls().start()?;
        let identity = server.authority().client("tester")?;
        Ok::<_, choreo::broker::StartError>((server, identity))
    };
    let started = tokio::task::spawn_blocking(start).await;
    let (server, identity) = started.map_err(|error| Error::harness(error.to_string()))??;
    let tls = Tls::new()
        .ca_file(server.authority().certificate())
        .client_cert(identity.certificate, identity.key);
    Harness::builder(Nats::new(server.url()).tls(tls))
        .correlation(FieldCorrelation::new("correlation_id"))
        .keep(server)
        .connect()
        .await
}

fn trusting(authority: Option<&std::path::Path>) -> Tls {
    // A broker that was given by its URL may have a certificate that this machine trusts.
    authority.map_or_else(Tls::new, |file| Tls::new().ca_file(file))
}

/// What all of them do; each harness is logged in, or this would be an error.
macro_rules! it_carries_messages {
    ($($harness:ident => $scenario:ident),+ $(,)?) => {$(
        #[choreo::scenario($harness, timeout = 5s)]
        async fn $scenario(s: Scenario<'_>) {
            expect!(s, "orders.created", { item_id: "ITEM-42" });
            publish!(s, "orders.created", { item_id: "ITEM-42" });
        }
    )+};
}

it_carries_messages! {
    nats_with_a_password => over_nats_with_a_password,
    nats_with_a_certificate => over_nats_with_a_certificate,
    rabbitmq_with_tls => over_rabbitmq_with_tls,
    redis_with_a_user => over_redis_with_a_user,
}

/// A refusal is one clear error of the harness, and shows no password: neither the right one nor ours.
#[choreo::scenario(nats_with_a_password, timeout = 20s)]
async fn a_wrong_password_is_refused(s: Scenario<'_>) -> Result<()> {
    let broker = Broker::nats().auth("tester", PASSWORD).start().await?;
    let wrong = Secret::from("s3ntinel-too");
    let nats = Nats::new(broker.url()).auth(NatsAuth::user_password("tester", wrong));
    let Err(error) = Harness::builder(nats).connect().await else {
        return Err(Error::harness("a wrong password was taken"));
    };
    let text = format!("{error} {error:?}");
    assert!(text.contains("refused the credentials"), "{text}");
    assert!(!text.contains("s3ntinel"), "{text}");

    expect!(s, "orders.created");
    publish!(s, "orders.created", {});
    Ok(())
}

fn main() {
    choreo::main!()
}
