//! A private redis-server.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

use serde_json::Value;

use super::StartError;
use super::process::{Process, Workspace};
use super::resp::Client;
use super::tls::Authority;

const PROGRAM: &str = "redis-server";
const REMEDY: &str = "install redis-server (Debian, Ubuntu: `apt-get install redis-server`; macOS: `brew install \
                      redis`; elsewhere: redis.io/downloads)";

/// How often another port is tried when someone else was faster.
const PORTS_TRIED: usize = 10;

/// Who asks the server for us, with a password of its own.
const ADMIN: &str = "choreo-broker";

/// A running redis-server on 127.0.0.1, without persistence; killed when dropped.
#[derive(Debug)]
pub struct RedisServer {
    // Dropped before the directory that it writes to.
    process: Process,
    port: u16,
    authority: Option<Authority>,
    admin: Admin,
    workspace: Workspace,
}

/// What a [`RedisServer`] is to be like; nothing set means open to everyone.
#[derive(Debug, Default)]
#[must_use = "nothing runs before `start`"]
pub struct RedisServerBuilder {
    password: Option<String>,
    users: Vec<(String, String, String)>,
    encryption: Option<Encryption>,
    settings: String,
}

#[derive(Debug, Clone, Copy)]
enum Encryption {
    Tls,
    MutualTls,
}

impl RedisServerBuilder {
    /// Asks the default user for a password.
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Lets someone in by name and password who may do everything, and nobody without a name.
    pub fn user_password(self, name: &str, password: &str) -> Self {
        self.user(name, password, "~* &* +@all")
    }

    /// Lets someone in by name and password, with rules of Redis's access control list such as
    /// `~orders:* &orders.* +@all -@dangerous`, and nobody without a name.
    pub fn user(mut self, name: &str, password: &str, rules: &str) -> Self {
        self.users
            .push((name.into(), password.into(), rules.into()));
        self
    }

    /// Talks TLS only, as `localhost` and `127.0.0.1`; the authority is [`RedisServer::authority`].
    pub fn tls(mut self) -> Self {
        self.encryption = Some(Encryption::Tls);
        self
    }

    /// As [`tls`](Self::tls), and asks for a certificate of the same authority.
    pub fn mutual_tls(mut self) -> Self {
        self.encryption = Some(Encryption::MutualTls);
        self
    }

    /// Refuses values above so many bytes; Redis allows no limit below 1 MiB.
    pub fn proto_max_bulk_len(self, bytes: usize) -> Self {
        self.setting(&format!("proto-max-bulk-len {bytes}"))
    }

    /// Adds a line to its configuration file.
    pub fn setting(mut self, text: &str) -> Self {
        line(&mut self.settings, format_args!("{text}"));
        self
    }

    /// Starts it, and returns when it answers.
    ///
    /// # Errors
    ///
    /// [`StartError::NotInstalled`] when there is no redis-server on this machine; other kinds when it
    /// does not come up.
    pub fn start(self) -> Result<RedisServer, StartError> {
        let workspace = Workspace::new(PROGRAM)?;
        let admin = Admin::new(&workspace)?;
        let mut text = String::new();
        line(&mut text, format_args!("bind {}", Ipv4Addr::LOCALHOST));
        line(&mut text, format_args!("dir {:?}", workspace.path()));
        line(&mut text, format_args!("unixsocket {:?}", admin.socket));
        line(
            &mut text,
            format_args!("save \"\"\nappendonly no\ndaemonize no"),
        );
        line(
            &mut text,
            format_args!("user {ADMIN} on \">{}\" ~* &* +@all", admin.password),
        );
        if let Some(password) = &self.password {
            line(&mut text, format_args!("requirepass {password:?}"));
        }
        for (name, password, rules) in &self.users {
            let password = format!(">{password}");
            line(
                &mut text,
                format_args!("user {name} on {password:?} {rules}"),
            );
        }
        if !self.users.is_empty() && self.password.is_none() {
            line(&mut text, format_args!("user default off"));
        }
        let mut authority = None;
        if let Some(encryption) = self.encryption {
            let made = Authority::new()?;
            let identity = made.server(&["localhost", "127.0.0.1"])?;
            let clients = match encryption {
                Encryption::Tls => "no",
                Encryption::MutualTls => "yes",
            };
            line(
                &mut text,
                format_args!(
                    "tls-cert-file {:?}\ntls-key-file {:?}\ntls-ca-cert-file {:?}\n\
                     tls-auth-clients {clients}",
                    identity.certificate,
                    identity.key,
                    made.certificate()
                ),
            );
            authority = Some(made);
        }
        text += &self.settings;
        fs::write(workspace.path().join("redis.conf"), text)?;
        let encrypted = authority.is_some();
        let (process, port) = launch_on_free_port(&workspace, &admin, encrypted)?;
        Ok(RedisServer {
            process,
            port,
            authority,
            admin,
            workspace,
        })
    }
}

impl RedisServer {
    /// What it is to be like.
    pub fn builder() -> RedisServerBuilder {
        RedisServerBuilder::default()
    }

