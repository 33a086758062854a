//! Credentials that are asked for at each connect and reconnect: a closure, or an async one.
//!
//! ```sh
//! cargo test -p auth-resolver
//! ```

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use choreo::broker::Broker;
use choreo::prelude::*;
use choreo::secret::{MissingVariable, Secret};

const PASSWORD: &str = "s3ntinel-for-this-run";

/// From a file, as orchestrators mount them. The closure runs on a thread for blocking work.
#[choreo::harness]
async fn from_a_file() -> Result<Harness> {
    let broker = Broker::redis().auth("tester", PASSWORD).start().await?;
    let folder = tempfile::tempdir().map_err(|error| Error::harness(error.to_string()))?;
    let file = folder.path().join("password");
    fs::write(&file, PASSWORD).map_err(|error| Error::harness(error.to_string()))?;
    let redis = Redis::new(broker.url()).auth(move || {
        let password = Secret::from(fs::read_to_string(&file)?);
        Ok::<_, io::Error>(RedisAuth::user_password("tester", password))
    });
    Harness::builder(redis)
        .correlation(FieldCorrelation::new("correlation_id"))
        .keep(folder)
        .keep(broker)
        .connect()
        .await
}

/// From a service that hands out passwords for a short time: an async closure.
#[choreo::harness]
async fn from_a_service() -> Result<Harness> {
    let broker = Broker::nats().auth("tester", PASSWORD).start().await?;
    let vault = Vault::default();
    let nats = Nats::new(broker.url()).auth(move || {
        let vault = vault.clone();
        async move {
            vault
                .password()
                .await
                .map(|p| NatsAuth::user_password("tester", p))
        }
    });
    Harness::builder(nats)
        .correlation(FieldCorrelation::new("correlation_id"))
        .keep(broker)
        .connect()
        .await
}

/// Stands for a vault that is asked over the network.
#[derive(Clone, Default)]
struct Vault {
    asked: Arc<AtomicU32>,
}

impl Vault {
    async fn password(&self) -> Result<Secret, io::Error> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(Secret::from(PASSWORD))
    }
}

#[choreo::scenario(from_a_file, timeout = 5s)]
async fn a_password_from_a_file(s: Scenario<'_>) {
    expect!(s, "orders.created", { item_id: "ITEM-42" });
    publish!(s, "orders.created", { item_id: "ITEM-42" });
}

#[choreo::scenario(from_a_service, timeout = 5s)]
async fn a_password_from_a_service(s: Scenario<'_>) {
    expect!(s, "orders.created", { item_id: "ITEM-42" });
    publish!(s, "orders.created", { item_id: "ITEM-42" });
}

/// The usual place in CI. Where it is not set, the error names the variable.
fn from_the_environment() -> Result<NatsAuth, MissingVariable> {
    let password = Secret::from_env("CHOREO_EXAMPLE_PASSWORD_THAT_IS_NOT_SET")?;
    Ok(NatsAuth::user_password("tester", password))
}

/// Of a resolver's error only the type is shown, as its text could hold the secret.
#[choreo::scenario(from_a_service, timeout = 20s)]
async fn a_resolver_that_fails_says_so(s: Scenario<'_>) -> Result<()> {
    let missing = from_the_environment().err().map(|error| error.to_string());
    assert!(missing.is_some_and(|text| text.contains("is not set")));

    let broker = Broker::nats().auth("tester", PASSWORD).start().await?;
    let nats = Nats::new(broker.url()).auth(from_the_environment);
    let Err(error) = Harness::builder(nats).connect().await else {
        return Err(Error::harness("it connected without a password"));
    };
    let text = error.to_string();
    assert!(text.contains("MissingVariable"), "{text}");

    expect!(s, "orders.created");
    publish!(s, "orders.created", {});
    Ok(())
}

fn main() {
    choreo::main!()
}
