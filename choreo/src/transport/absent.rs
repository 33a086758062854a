//! What stands in for a transport whose feature is off: its name, and an error that says how to get it.
//!
//! Without these the compiler would know no such type and could not say why. Their functions take what
//! implements a trait that nothing implements, and return a type of that trait: so the compiler says what
//! is missing, and nothing about what follows from it. Written out, because the compiler shows these lines.
#![expect(
    clippy::new_ret_no_self,
    reason = "the real types are made like this, and these cannot be made"
)]

/// Without the feature `nats`.
#[cfg(not(feature = "nats"))]
pub(crate) mod without_nats {
    /// Nothing implements it.
    #[diagnostic::on_unimplemented(
        message = "NATS and JetStream need the feature `nats` of Choreo",
        label = "this needs the feature",
        note = "write `features = [\"nats\"]` where Cargo.toml names `choreo`"
    )]
    pub trait NatsFeature {
        /// What there is with the feature.
        type Present;

        /// Turns the arguments into it.
        fn present(self) -> Self::Present;
    }

    /// There with the feature `nats` only.
    #[derive(Debug)]
    #[non_exhaustive]
    pub struct Nats {}

    impl Nats {
        /// There with the feature `nats` only.
        pub fn new<A: NatsFeature>(url: A) -> A::Present {
            url.present()
        }

        /// There with the feature `nats` only.
        pub fn servers<A: NatsFeature>(urls: A) -> A::Present {
            urls.present()
        }
    }

    /// There with the feature `nats` only.
    #[derive(Debug)]
    #[non_exhaustive]
    pub struct JetStream {}

    impl JetStream {
        /// There with the feature `nats` only.
        pub fn new<A: NatsFeature>(url: A) -> A::Present {
            url.present()
        }
    }

    /// There with the feature `nats` only.
    #[derive(Debug)]
    #[non_exhaustive]
    pub struct NatsAuth {}

    impl NatsAuth {
        /// There with the feature `nats` only.
        pub fn user_password<A: NatsFeature, B>(user: A, _password: B) -> A::Present {
            user.present()
        }

        /// There with the feature `nats` only.
        pub fn token<A: NatsFeature>(token: A) -> A::Present {
            token.present()
        }

        /// There with the feature `nats` only.
        pub fn nkey<A: NatsFeature>(seed: A) -> A::Present {
            seed.present()
        }

        /// There with the feature `nats` only.
        pub fn credentials_file<A: NatsFeature>(path: A) -> A::Present {
            path.present()
        }
    }
}

/// Without the feature `kafka`.
#[cfg(not(feature = "kafka"))]
pub(crate) mod without_kafka {
    /// Nothing implements it.
    #[diagnostic::on_unimplemented(
        message = "Kafka needs the feature `kafka` of Choreo",
        label = "this needs the feature",
        note = "write `features = [\"kafka\"]` where Cargo.toml names `choreo`"
    )]
    pub trait KafkaFeature {
        /// What there is with the feature.
        type Present;

        /// Turns the arguments into it.
        fn present(self) -> Self::Present;
    }

    /// There with the feature `kafka` only.
    #[derive(Debug)]
    #[non_exhaustive]
    pub struct Kafka {}

    impl Kafka {
        /// There with the feature `kafka` only.
        pub fn new<A: KafkaFeature>(servers: A) -> A::Present {
            servers.present()
        }
    }
}

/// Without the feature `rabbitmq`.
#[cfg(not(feature = "rabbitmq"))]
pub(crate) mod without_rabbitmq {
    /// Nothing implements it.
    #[diagnostic::on_unimplemented(
        message = "RabbitMQ needs the feature `rabbitmq` of Choreo",
        label = "this needs the feature",
        note = "write `features = [\"rabbitmq\"]` where Cargo.toml names `choreo`"
    )]
    pub trait RabbitFeature {
        /// What there is with the feature.
        type Present;

        /// Turns the arguments into it.
        fn present(self) -> Self::Present;
    }

    /// There with the feature `rabbitmq` only.
    #[derive(Debug)]
    #[non_exhaustive]
    pub struct Rabbit {}

    impl Rabbit {
        /// There with the feature `rabbitmq` only.
        pub fn new<A: RabbitFeature>(url: A) -> A::Present {
            url.present()
        }
    }
}

/// Without the feature `redis`.
#[cfg(not(feature = "redis"))]
pub(crate) mod without_redis {
    /// Nothing implements it.
    #[diagnostic::on_unimplemented(
        message = "Redis needs the feature `redis` of Choreo",
        label = "this needs the feature",
        note = "write `features = [\"redis\"]` where Cargo.toml names `choreo`"
    )]
    pub trait RedisFeature {
        /// What there is with the feature.
        type Present;

        /// Turns the arguments into it.
        fn present(self) -> Self::Present;
    }

    /// There with the feature `redis` only.
    #[derive(Debug)]
    #[non_exhaustive]
    pub struct Redis {}

    impl Redis {
        /// There with the feature `redis` only.
        pub fn new<A: RedisFeature>(url: A) -> A::Present {
            url.present()
        }
    }

    /// There with the feature `redis` only.
    #[derive(Debug)]
    #[non_exhaustive]
    pub struct RedisStreams {}

    impl RedisStreams {
        /// There with the feature `redis` only.
        pub fn new<A: RedisFeature>(url: A) -> A::Present {
            url.present()
        }
    }
}
