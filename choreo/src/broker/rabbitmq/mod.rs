//! A private RabbitMQ node, with a name server of Erlang's of its own.

mod install;
mod launch;
mod settings;

use std::fs;
use std::io;
use std::process::{Command, Stdio};

use self::launch::Launch;
use super::process::{Process, StartError, Workspace};
use super::tls::Authority;

const PROGRAM: &str = "rabbitmq-server";
const REMEDY: &str = "install rabbitmq-server (Debian, Ubuntu: `apt-get install rabbitmq-server`; macOS: `brew \
                      install rabbitmq`; elsewhere: rabbitmq.com/docs/download)";

/// Another process may take a port between our look and the node's start.
const ATTEMPTS: usize = 3;

/// A running RabbitMQ on 127.0.0.1; killed when dropped.
#[derive(Debug)]
pub struct RabbitServer {
    // Dropped before its name server, and both before the directory that they write to.
    node: Process,
    names: Process,
    launch: Launch,
    authority: Option<Authority>,
    workspace: Workspace,
}

/// What a [`RabbitServer`] is to be like; nothing set means user `guest` with password `guest`.
#[derive(Debug, Default)]
#[must_use = "nothing runs before `start`"]
pub struct RabbitServerBuilder {
    users: Vec<RabbitUser>,
    vhosts: Vec<String>,
    tls: bool,
    external: bool,
    max_message_size: Option<usize>,
    short_of_memory: bool,
}

/// Someone who may connect to a [`RabbitServer`].
#[derive(Debug, Clone)]
pub struct RabbitUser {
    name: String,
    password: String,
    vhost: Option<String>,
    configure: String,
    write: String,
    read: String,
}

impl RabbitUser {
    /// Someone with a name and a password, who may do everything in every virtual host.
    pub fn new(name: &str, password: &str) -> Self {
        let everything = || ".*".to_owned();
        Self {
            name: name.into(),
            password: password.into(),
            vhost: None,
            configure: everything(),
            write: everything(),
            read: everything(),
        }
    }

    /// May enter this virtual host only.
    pub fn in_vhost(mut self, vhost: &str) -> Self {
        self.vhost = Some(vhost.into());
        self
    }

    /// May declare, publish to and read from what matches these regular expressions only.
    pub fn may(mut self, configure: &str, write: &str, read: &str) -> Self {
        self.configure = configure.into();
        self.write = write.into();
        self.read = read.into();
        self
    }

    fn enters(&self, vhost: &str) -> bool {
        self.vhost.as_deref().is_none_or(|own| own == vhost)
    }
}

impl RabbitServerBuilder {
    /// Lets someone in; `guest` is not let in then.
    pub fn user(mut self, user: RabbitUser) -> Self {
        self.users.push(user);
        self
    }

    /// Adds a virtual host to `/`, which is always there.
    pub fn vhost(mut self, name: &str) -> Self {
        self.vhosts.push(name.into());
        self
    }

    /// Talks TLS only, as `localhost` and `127.0.0.1`; the authority is [`RabbitServer::authority`].
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// As [`tls`](Self::tls), and asks for a certificate of the same authority, whose name may log in
    /// without a password (mechanism EXTERNAL).
    pub fn external(mut self) -> Self {
        self.external = true;
        self.tls()
    }

    /// Refuses messages above so many bytes.
    pub fn max_message_size(mut self, bytes: usize) -> Self {
        self.max_message_size = Some(bytes);
        self
    }

    /// Runs short of memory from the start: it blocks every connection that publishes.
    pub fn short_of_memory(mut self) -> Self {
        self.short_of_memory = true;
        self
    }

