//! Every broker behind one trait.

use std::io;

use choreo::transport::contract::Wildcard;
use choreo::transport::kafka::{self, Kafka};
use choreo::transport::nats::{JetStream, Nats, Start};
use choreo::transport::rabbitmq::Rabbit;
use choreo::transport::redis::{Redis, RedisStreams};
use choreo::transport::{Memory, Transport};
use choreo_test_brokers::{
    KafkaMock, KafkaServer, NatsServer, RabbitServer, RedisServer, StartError,
};

/// Above the 1 MiB that every transport must carry.
const LIMIT: usize = 2 * 1024 * 1024;

/// A private broker, and how a transport gets to it.
pub trait TestBroker: Send + Sync + Sized + 'static {
    /// What leads to it.
    type Transport: Transport;

    /// Starts one. Clients that ask it for its address are told `advertised`, when it is given.
    ///
    /// # Errors
    ///
    /// When it does not come up.
    fn start(advertised: Option<&str>) -> Result<Self, StartError>;

    /// Where it listens on 127.0.0.1; 0 when it has no port.
    fn port(&self) -> u16;

    /// The transport to one that listens on a port of 127.0.0.1, or to what stands in between.
    fn at(port: u16) -> Self::Transport;

    /// The transport to this one.
    fn transport(&self) -> Self::Transport {
        Self::at(self.port())
    }

    /// Ends it and starts it again on the same port.
    ///
    /// # Errors
    ///
    /// When it does not come up.
    fn restart(&mut self) -> Result<(), StartError>;

    /// Kills it.
    ///
    /// # Errors
    ///
    /// When that cannot be done.
    fn kill(&mut self) -> io::Result<()>;

    /// Stops it from running, with its connections open.
    ///
    /// # Errors
    ///
    /// When that cannot be done.
    fn suspend(&self) -> io::Result<()>;

    /// Undoes [`suspend`](Self::suspend).
    ///
    /// # Errors
    ///
    /// When that cannot be done.
    fn resume(&self) -> io::Result<()>;

    /// How many subscriptions it has; `None` when it has no such thing.
    ///
    /// # Errors
    ///
    /// When it cannot be asked.
    fn subscriptions(&self) -> io::Result<Option<usize>>;

    /// The size above which a payload is refused.
    fn max_payload(&self) -> Option<usize> {
        Some(LIMIT)
    }

    /// A topic that may not be published to.
    fn refused_topic(&self) -> Option<String>;

    /// The transport to a port, with subscriptions that begin with the first message that is kept.
    fn from_first(_port: u16) -> Option<Self::Transport> {
        None
    }

    /// The pattern for topics that begin with a prefix and a dot.
    fn pattern(prefix: &str) -> String {
        format!("{prefix}.*")
    }

    /// Topics for the wildcard case.
    fn wildcard(unique: &str) -> Wildcard {
        let prefix = format!("contract.{unique}");
        Wildcard {
            pattern: Self::pattern(&prefix),
            inside: [format!("{prefix}.one"), format!("{prefix}.two")],
            outside: format!("outside.{unique}.one"),
        }
    }

    /// Threads that its client library starts once per process and keeps for good.
    fn threads_for_good() -> usize {
        0
    }

    /// Tasks that it keeps on the runtime of a test.
    fn standing_tasks(&self) -> usize {
        0
    }
}

/// The broker in the process.
#[derive(Debug)]
pub struct MemoryBroker(Memory);

impl TestBroker for MemoryBroker {
    type Transport = Memory;

    fn start(_: Option<&str>) -> Result<Self, StartError> {
        Ok(Self(Memory::new()))
    }

    fn port(&self) -> u16 {
        0
    }

    /// A broker of its own: this one has no port.
    fn at(_: u16) -> Memory {
        Memory::new()
    }

    fn transport(&self) -> Memory {
        self.0.clone()
    }

    fn restart(&mut self) -> Result<(), StartError> {
        self.kill()?;
        self.0.restore();
        Ok(())
    }

