//! `Broker`: what a harness function asks for is there, as it was asked for, and ends with its handle.

use std::net::TcpStream;
use std::process::ExitCode;

use choreo::broker::Broker;
use choreo::prelude::*;
use choreo::transport::{Tls, Transport};
use choreo_test_brokers::{BrokerTests, SENTINEL, TestError, broker_test_main};

fn main() -> ExitCode {
    broker_test_main(
        BrokerTests::needing("nats-server")
            .test("nats_open_to_all", nats)
            .test("nats_with_a_password_and_tls", nats_with_a_password_and_tls),
    )
}

/// A message goes through the broker and back.
async fn carries(transport: impl Transport) -> Result<(), TestError> {
    let harness = Harness::builder(transport)
        .correlation(FieldCorrelation::new("correlation_id"))
        .connect()
        .await?;
    let mut scope = harness.scenario("it carries messages").open();
    let s = scope.arrange();
    expect!(s, "orders.created", { count: 3 });
    publish!(s, "orders.created", { count: 3 });
    settle!(s).assert_passed();
    harness.close().await;
    Ok(())
}

/// Nobody listens where the broker was.
fn is_gone(url: &str) -> bool {
    let address = url.rsplit('/').next().unwrap_or(url);
    TcpStream::connect(address).is_err()
}

async fn nats() -> Result<(), TestError> {
    let broker = Broker::nats().start().await?;
    assert!(broker.login().is_none() && broker.ca_file().is_none());
    carries(Nats::new(broker.url())).await?;
    let url = broker.url().to_owned();
    drop(broker);
    assert!(is_gone(&url), "{url}");
    Ok(())
}

async fn nats_with_a_password_and_tls() -> Result<(), TestError> {
    let broker = Broker::nats()
        .auth("tester", SENTINEL)
        .tls()
        .start()
        .await?;
    assert!(!format!("{broker:?}").contains(SENTINEL));
    let (user, password) = broker.login().ok_or("it was asked for")?;
    let tls = Tls::new().ca_file(broker.ca_file().ok_or("TLS was asked for")?);
    let nats = Nats::new(broker.url()).tls(tls);
    assert!(carries(nats.clone()).await.is_err(), "it lets in everyone");
    carries(nats.auth(NatsAuth::user_password(user, password.clone()))).await
}