    /// The port on 127.0.0.1; the same after a restart.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `redis://127.0.0.1:PORT`, or `rediss://…` when it talks TLS.
    pub fn url(&self) -> String {
        let scheme = match self.authority {
            None => "redis",
            Some(_) => "rediss",
        };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Who signed its certificate.
    ///
    /// # Panics
    ///
    /// When it talks no TLS.
    pub fn authority(&self) -> &Authority {
        self.authority
            .as_ref()
            .expect("built with `tls` or `mutual_tls`")
    }

    /// What it has logged.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn log(&self) -> io::Result<String> {
        fs::read_to_string(self.workspace.log())
    }

    /// Has it execute a command, as someone who may do everything, and gives its answer. Goes through a
    /// socket in its directory, so that it works with every kind of log-in and encryption.
    ///
    /// # Errors
    ///
    /// When it does not answer, or refuses.
    pub fn execute(&self, command: &[&str]) -> io::Result<Value> {
        self.admin.connect()?.ask(command)
    }

    /// How many subscriptions it has: for each channel those who have subscribed to it, and each pattern.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub fn subscriptions(&self) -> io::Result<u64> {
        let mut client = self.admin.connect()?;
        let patterns = client.ask(&["PUBSUB", "NUMPAT"])?;
        let channels = client.ask(&["PUBSUB", "CHANNELS"])?;
        let names = channels.as_array().into_iter().flatten();
        let mut command = vec!["PUBSUB", "NUMSUB"];
        command.extend(names.filter_map(Value::as_str));
        let counts = client.ask(&command)?;
        let counts = counts.as_array().into_iter().flatten();
        Ok(counts.chain([&patterns]).filter_map(Value::as_u64).sum())
    }

    /// How many connections it has.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub fn connections(&self) -> io::Result<usize> {
        let clients = self.execute(&["CLIENT", "LIST"])?;
        let lines = clients.as_str().unwrap_or_default().lines();
        Ok(lines
            .filter(|line| !line.contains(&format!(" user={ADMIN} ")))
            .count())
    }

    /// Kills it, as a power cut would.
    ///
    /// # Errors
    ///
    /// When the signal cannot be sent.
    pub fn kill(&mut self) -> io::Result<()> {
        self.process.kill()
    }

    /// Suspends it (SIGSTOP): connections stay open and nothing answers.
    ///
    /// # Errors
    ///
    /// When the signal cannot be sent.
    pub fn suspend(&self) -> io::Result<()> {
        self.process.suspend()
    }

    /// Undoes [`suspend`](Self::suspend).
    ///
    /// # Errors
    ///
    /// When the signal cannot be sent.
    pub fn resume(&self) -> io::Result<()> {
        self.process.resume()
    }

    /// Kills it if it runs, and starts it again on the same port. What it held is gone.
    ///
    /// # Errors
    ///
    /// When it does not come up.
    pub fn restart(&mut self) -> Result<(), StartError> {
        self.process.kill()?;
        let encrypted = self.authority.is_some();
        self.process = launch(&self.workspace, &self.admin, self.port, encrypted)?;
        Ok(())
    }
}

/// The way in for ourselves.
#[derive(Debug)]
struct Admin {
    socket: PathBuf,
    password: String,
}

impl Admin {
    fn new(workspace: &Workspace) -> io::Result<Self> {
        let mut password = [0; 16];
        getrandom::fill(&mut password).map_err(io::Error::other)?;
        Ok(Self {
            socket: workspace.path().join("redis.sock"),
            password: data_encoding::HEXLOWER.encode(&password),
        })
    }

    fn connect(&self) -> io::Result<Client> {
        let mut client = Client::connect(&self.socket)?;
        client.ask(&["AUTH", ADMIN, &self.password])?;
        Ok(client)
    }

    fn is_answered(&self) -> bool {
        self.connect()
            .is_ok_and(|mut client| client.ask(&["PING"]).is_ok())
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a String takes every text");
}

/// Redis cannot choose a port itself. Between the choice and the start someone else may take it: then the
/// server ends at once, and another port is tried.
fn launch_on_free_port(
    workspace: &Workspace,
    admin: &Admin,
    encrypted: bool,
) -> Result<(Process, u16), StartError> {
    let mut tried = 0;
    loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        drop(listener);
        tried += 1;
        match launch(workspace, admin, port, encrypted) {
            Err(StartError::NotReady { log, .. })
                if tried < PORTS_TRIED && log.contains("Address already in use") =>
            {
                // The next start is judged by its own log.
                fs::write(workspace.log(), "")?;
            }
            result => return Ok((result?, port)),
        }
    }
}

fn launch(
    workspace: &Workspace,
    admin: &Admin,
    port: u16,
    encrypted: bool,
) -> Result<Process, StartError> {
    let mut arguments: Vec<OsString> = vec![workspace.path().join("redis.conf").into()];
    let port = port.to_string();
    if encrypted {
        arguments.extend(["--port", "0", "--tls-port", &port].map(Into::into));
    } else {
        arguments.extend(["--port", &port].map(Into::into));
    }
    let mut process = Process::start(PROGRAM, REMEDY, arguments, workspace)?;
    process.wait_for("answer", || admin.is_answered().then_some(()))?;
    Ok(process)
}