    fn kill(&mut self) -> io::Result<()> {
        self.0.break_connections("the broker restarts");
        Ok(())
    }

    fn suspend(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn resume(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn subscriptions(&self) -> io::Result<Option<usize>> {
        tokio::task::block_in_place(|| {
            let count = self.0.subscription_count();
            Ok(Some(tokio::runtime::Handle::current().block_on(count)))
        })
    }

    fn max_payload(&self) -> Option<usize> {
        None
    }

    fn refused_topic(&self) -> Option<String> {
        Some("two..dots".into())
    }

    fn standing_tasks(&self) -> usize {
        1
    }
}

macro_rules! process {
    () => {
        fn port(&self) -> u16 {
            self.0.port()
        }

        fn restart(&mut self) -> Result<(), StartError> {
            self.0.restart()
        }

        fn kill(&mut self) -> io::Result<()> {
            self.0.kill()
        }

        fn suspend(&self) -> io::Result<()> {
            self.0.suspend()
        }

        fn resume(&self) -> io::Result<()> {
            self.0.resume()
        }
    };
}

/// nats-server.
#[derive(Debug)]
pub struct NatsBroker(NatsServer);

impl TestBroker for NatsBroker {
    type Transport = Nats;

    process!();

    fn start(_: Option<&str>) -> Result<Self, StartError> {
        NatsServer::builder().max_payload(LIMIT).start().map(Self)
    }

    fn at(port: u16) -> Nats {
        Nats::new(format!("nats://127.0.0.1:{port}"))
    }

    fn subscriptions(&self) -> io::Result<Option<usize>> {
        self.0.subscriptions().map(Some)
    }

    fn refused_topic(&self) -> Option<String> {
        Some("two..dots".into())
    }
}

/// nats-server with a stream for every topic of the suites.
#[derive(Debug)]
pub struct JetStreamBroker(NatsServer);

impl TestBroker for JetStreamBroker {
    type Transport = JetStream;

    process!();

    fn start(_: Option<&str>) -> Result<Self, StartError> {
        let server = NatsServer::builder().jetstream().max_payload(LIMIT);
        server.start().map(Self)
    }

    fn at(port: u16) -> JetStream {
        JetStream::new(format!("nats://127.0.0.1:{port}"))
            .stream("CONTRACT", ["contract.>", "outside.>"])
    }

    fn from_first(port: u16) -> Option<JetStream> {
        Some(Self::at(port).start(Start::First))
    }

    fn subscriptions(&self) -> io::Result<Option<usize>> {
        self.0.consumers().map(Some)
    }

    /// No stream takes it.
    fn refused_topic(&self) -> Option<String> {
        Some("of.no.stream".into())
    }
}

/// redis-server, by channels.
#[derive(Debug)]
pub struct RedisBroker(RedisServer);

fn redis() -> Result<RedisServer, StartError> {
    RedisServer::builder().proto_max_bulk_len(LIMIT).start()
}

impl TestBroker for RedisBroker {
    type Transport = Redis;

    process!();

    fn start(_: Option<&str>) -> Result<Self, StartError> {
        redis().map(Self)
    }

    fn at(port: u16) -> Redis {
        Redis::new(format!("redis://127.0.0.1:{port}"))
    }

    fn subscriptions(&self) -> io::Result<Option<usize>> {
        let count = usize::try_from(self.0.subscriptions()?);
        count.map(Some).map_err(io::Error::other)
    }

    /// Every text is a channel.
    fn refused_topic(&self) -> Option<String> {
        None
    }
}

/// A key that holds something else than a stream.
const NO_STREAM: &str = "no-stream";

/// redis-server, by streams.
#[derive(Debug)]
pub struct RedisStreamsBroker(RedisServer);

impl TestBroker for RedisStreamsBroker {
    type Transport = RedisStreams;

    process!();

    fn start(_: Option<&str>) -> Result<Self, StartError> {
        let server = redis()?;
        server.execute(&["SET", NO_STREAM, "1"])?;
        Ok(Self(server))
    }

    fn at(port: u16) -> RedisStreams {
        RedisStreams::new(format!("redis://127.0.0.1:{port}"))
    }

    fn from_first(port: u16) -> Option<RedisStreams> {
        Some(Self::at(port).from_first())
    }

    /// Reading a stream leaves nothing on the server but the connection that reads.
    fn subscriptions(&self) -> io::Result<Option<usize>> {
        self.0.connections().map(Some)
    }

    fn refused_topic(&self) -> Option<String> {
        Some(NO_STREAM.into())
    }
}

/// The node of RabbitMQ.
#[derive(Debug)]
pub struct RabbitBroker(RabbitServer);

impl TestBroker for RabbitBroker {
    type Transport = Rabbit;

    process!();

    fn start(_: Option<&str>) -> Result<Self, StartError> {
        let server = RabbitServer::builder().max_message_size(LIMIT);
        server.start().map(Self)
    }

    fn at(port: u16) -> Rabbit {
        Rabbit::new(format!("amqp://127.0.0.1:{port}"))
    }

    fn subscriptions(&self) -> io::Result<Option<usize>> {
        Ok(Some(self.0.queues("/")?.len()))
    }

    /// The one of `async-compat`, which lapin brings along.
    fn threads_for_good() -> usize {
        1
    }

    /// No queue is bound.
    fn refused_topic(&self) -> Option<String> {
        Some("nobody.listens".into())
    }
}

fn kafka(port: u16) -> Kafka {
    let limit = u32::try_from(LIMIT).unwrap_or(u32::MAX);
    Kafka::new(format!("127.0.0.1:{port}")).max_message_bytes(limit)
}

fn regex(prefix: &str) -> String {
    format!("^{}\\..*", prefix.replace('.', "\\."))
}

/// The process that speaks Kafka's protocol.
#[derive(Debug)]
pub struct KafkaBroker(KafkaServer);

impl TestBroker for KafkaBroker {
    type Transport = Kafka;

    process!();

    fn start(advertised: Option<&str>) -> Result<Self, StartError> {
        let mut server = KafkaServer::builder();
        if let Some(address) = advertised {
            server = server.advertised(address);
        }
        server.start().map(Self)
    }

    fn at(port: u16) -> Kafka {
        kafka(port)
    }

    fn from_first(port: u16) -> Option<Kafka> {
        Some(kafka(port).start(kafka::Start::Earliest))
    }

    fn subscriptions(&self) -> io::Result<Option<usize>> {
        Ok(None)
    }

    fn refused_topic(&self) -> Option<String> {
        Some("no topic's name".into())
    }

    fn pattern(prefix: &str) -> String {
        regex(prefix)
    }
}

/// The cluster inside of Kafka's client library.
#[derive(Debug)]
pub struct KafkaCluster {
    mock: KafkaMock,
    port: u16,
}

impl TestBroker for KafkaCluster {
    type Transport = Kafka;

    fn start(_: Option<&str>) -> Result<Self, StartError> {
        let mock = KafkaMock::start()?;
        let url = mock.url();
        let port = url.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let port = port.ok_or_else(|| io::Error::other(format!("no port in {url}")))?;
        Ok(Self { mock, port })
    }

    fn port(&self) -> u16 {
        self.port
    }

    fn at(port: u16) -> Kafka {
        kafka(port)
    }

    fn from_first(port: u16) -> Option<Kafka> {
        Some(kafka(port).start(kafka::Start::Earliest))
    }

    fn restart(&mut self) -> Result<(), StartError> {
        self.mock.down()?;
        self.mock.up()
    }

    fn kill(&mut self) -> io::Result<()> {
        self.mock.down().map_err(io::Error::other)
    }

    fn suspend(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn resume(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn subscriptions(&self) -> io::Result<Option<usize>> {
        Ok(None)
    }

    fn refused_topic(&self) -> Option<String> {
        Some("no topic's name".into())
    }

    fn pattern(prefix: &str) -> String {
        regex(prefix)
    }
}
