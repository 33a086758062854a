//! A private nats-server.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::operator::Operator;
use super::process::{Process, StartError, Workspace};
use super::tls::Authority;

const PROGRAM: &str = "nats-server";
const REMEDY: &str = "install nats-server (Debian, Ubuntu: `apt-get install nats-server`; macOS: `brew install \
                      nats-server`; elsewhere: a release from github.com/nats-io/nats-server)";

/// How long one attempt to talk to a starting server may take.
const PROBE_BOUND: Duration = Duration::from_secs(2);

/// A running nats-server on 127.0.0.1; killed when dropped.
#[derive(Debug)]
pub struct NatsServer {
    // Dropped before the directory that it writes to.
    process: Process,
    port: u16,
    authority: Option<Authority>,
    credentials_file: Option<PathBuf>,
    workspace: Workspace,
}

/// What a [`NatsServer`] is to be like; nothing set means open to everyone.
#[derive(Debug, Default)]
#[must_use = "nothing runs before `start`"]
pub struct NatsServerBuilder {
    users: Vec<User>,
    token: Option<String>,
    anonymous: Option<String>,
    accounts: bool,
    encryption: Option<Encryption>,
    max_payload: Option<usize>,
    jetstream: bool,
}

#[derive(Debug, Clone, Copy)]
enum Encryption {
    Tls,
    MutualTls,
}

/// Someone who may connect.
#[derive(Debug, Clone)]
pub struct User {
    proof: Proof,
    publish: Option<Vec<String>>,
    subscribe: Option<Vec<String>>,
}

#[derive(Debug, Clone)]
enum Proof {
    Password(String, String),
    Key(String),
}

impl User {
    /// Someone with a name and a password, who may do everything.
    pub fn password(name: &str, password: &str) -> Self {
        Self::new(Proof::Password(name.into(), password.into()))
    }

    /// Someone with a public nkey, who may do everything.
    pub fn key(public: &str) -> Self {
        Self::new(Proof::Key(public.into()))
    }

    fn new(proof: Proof) -> Self {
        Self {
            proof,
            publish: None,
            subscribe: None,
        }
    }

    /// May publish to these subjects only.
    pub fn may_publish(mut self, subjects: &[&str]) -> Self {
        self.publish = Some(subjects.iter().map(ToString::to_string).collect());
        self
    }

    /// May subscribe to these subjects only.
    pub fn may_subscribe(mut self, subjects: &[&str]) -> Self {
        self.subscribe = Some(subjects.iter().map(ToString::to_string).collect());
        self
    }

    fn configuration(&self) -> String {
        let mut text = match &self.proof {
            Proof::Password(name, password) => format!("user: {name:?}, password: {password:?}"),
            Proof::Key(public) => format!("nkey: {public}"),
        };
        let rule = |key: &str, subjects: &Option<Vec<String>>| match subjects {
            Some(subjects) => format!("{key}: {{ allow: {subjects:?} }}, "),
            None => String::new(),
        };
        let rules = rule("publish", &self.publish) + &rule("subscribe", &self.subscribe);
        if !rules.is_empty() {
            text += &format!(", permissions: {{ {rules} }}");
        }
        format!("{{ {text} }}")
    }
}

impl NatsServerBuilder {
    /// Asks for a name and a password.
    pub fn user_password(self, name: &str, password: &str) -> Self {
        self.user(User::password(name, password))
    }

    /// Asks for the signature of an nkey, given as its public part.
    pub fn nkey(self, public: &str) -> Self {
        self.user(User::key(public))
    }

    /// Lets someone in, with permissions.
    pub fn user(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }

    /// Takes whoever does not log in for one of the users.
    pub fn anonymous(mut self, name: &str) -> Self {
        self.anonymous = Some(name.into());
        self
    }

    /// Asks for a token.
    pub fn token(mut self, token: &str) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Asks for a credentials file: see [`NatsServer::credentials_file`].
    pub fn accounts(mut self) -> Self {
        self.accounts = true;
        self
    }

    /// Talks TLS only, as `localhost` and `127.0.0.1`; the authority is [`NatsServer::authority`].
    pub fn tls(mut self) -> Self {
        self.encryption = Some(Encryption::Tls);
        self
    }

    /// As [`tls`](Self::tls), and asks for a certificate of the same authority.
    pub fn mutual_tls(mut self) -> Self {
        self.encryption = Some(Encryption::MutualTls);
        self
    }

    /// Refuses messages above so many bytes.
    pub fn max_payload(mut self, bytes: usize) -> Self {
        self.max_payload = Some(bytes);
        self
    }

    /// Keeps streams, in files that stay over a restart.
    pub fn jetstream(mut self) -> Self {
        self.jetstream = true;
        self
    }

