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
