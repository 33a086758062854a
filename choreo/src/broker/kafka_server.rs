//! A private broker process that speaks Kafka's protocol, for the tests of Choreo itself: its program is in
//! no package. Hidden, as users have [`Broker::kafka`](super::Broker::kafka).

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use super::process::{Process, StartError, Workspace};

const PROGRAM: &str = "choreo-kafka-broker";
const REMEDY: &str = "it is for the tests of Choreo itself, whose repository has it in \
                      tests/brokers/kafka-broker: build it there, and name the file in CHOREO_KAFKA_BROKER \
                      or put it on the PATH. Tests of other projects use `Broker::kafka()`";
/// Names the program when it is not on the `PATH`.
const VARIABLE: &str = "CHOREO_KAFKA_BROKER";

/// How long one attempt to talk to a starting broker may take.
const PROBE_BOUND: Duration = Duration::from_secs(2);
/// Another process may take the port between its choice and its use.
const ATTEMPTS: usize = 5;

/// A running Kafka broker process (Tansu, with its engine in memory) on 127.0.0.1; killed when dropped.
///
/// The program is the one that the variable `CHOREO_KAFKA_BROKER` names, or `choreo-kafka-broker` on the
/// `PATH`. What it holds is gone after [`restart`](Self::restart).
#[derive(Debug)]
pub struct KafkaServer {
    // Dropped before the directory that it writes to.
    process: Process,
    port: u16,
    settings: KafkaServerBuilder,
    workspace: Workspace,
}

/// What a [`KafkaServer`] is to be like; nothing set means open to everyone.
#[derive(Debug, Clone, Default)]
#[must_use = "nothing runs before `start`"]
pub struct KafkaServerBuilder {
    authentication: bool,
    advertised: Option<String>,
}

impl KafkaServerBuilder {
    /// Asks for SASL. The engine in memory keeps no users, so nobody gets in: for tests of refusals.
    pub fn authentication(mut self) -> Self {
        self.authentication = true;
        self
    }

    /// Tells clients to use this `host:port` instead of its own.
    pub fn advertised(mut self, address: &str) -> Self {
        self.advertised = Some(address.into());
        self
    }

    /// Starts it, and returns when it answers.
    ///
    /// # Errors
    ///
    /// [`StartError::NotInstalled`] when there is no such program on this machine; other kinds when it does
    /// not come up.
    pub fn start(self) -> Result<KafkaServer, StartError> {
        let workspace = Workspace::new("kafka")?;
        let mut attempt = 1;
        loop {
            let port = free_port()?;
            match launch(&workspace, port, &self) {
                Ok(process) => {
                    return Ok(KafkaServer {
                        process,
                        port,
                        settings: self,
                        workspace,
                    });
                }
                Err(error @ StartError::NotReady { .. }) if attempt == ATTEMPTS => {
                    return Err(error);
                }
                Err(StartError::NotReady { .. }) => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

impl KafkaServer {
    /// What it is to be like.
    pub fn builder() -> KafkaServerBuilder {
        KafkaServerBuilder::default()
    }

    /// Whether its program is on this machine.
    pub fn is_installed() -> bool {
        let path = env::var_os("PATH").unwrap_or_default();
        match env::var_os(VARIABLE) {
            Some(file) => std::path::Path::new(&file).is_file(),
            None => env::split_paths(&path).any(|folder| folder.join(PROGRAM).is_file()),
        }
    }

    /// The port on 127.0.0.1; the same after a restart.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it has logged.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn log(&self) -> io::Result<String> {
        fs::read_to_string(self.workspace.log())
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

    /// Kills it if it runs, and starts it again on the same port, without topics and messages.
    ///
    /// # Errors
    ///
    /// When it does not come up.
    pub fn restart(&mut self) -> Result<(), StartError> {
        self.process.kill()?;
        self.process = launch(&self.workspace, self.port, &self.settings)?;
        Ok(())
    }
}

fn launch(
    workspace: &Workspace,
    port: u16,
    settings: &KafkaServerBuilder,
) -> Result<Process, StartError> {
    let listener = format!("tcp://127.0.0.1:{port}");
    let advertised = match &settings.advertised {
        Some(address) => format!("tcp://{address}"),
        None => listener.clone(),
    };
    let mut arguments: Vec<OsString> = ["--silent", "--storage-engine", "memory://choreo/"]
        .map(OsString::from)
        .into();
    arguments.extend(["--listener-url".into(), listener.into()]);
    arguments.extend(["--advertised-listener-url".into(), advertised.into()]);
    if settings.authentication {
        arguments.push("--authentication".into());
    }
    let program = env::var_os(VARIABLE).unwrap_or_else(|| PROGRAM.into());
    let mut process = Process::start_file(PROGRAM, &program, REMEDY, arguments, workspace)?;
    process.wait_for("answer", || answers(port).then_some(()))?;
    Ok(process)
}

fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// Whether the broker answers a request for the versions that it speaks.
fn answers(port: u16) -> bool {
    /// Length, key 18 (ApiVersions), version 0, correlation id 1, no client id.
    const QUESTION: [u8; 14] = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff];
    let attempt = || -> io::Result<[u8; 8]> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(PROBE_BOUND))?;
        stream.write_all(&QUESTION)?;
        let mut answer = [0; 8];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    };
    // A length, and our correlation id.
    attempt().is_ok_and(|answer| answer[4..] == [0, 0, 0, 1])
}