    /// Starts it, and returns when it greets.
    ///
    /// # Errors
    ///
    /// [`StartError::NotInstalled`] when there is no nats-server on this machine; other kinds when it
    /// does not come up.
    pub fn start(self) -> Result<NatsServer, StartError> {
        let workspace = Workspace::new(PROGRAM)?;
        let mut text = String::from("http: \"127.0.0.1:-1\"\n");
        if let Some(bytes) = self.max_payload {
            line(&mut text, format_args!("max_payload: {bytes}"));
        }
        if self.jetstream {
            let store = workspace.path().join("jetstream");
            line(
                &mut text,
                format_args!("jetstream {{ store_dir: {store:?} }}"),
            );
        }
        if let Some(name) = &self.anonymous {
            line(&mut text, format_args!("no_auth_user: {name:?}"));
        }
        if let Some(token) = &self.token {
            line(
                &mut text,
                format_args!("authorization {{ token: {token:?} }}"),
            );
        }
        if !self.users.is_empty() {
            let users: Vec<_> = self.users.iter().map(User::configuration).collect();
            line(
                &mut text,
                format_args!("authorization {{ users: [ {} ] }}", users.join(", ")),
            );
        }
        let mut authority = None;
        if let Some(encryption) = self.encryption {
            let made = Authority::new()?;
            let identity = made.server(&["localhost", "127.0.0.1"])?;
            let verify = matches!(encryption, Encryption::MutualTls);
            line(
                &mut text,
                format_args!(
                    "tls {{ cert_file: {:?}, key_file: {:?}, ca_file: {:?}, verify: {verify} }}",
                    identity.certificate,
                    identity.key,
                    made.certificate()
                ),
            );
            authority = Some(made);
        }
        let mut credentials_file = None;
        if self.accounts {
            let operator = Operator::new()?;
            text += &operator.configuration();
            let path = workspace.path().join("user.creds");
            fs::write(&path, operator.credentials())?;
            credentials_file = Some(path);
        }
        fs::write(workspace.path().join("nats.conf"), text)?;
        let (process, port) = launch(&workspace, None)?;
        Ok(NatsServer {
            process,
            port,
            authority,
            credentials_file,
            workspace,
        })
    }
}

impl NatsServer {
    /// What it is to be like.
    pub fn builder() -> NatsServerBuilder {
        NatsServerBuilder::default()
    }

    /// The port on 127.0.0.1; the same after a restart.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `nats://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
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

    /// The credentials of its user.
    ///
    /// # Panics
    ///
    /// When it was built without `accounts`.
    pub fn credentials_file(&self) -> &Path {
        self.credentials_file
            .as_deref()
            .expect("built with `accounts`")
    }

    /// What it has logged.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn log(&self) -> io::Result<String> {
        fs::read_to_string(self.workspace.log())
    }

    /// How many subscriptions its clients have.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub fn subscriptions(&self) -> io::Result<usize> {
        self.monitored("subsz", "num_subscriptions")
    }

    /// How many consumers its streams have.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub fn consumers(&self) -> io::Result<usize> {
        self.monitored("jsz", "consumers")
    }

    /// A number from a page of its monitoring.
    fn monitored(&self, page: &str, field: &str) -> io::Result<usize> {
        let odd = || io::Error::from(io::ErrorKind::InvalidData);
        let file = ports_file(self.workspace.path(), &self.process);
        let port = port_in(&file, &["monitoring"]).ok_or_else(odd)?;
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(PROBE_BOUND))?;
        write!(stream, "GET /{page} HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (_, body) = answer.split_once("\r\n\r\n").ok_or_else(odd)?;
        let page: serde_json::Value = serde_json::from_str(body)?;
        let number = page[field].as_u64().ok_or_else(odd)?;
        usize::try_from(number).map_err(|_| odd())
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

    /// Kills it if it runs, and starts it again on the same port.
    ///
    /// # Errors
    ///
    /// When it does not come up.
    pub fn restart(&mut self) -> Result<(), StartError> {
        self.process.kill()?;
        self.process = launch(&self.workspace, Some(self.port))?.0;
        Ok(())
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a String takes every text");
}

/// Starts the process, on a port that it chooses unless one is given.
fn launch(workspace: &Workspace, port: Option<u16>) -> Result<(Process, u16), StartError> {
    let directory = workspace.path();
    let given = port.map_or_else(|| "-1".to_owned(), |port| port.to_string());
    let arguments: [OsString; 8] = [
        "-a".into(),
        Ipv4Addr::LOCALHOST.to_string().into(),
        "-p".into(),
        given.into(),
        "-c".into(),
        directory.join("nats.conf").into(),
        "--ports_file_dir".into(),
        directory.into(),
    ];
    let mut process = Process::start(PROGRAM, REMEDY, arguments, workspace)?;
    let ports_file = ports_file(directory, &process);
    let port = match port {
        Some(port) => port,
        None => process.wait_for("port", || port_in(&ports_file, &["nats", "tls"]))?,
    };
    process.wait_for("greeting", || greets(port).then_some(()))?;
    Ok((process, port))
}

/// Where a server writes its ports.
fn ports_file(directory: &Path, process: &Process) -> PathBuf {
    directory.join(format!("{PROGRAM}_{}.ports", process.id()))
}

/// The port in `{"nats":["nats://127.0.0.1:36937"]}`, of the first of these services; none while the file
/// is not written out.
fn port_in(file: &Path, services: &[&str]) -> Option<u16> {
    let text = fs::read_to_string(file).ok()?;
    let ports: serde_json::Value = serde_json::from_str(&text).ok()?;
    let url = services
        .iter()
        .find_map(|service| ports.get(service)?.get(0))?
        .as_str()?;
    url.rsplit_once(':')?.1.parse().ok()
}

/// Whether the server sends its first line, `INFO {…}`.
fn greets(port: u16) -> bool {
    let attempt = || -> io::Result<[u8; 5]> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(PROBE_BOUND))?;
        let mut first = [0; 5];
        stream.read_exact(&mut first)?;
        Ok(first)
    };
    attempt().is_ok_and(|first| &first == b"INFO ")
}
