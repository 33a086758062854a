//! The guard between a test and a broker that it must not reach.
//!
//! A transport may open a socket only to loopback or to an endpoint that an allowlist names. The
//! check compares text: it opens no socket and resolves no name.
//!
//! # The allowlist
//!
//! `choreo.toml`, section `[allow]`, in the package's directory or in one above it:
//!
//! ```toml
//! [allow]
//! # For every transport.
//! endpoints = ["kafka.staging.internal:9092"]
//! # For one broker: `nats` (JetStream too), `kafka`, `rabbitmq`, `redis` (Redis Streams too).
//! nats = ["nats.staging.internal", "tls://nats-eu.staging.internal:4443"]
//! ```
//!
//! An entry is `host`, `host:port` or a URL. Without a port it means the default port of its scheme,
//! or, without a scheme, that of the transport that asks. Host and port are compared after
//! normalisation (case, a trailing dot, the spellings of an IPv6 address). There are no wildcards.
//!
//! The YAML file of Choreo for Python, `allowlist.yaml`, is read too: a mapping from `nats_servers`,
//! `kafka_brokers`, `amqp_brokers` and `redis_servers` to lists of the same entries. Other categories
//! are left alone, as that tool leaves them alone.
//!
//! The nearest directory that has either file counts, and only that one; if it has both, both count.
//! A `choreo.toml` without a section `[allow]` is passed over.

mod allowlist;
mod endpoint;
mod file;
#[cfg(test)]
mod tests;

pub use allowlist::{Allowlist, Refused};
pub use endpoint::{Endpoint, EndpointError};
pub use file::AllowlistError;
