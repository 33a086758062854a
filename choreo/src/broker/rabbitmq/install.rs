//! Where RabbitMQ is on this machine, and what of it a private node needs.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::StartError;
use super::{PROGRAM, REMEDY};

/// Of RabbitMQ's own plugins, what a node needs to boot; what is not there is not looked through at start.
const BOOT: &str = "rabbitmq_prelaunch";

/// The plugin that logs in by client certificate.
pub(super) const EXTERNAL: &str = "rabbitmq_auth_mechanism_ssl";

/// Where packages put RabbitMQ: folders that hold `rabbitmq_server-VERSION`, or are one.
const PLACES: &[&str] = &[
    "/usr/lib/rabbitmq/lib",
    "/opt/rabbitmq",
    "/usr/local/opt/rabbitmq",
    "/opt/homebrew/opt/rabbitmq",
];

/// The folder of RabbitMQ's plugins, of which its server is one.
pub(super) fn plugins() -> Result<PathBuf, StartError> {
    let given = env::var_os("RABBITMQ_HOME").map(PathBuf::from);
    given
        .into_iter()
        .chain(beside_program())
        .chain(PLACES.iter().map(PathBuf::from))
        .find_map(|place| plugins_in(&place))
        .ok_or(StartError::NotInstalled {
            program: PROGRAM,
            remedy: REMEDY,
        })
}

/// In a generic archive the program is `HOME/sbin/rabbitmq-server`.
fn beside_program() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let program = env::split_paths(&path)
        .map(|directory| directory.join(PROGRAM))
        .find(|program| program.is_file())?;
    let program = program.canonicalize().ok()?;
    Some(program.parent()?.parent()?.to_owned())
}

fn plugins_in(place: &Path) -> Option<PathBuf> {
    let own = place.join("plugins");
    if own.is_dir() {
        return Some(own);
    }
    let mut versions: Vec<PathBuf> = fs::read_dir(place)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("plugins")))
        .filter(|plugins| plugins.is_dir())
        .collect();
    versions.sort();
    versions.pop()
}

/// Makes a folder with what a node needs, and returns where the server's own code is.
pub(super) fn link(plugins: &Path, wanted: &[&str], into: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(into)?;
    let mut server = None;
    for entry in fs::read_dir(plugins)? {
        let entry = entry?;
        let file = entry.file_name();
        let name = file.to_string_lossy();
        let name = name.split_once('-').map_or(&*name, |(name, _)| name);
        if name.starts_with("rabbitmq_") && name != BOOT && !wanted.contains(&name) {
            continue;
        }
        let link = into.join(&file);
        std::os::unix::fs::symlink(entry.path(), &link)?;
        if name == "rabbit" {
            server = Some(link.join("ebin"));
        }
    }
    server.ok_or_else(|| {
        io::Error::other(format!(
            "there is no RabbitMQ server in {}",
            plugins.display()
        ))
    })
}
