//! The files, the processes and the readiness of a private node.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::process::{Process, StartError, Workspace};
use super::super::tls::Authority;
use super::{REMEDY, RabbitServerBuilder, install, settings};

/// A node boots in two seconds; on a busy machine several may boot at once.
const BOOT_BOUND: Duration = Duration::from_secs(50);

/// How long one attempt to talk to a starting node may take.
const PROBE_BOUND: Duration = Duration::from_secs(2);

/// How to start the node, and to start it again.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) name: String,
    pub(super) port: u16,
    names_port: u16,
    code: PathBuf,
    pub(super) environment: Vec<(OsString, OsString)>,
}

impl Launch {
    pub(super) fn new(
        builder: &RabbitServerBuilder,
        plugins: &Path,
        authority: Option<&Authority>,
        workspace: &Workspace,
    ) -> io::Result<Self> {
        let directory = workspace.path();
        // All held until all are known, so that they differ.
        let ports = [free_port()?, free_port()?, free_port()?];
        let [port, names_port, nodes_port] = [ports[0].1, ports[1].1, ports[2].1];
        let identity = authority
            .map(|authority| authority.server(&["localhost", "127.0.0.1"]))
            .transpose()
            .map_err(io::Error::other)?;
        let certificate = authority.map(Authority::certificate);
        let encryption = identity.as_ref().zip(certificate.as_deref());
        let definitions = directory.join("definitions.json");
        fs::write(&definitions, settings::definitions(builder).to_string())?;
        let text = settings::configuration(builder, port, &definitions, encryption);
        fs::write(directory.join("rabbitmq.conf"), text)?;
        let wanted = settings::plugins(builder);
        let enabled = format!("[{}].", wanted.join(","));
        fs::write(directory.join("enabled_plugins"), enabled)?;
        let own_plugins = directory.join("plugins");
        let code = install::link(plugins, &wanted, &own_plugins)?;
        let name = format!("choreo-{}-{port}@localhost", std::process::id());
        let path = |file: &str| directory.join(file).into_os_string();
        let environment = [
            // The cookie, which nodes show to each other, is kept in the home folder.
            ("HOME", directory.into()),
            ("ERL_LIBS", own_plugins.clone().into_os_string()),
            ("ERL_EPMD_PORT", names_port.to_string().into()),
            ("ERL_EPMD_ADDRESS", "127.0.0.1".into()),
            ("ERL_CRASH_DUMP_SECONDS", "0".into()),
            ("RABBITMQ_HOME", directory.into()),
            ("RABBITMQ_NODENAME", name.clone().into()),
            ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1".into()),
            ("RABBITMQ_NODE_PORT", port.to_string().into()),
            ("RABBITMQ_DIST_PORT", nodes_port.to_string().into()),
            ("RABBITMQ_MNESIA_BASE", path("data")),
            ("RABBITMQ_LOG_BASE", path("logs")),
            ("RABBITMQ_LOGS", "-".into()),
            ("RABBITMQ_PLUGINS_DIR", own_plugins.into_os_string()),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", path("enabled_plugins")),
            ("RABBITMQ_CONFIG_FILE", path("rabbitmq.conf")),
            ("RABBITMQ_ADVANCED_CONFIG_FILE", path("advanced.config")),
            ("RABBITMQ_CONF_ENV_FILE", path("rabbitmq-env.conf")),
            ("SYS_PREFIX", OsString::new()),
        ];
        let environment = environment.map(|(name, value): (&str, OsString)| (name.into(), value));
        Ok(Self {
            name,
            port,
            names_port,
            code,
            environment: environment.into(),
        })
    }

    pub(super) fn run(&self, workspace: &Workspace) -> Result<(Process, Process), StartError> {
        let arguments = [
            "-port",
            &self.names_port.to_string(),
            "-address",
            "127.0.0.1",
        ];
        let mut names = Process::start("epmd", REMEDY, arguments, workspace)?;
        names.wait_for("name server", || connects(self.names_port).then_some(()))?;
        let node = self.node(workspace)?;
        Ok((names, node))
    }

    pub(super) fn node(&self, workspace: &Workspace) -> Result<Process, StartError> {
        let arguments: [OsString; 24] = [
            "-noinput".into(),
            "-pa".into(),
            self.code.clone().into(),
            "-s".into(),
            "rabbit".into(),
            "boot".into(),
            "-boot".into(),
            "start_sasl".into(),
            // The name server is ours: one that Erlang starts would outlive the node.
            "-start_epmd".into(),
            "false".into(),
            // Idle schedulers that spin are good for a server alone on its machine.
            "+sbwt".into(),
            "none".into(),
            "+sbwtdcpu".into(),
            "none".into(),
            "+sbwtdio".into(),
            "none".into(),
            "-syslog".into(),
            "logger".into(),
            "[]".into(),
            "-syslog".into(),
            "syslog_error_logger".into(),
            "false".into(),
            "-kernel".into(),
            "inet_dist_use_interface".into(),
        ];
        let interface: OsString = "{127,0,0,1}".into();
        let arguments = arguments.into_iter().chain([interface]);
        let mut node = Process::start_in("erl", REMEDY, arguments, &self.environment, workspace)?;
        node.wait_within(BOOT_BOUND, "answer", || answers(self.port).then_some(()))?;
        Ok(node)
    }
}

/// A free port, with what holds it.
fn free_port() -> io::Result<(TcpListener, u16)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

fn connects(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Whether the node answers AMQP's first bytes: with its greeting, or, where it talks TLS, with an alert.
fn answers(port: u16) -> bool {
    let attempt = || -> io::Result<()> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(PROBE_BOUND))?;
        stream.write_all(b"AMQP\x00\x00\x09\x01")?;
        stream.read_exact(&mut [0; 7])
    };
    attempt().is_ok()
}
