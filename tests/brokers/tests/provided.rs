//! `Broker`: what a harness function asks for is there, as it was asked for, and ends with its handle.

use std::env;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Command, ExitCode, Stdio};

use choreo::broker::Broker;
use choreo::prelude::*;
use choreo::secret::Secret;
use choreo::transport::{Tls, Transport};
use choreo_test_brokers::recording::eventually;
use choreo_test_brokers::{BrokerTests, NatsServer, SENTINEL, TestError, broker_test_main};

/// Makes this program one that holds a broker until it is killed.
const HOLDER: &str = "CHOREO_TEST_HOLDER";

fn main() -> ExitCode {
    if env::var_os(HOLDER).is_some() {
        return match hold() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => panic!("{error}"),
        };
    }
    broker_test_main(
        BrokerTests::needing("nats-server")
            .test("nats_open_to_all", nats)
            .test("nats_with_a_password_and_tls", nats_with_a_password_and_tls)
            .test("a_broker_ends_with_a_killed_process", killed)
            .test("kafka_open_to_all", kafka)
            .test(
                "kafka_with_a_password_says_how_to_have_one",
                kafka_with_a_password,
            )
            .test("rabbitmq_open_to_all", rabbitmq)
            .test(
                "rabbitmq_with_a_password_and_tls",
                rabbitmq_with_a_password_and_tls,
            )
            .test("redis_open_to_all", redis)
            .test(
                "redis_with_a_password_and_tls",
                redis_with_a_password_and_tls,
            ),
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

/// A broker that lets in everyone carries messages, and is gone with its handle.
async fn open_to_all<T: Transport>(
    broker: Broker,
    transport: impl Fn(&str) -> T,
) -> Result<(), TestError> {
    let broker = broker.start().await?;
    assert!(broker.login().is_none() && broker.ca_file().is_none());
    carries(transport(broker.url())).await?;
    let url = broker.url().to_owned();
    drop(broker);
    assert!(is_gone(&url), "{url}");
    Ok(())
}

/// A broker with a password wants it, and TLS holds with its authority.
async fn guarded<T: Transport>(
    broker: Broker,
    transport: impl Fn(&str, Option<(&str, Secret)>, Tls) -> T,
) -> Result<(), TestError> {
    let broker = broker.auth("tester", SENTINEL).tls().start().await?;
    assert!(!format!("{broker:?}").contains(SENTINEL));
    let (user, password) = broker.login().ok_or("it was asked for")?;
    let tls = Tls::new().ca_file(broker.ca_file().ok_or("TLS was asked for")?);
    let anyone = carries(transport(broker.url(), None, tls.clone())).await;
    assert!(anyone.is_err(), "it lets in everyone");
    let known = Some((user, password.clone()));
    let untrusting = carries(transport(broker.url(), known.clone(), Tls::new())).await;
    assert!(
        untrusting.is_err(),
        "it talks without TLS, or is trusted by this machine"
    );
    carries(transport(broker.url(), known, tls)).await
}

/// Says where its broker is, and ends with its input.
fn hold() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    writeln!(io::stdout(), "{}", server.port())?;
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}

/// A process that is killed drops nothing.
async fn killed() -> Result<(), TestError> {
    let mut holder = Command::new(env::current_exe()?)
        .env(HOLDER, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let output = holder.stdout.take().ok_or("it has an output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let address = (Ipv4Addr::LOCALHOST, line.trim().parse()?);
    TcpStream::connect(address)?;
    holder.kill()?;
    holder.wait()?;
    eventually("the broker has ended", || {
        TcpStream::connect(address).is_err()
    })
    .await;
    Ok(())
}

async fn nats() -> Result<(), TestError> {
    open_to_all(Broker::nats(), |url| Nats::new(url)).await?;
    open_to_all(Broker::nats(), |url| {
        JetStream::new(url).stream("ORDERS", ["orders.>"])
    })
    .await
}

async fn nats_with_a_password_and_tls() -> Result<(), TestError> {
    guarded(Broker::nats(), |url, login, tls| {
        let nats = Nats::new(url).tls(tls);
        match login {
            Some((user, password)) => nats.auth(NatsAuth::user_password(user, password)),
            None => nats,
        }
    })
    .await
}

async fn kafka() -> Result<(), TestError> {
    open_to_all(Broker::kafka(), |url| Kafka::new(url)).await
}

async fn kafka_with_a_password() -> Result<(), TestError> {
    for broker in [
        Broker::kafka().auth("tester", SENTINEL),
        Broker::kafka().tls(),
    ] {
        let Err(error) = broker.start().await else {
            return Err("the mock cluster has neither passwords nor TLS".into());
        };
        let text = error.to_string();
        assert!(error.is_missing(), "{text}");
        for words in ["CHOREO_KAFKA_URL", ".auth", "mock", "Docker"] {
            assert!(text.contains(words), "{text}");
        }
    }
    Ok(())
}

async fn rabbitmq() -> Result<(), TestError> {
    open_to_all(Broker::rabbitmq(), |url| Rabbit::new(url)).await
}

async fn rabbitmq_with_a_password_and_tls() -> Result<(), TestError> {
    guarded(Broker::rabbitmq(), |url, login, tls| {
        let rabbit = Rabbit::new(url).tls(tls);
        match login {
            Some((user, password)) => rabbit.auth(RabbitAuth::password(user, password)),
            None => rabbit,
        }
    })
    .await
}

async fn redis() -> Result<(), TestError> {
    open_to_all(Broker::redis(), |url| Redis::new(url)).await?;
    open_to_all(Broker::redis(), |url| RedisStreams::new(url)).await
}

async fn redis_with_a_password_and_tls() -> Result<(), TestError> {
    guarded(Broker::redis(), |url, login, tls| {
        let redis = Redis::new(url).tls(tls);
        match login {
            Some((user, password)) => redis.auth(RedisAuth::user_password(user, password)),
            None => redis,
        }
    })
    .await
}
