//! A broker in a container, through `testcontainers` (feature `containers`).
//!
//! Not run by the tests of this crate, which need no Docker: only that it gives way where there is none.
//!
//! The container belongs to a thread with a runtime of its own, so that it can be started and removed from
//! anywhere: also while the harness's runtime ends, and without one.

use std::net::{Ipv4Addr, TcpListener};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use testcontainers::bollard::models::{HostConfig, PortBinding};
use testcontainers::core::WaitFor;
use testcontainers::core::client::docker_client_instance;
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerAsync, ContainerRequest, GenericImage, ImageExt as _};
use tokio::sync::oneshot;

use super::process::StartError;
use super::recipe::Recipe;

/// How long a broker may take to start, the download of its image included.
const START_BOUND: Duration = Duration::from_secs(300);

/// A running container; removed when dropped.
#[derive(Debug)]
pub(super) struct Container {
    /// Held to keep the container.
    keep: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A port of 127.0.0.1 that nobody uses. Kafka has to know its own before it starts.
pub(super) fn free_port() -> Result<u16, StartError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

impl Container {
    /// Starts it with its port at this one of 127.0.0.1; nothing where there is no Docker.
    pub(super) fn start(recipe: Recipe, port: u16) -> Result<Option<Self>, StartError> {
        let (keep, kept) = oneshot::channel();
        let (answer, started) = std::sync::mpsc::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = thread::Builder::new()
            .name("choreo-container".into())
            .spawn(move || {
                runtime.block_on(async {
                    let container = match run(recipe, port).await {
                        Ok(Some(container)) => container,
                        other => {
                            // Whoever asked is gone only when the test run is.
                            let _ = answer.send(other.map(|_| false));
                            return;
                        }
                    };
                    let _ = answer.send(Ok(true));
                    // The sender is dropped, never used.
                    let _ = kept.await;
                    if let Err(error) = container.rm().await {
                        tracing::warn!(%error, "a broker's container could not be removed");
                    }
                });
            })?;
        let container = Self {
            keep: Some(keep),
            thread: Some(thread),
        };
        match started.recv() {
            Ok(Ok(true)) => Ok(Some(container)),
            Ok(Ok(false)) => Ok(None),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(not_ready("the thread that starts it panicked")),
        }
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        self.keep.take();
        if let Some(thread) = self.thread.take() {
            // A panic over there has been printed; the container's own destructor has run.
            let _ = thread.join();
        }
    }
}

async fn run(
    recipe: Recipe,
    port: u16,
) -> Result<Option<ContainerAsync<GenericImage>>, StartError> {
    let Ok(docker) = docker_client_instance().await else {
        return Ok(None);
    };
    if docker.ping().await.is_err() {
        return Ok(None);
    }
    let started = request(recipe, port).start().await;
    started
        .map(Some)
        .map_err(|error| not_ready(&error.to_string()))
}

fn request(recipe: Recipe, port: u16) -> ContainerRequest<GenericImage> {
    let inside = format!("{}/tcp", recipe.port);
    let on_loopback = move |config: &mut HostConfig| {
        let binding = PortBinding {
            host_ip: Some(Ipv4Addr::LOCALHOST.to_string()),
            host_port: Some(port.to_string()),
        };
        // Otherwise every port of the image is open to the network.
        config.publish_all_ports = Some(false);
        config.port_bindings = Some([(inside.clone(), Some(vec![binding]))].into());
    };
    let image = GenericImage::new(recipe.image, recipe.tag)
        .with_wait_for(WaitFor::message_on_either_std(recipe.ready));
    let mut request = image
        .with_startup_timeout(START_BOUND)
        .with_host_config_modifier(on_loopback);
    if !recipe.arguments.is_empty() {
        request = request.with_cmd(recipe.arguments);
    }
    for (name, value) in recipe.environment {
        request = request.with_env_var(name, value);
    }
    request
}

fn not_ready(reason: &str) -> StartError {
    StartError::NotReady {
        program: "the container",
        reason: reason.into(),
        log: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::provision::Kind;
    use super::*;

    #[test]
    fn ports_are_published_on_loopback_only() {
        let request = request(Recipe::of(Kind::Nats, None, 4000), 4000);
        let modifier = request.host_config_modifier().expect("it is set");
        let mut config = HostConfig {
            publish_all_ports: Some(true),
            ..HostConfig::default()
        };
        modifier(&mut config);
        assert_eq!(config.publish_all_ports, Some(false));
        let ports = config.port_bindings.expect("they are set");
        let binding = ports["4222/tcp"].as_ref().and_then(|all| all.first());
        let binding = binding.expect("the broker's port is published");
        assert_eq!(binding.host_ip.as_deref(), Some("127.0.0.1"));
        assert_eq!(binding.host_port.as_deref(), Some("4000"));
    }
}