    /// Starts it, and returns when it answers on its port.
    ///
    /// # Errors
    ///
    /// [`StartError::NotInstalled`] when there is no RabbitMQ on this machine; other kinds when it does
    /// not come up.
    pub fn start(self) -> Result<RabbitServer, StartError> {
        let plugins = install::plugins()?;
        let authority = self.tls.then(Authority::new).transpose()?;
        let mut attempt = 1;
        loop {
            let workspace = Workspace::new("rabbitmq")?;
            let launch = Launch::new(&self, &plugins, authority.as_ref(), &workspace)?;
            match launch.run(&workspace) {
                Ok((names, node)) => {
                    return Ok(RabbitServer {
                        node,
                        names,
                        launch,
                        authority,
                        workspace,
                    });
                }
                Err(StartError::NotReady { log, .. })
                    if attempt < ATTEMPTS && log.contains("eaddrinuse") =>
                {
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl RabbitServer {
    /// What it is to be like.
    pub fn builder() -> RabbitServerBuilder {
        RabbitServerBuilder::default()
    }

    /// The port on 127.0.0.1; the same after a restart.
    pub fn port(&self) -> u16 {
        self.launch.port
    }

    /// `amqp://127.0.0.1:PORT`, or `amqps://…` when it talks TLS; without a user.
    pub fn url(&self) -> String {
        let scheme = if self.authority.is_some() {
            "amqps"
        } else {
            "amqp"
        };
        format!("{scheme}://127.0.0.1:{}", self.launch.port)
    }

    /// The process id of the node.
    pub fn id(&self) -> u32 {
        self.node.id()
    }

    /// The process id of its name server (`epmd`).
    pub fn name_server_id(&self) -> u32 {
        self.names.id()
    }

    /// Who signed its certificate.
    ///
    /// # Panics
    ///
    /// When it talks no TLS.
    pub fn authority(&self) -> &Authority {
        self.authority
            .as_ref()
            .expect("built with `tls` or `external`")
    }

    /// What it has logged.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn log(&self) -> io::Result<String> {
        fs::read_to_string(self.workspace.log())
    }

    /// The names of the queues in a virtual host, those of single connections included. Asks the node
    /// through an Erlang process of its own, which takes a fraction of a second.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub fn queues(&self, vhost: &str) -> io::Result<Vec<String>> {
        let ask = format!(
            "Answer = rpc:call('{}', rabbit_amqqueue, list_names, [<<{vhost:?}>>]), \
             [io:format(\"~ts~n\", [element(4, Name)]) || Name <- Answer], halt(0).",
            self.launch.name
        );
        let answer = Command::new("erl")
            .envs(
                self.launch
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .args(["-noinput", "-start_epmd", "false", "-sname"])
            .arg(format!(
                "asking-{}@localhost",
                self.launch.name.replace('@', "-")
            ))
            .args(["-eval", &ask])
            .current_dir(self.workspace.path())
            .stdin(Stdio::null())
            .output()?;
        let text = String::from_utf8_lossy(&answer.stdout);
        if !answer.status.success() {
            let trouble = String::from_utf8_lossy(&answer.stderr);
            return Err(io::Error::other(format!(
                "the node does not answer: {text}{trouble}"
            )));
        }
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// Kills it, as a power cut would.
    ///
    /// # Errors
    ///
    /// When the signal cannot be sent.
    pub fn kill(&mut self) -> io::Result<()> {
        self.node.kill()
    }

    /// Suspends it (SIGSTOP): connections stay open and nothing answers.
    ///
    /// # Errors
    ///
    /// When the signal cannot be sent.
    pub fn suspend(&self) -> io::Result<()> {
        self.node.suspend()
    }

    /// Undoes [`suspend`](Self::suspend).
    ///
    /// # Errors
    ///
    /// When the signal cannot be sent.
    pub fn resume(&self) -> io::Result<()> {
        self.node.resume()
    }

    /// Kills it if it runs, and starts it again on the same port and the same data.
    ///
    /// # Errors
    ///
    /// When it does not come up.
    pub fn restart(&mut self) -> Result<(), StartError> {
        self.node.kill()?;
        self.node = self.launch.node(&self.workspace)?;
        Ok(())
    }
}
