//! The images of brokers, and how each is told what to be like. The versions are those of `docker/compose.yaml`.

use super::provision::{Kind, Login};

/// What to run, and how to know that it is ready.
pub(super) struct Recipe {
    pub(super) image: &'static str,
    pub(super) tag: &'static str,
    /// Inside the container.
    pub(super) port: u16,
    /// What it prints when it is ready.
    pub(super) ready: &'static str,
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<(&'static str, String)>,
    /// Of its URL.
    pub(super) scheme: &'static str,
}

impl Recipe {
    /// A broker that will be reached on this port of 127.0.0.1.
    pub(super) fn of(kind: Kind, login: Option<&Login>, port: u16) -> Self {
        let login = login.map(|login| (login.user.as_str(), login.password.expose()));
        match kind {
            Kind::Nats => nats(login),
            Kind::Kafka => kafka(login, port),
            Kind::Rabbitmq => rabbitmq(login),
            Kind::Redis => redis(login),
        }
    }
}

fn nats(login: Option<(&str, &str)>) -> Recipe {
    let mut arguments = vec!["--jetstream".to_owned()];
    if let Some((user, password)) = login {
        arguments.extend(["--user", user, "--pass", password].map(str::to_owned));
    }
    Recipe {
        image: "nats",
        tag: "2.11.4-alpine",
        port: 4222,
        ready: "Server is ready",
        arguments,
        environment: Vec::new(),
        scheme: "nats",
    }
}

/// It has to know where it will be reached: it tells its clients.
fn kafka(login: Option<(&str, &str)>, port: u16) -> Recipe {
    let protocol = login.map_or("PLAINTEXT", |_| "SASL_PLAINTEXT");
    let mut environment = vec![
        ("KAFKA_NODE_ID", "1".to_owned()),
        ("KAFKA_PROCESS_ROLES", "broker,controller".to_owned()),
        ("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER".to_owned()),
        (
            "KAFKA_CONTROLLER_QUORUM_VOTERS",
            "1@localhost:9093".to_owned(),
        ),
        (
            "KAFKA_LISTENERS",
            "CLIENT://:9092,INTERNAL://:19092,CONTROLLER://:9093".to_owned(),
        ),
        (
            "KAFKA_ADVERTISED_LISTENERS",
            format!("CLIENT://127.0.0.1:{port},INTERNAL://localhost:19092"),
        ),
        ("KAFKA_INTER_BROKER_LISTENER_NAME", "INTERNAL".to_owned()),
        (
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
            format!("CLIENT:{protocol},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT"),
        ),
        ("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "1".to_owned()),
        (
            "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR",
            "1".to_owned(),
        ),
        ("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1".to_owned()),
        ("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0".to_owned()),
    ];
    if let Some((user, password)) = login {
        let module = "org.apache.kafka.common.security.plain.PlainLoginModule";
        environment.extend([
            (
                "KAFKA_LISTENER_NAME_CLIENT_SASL_ENABLED_MECHANISMS",
                "PLAIN".to_owned(),
            ),
            (
                "KAFKA_LISTENER_NAME_CLIENT_PLAIN_SASL_JAAS_CONFIG",
                format!("{module} required user_{user}={password:?};"),
            ),
        ]);
    }
    Recipe {
        image: "apache/kafka",
        tag: "4.1.1",
        port: 9092,
        ready: "Kafka Server started",
        arguments: Vec::new(),
        environment,
        scheme: "kafka",
    }
}

fn rabbitmq(login: Option<(&str, &str)>) -> Recipe {
    let environment = login.map(|(user, password)| {
        [
            ("RABBITMQ_DEFAULT_USER", user.to_owned()),
            ("RABBITMQ_DEFAULT_PASS", password.to_owned()),
        ]
    });
    Recipe {
        image: "rabbitmq",
        tag: "4.1.2-alpine",
        port: 5672,
        ready: "Server startup complete",
        arguments: Vec::new(),
        environment: environment.into_iter().flatten().collect(),
        scheme: "amqp",
    }
}

fn redis(login: Option<(&str, &str)>) -> Recipe {
    let mut arguments: Vec<String> = ["redis-server", "--save", "", "--appendonly", "no"]
        .map(str::to_owned)
        .into();
    if let Some((user, password)) = login {
        arguments.extend(["--user", "default", "off", "--user", user, "on"].map(str::to_owned));
        arguments.extend(["~*", "&*", "+@all"].map(str::to_owned));
        arguments.push(format!(">{password}"));
    }
    Recipe {
        image: "redis",
        tag: "7.4.2-alpine",
        port: 6379,
        ready: "Ready to accept connections",
        arguments,
        environment: Vec::new(),
        scheme: "redis",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_those_of_the_compose_file() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docker/compose.yaml");
        let compose = std::fs::read_to_string(file).expect("the compose file");
        for kind in Kind::ALL {
            let Recipe {
                image, tag, port, ..
            } = Recipe::of(kind, None, 4000);
            assert!(
                compose.contains(&format!("image: {image}:{tag}\n")),
                "{image}:{tag}"
            );
            assert!(compose.contains(&format!(":{port}\"\n")), "{port}");
        }
    }
}
