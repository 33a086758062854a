//! Which endpoints may be connected to, and what to say when one may not.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use super::endpoint::{Endpoint, EndpointError, LooseEndpoint, default_port_of};
use super::file::{self, AllowlistError};

/// The keys of `[allow]` that hold for one transport only.
pub(crate) const TRANSPORT_KEYS: [&str; 4] = ["nats", "kafka", "rabbitmq", "redis"];

/// The key of a transport, by its name. One broker may have several transports.
pub(crate) fn key_of(transport: &str) -> String {
    let name = transport.to_ascii_lowercase();
    match &*name {
        "jetstream" => "nats".to_owned(),
        "redis streams" => "redis".to_owned(),
        _ => name,
    }
}

/// The key of `[allow]` that holds for every transport.
pub(crate) const COMMON_KEY: &str = "endpoints";

/// The endpoints besides loopback that may be connected to.
///
/// See the [module's documentation](crate::safety) for the files.
#[derive(Debug, Clone, Default)]
pub struct Allowlist {
    entries: Vec<Entry>,
    files: Vec<PathBuf>,
    ignored: Vec<String>,
    searched_from: PathBuf,
}

/// One line of an allowlist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The key that it stands under, as `choreo.toml` names it.
    pub(crate) key: &'static str,
    pub(crate) endpoint: LooseEndpoint,
}

impl Entry {
    pub(crate) fn parse(key: &'static str, text: &str) -> Result<Self, EndpointError> {
        LooseEndpoint::parse(text).map(|endpoint| Self { key, endpoint })
    }

    fn allows(&self, transport_key: &str, endpoint: &Endpoint) -> bool {
        (self.key == COMMON_KEY || self.key == transport_key)
            && self.endpoint.host == endpoint.host()
            && self
                .endpoint
                .port
                .or_else(|| default_port_of(transport_key))
                == Some(endpoint.port())
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LooseEndpoint { host, port } = &self.endpoint;
        match port {
            Some(port) => write!(f, "{}", Endpoint::new(host, *port)),
            None => f.write_str(host),
        }
    }
}

/// What one directory's files say.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) entries: Vec<Entry>,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) ignored: Vec<String>,
}

/// An endpoint that is neither loopback nor on the allowlist.
///
/// Its text names the endpoint, the files that were read and the line to add; never a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(Box<Refusal>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Refusal {
    transport: String,
    endpoint: Endpoint,
    files: Vec<PathBuf>,
    ignored: Vec<String>,
    searched_from: PathBuf,
    listed: Vec<String>,
}

impl Allowlist {
    /// Nothing but loopback.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Reads the allowlist of the package under test: [`discover`](Self::discover) from
    /// `CARGO_MANIFEST_DIR` as it is at run time, or from the current directory.
    ///
    /// # Errors
    ///
    /// As [`discover`](Self::discover).
    pub fn of_package() -> Result<Self, AllowlistError> {
        let from = env::var_os("CARGO_MANIFEST_DIR")
            .map(PathBuf::from)
            .or_else(|| env::current_dir().ok())
            .unwrap_or_default();
        Self::discover(&from)
    }

    /// Reads the files of the nearest directory, `from` or one above it, that has a `choreo.toml` with a
    /// section `[allow]`, or an `allowlist.yaml`. Without such a directory only loopback is allowed.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or is malformed, with line and column.
    pub fn discover(from: &Path) -> Result<Self, AllowlistError> {
        for directory in from.ancestors() {
            let found = file::read_directory(directory)?;
            if !found.files.is_empty() {
                let Found {
                    entries,
                    files,
                    ignored,
                } = found;
                return Ok(Self {
                    entries,
                    files,
                    ignored,
                    searched_from: from.to_owned(),
                });
            }
        }
        Ok(Self {
            searched_from: from.to_owned(),
            ..Self::default()
        })
    }

    /// The files that it was read from.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Whether a transport may open a socket to an endpoint. Opens none and resolves no name.
    ///
    /// `transport` is its name, such as `NATS`; for one without a key of its own only the entries under
    /// `endpoints` count.
    ///
    /// # Errors
    ///
    /// When the endpoint is neither loopback nor listed.
    pub fn check(&self, transport: &str, endpoint: &Endpoint) -> Result<(), Refused> {
        let key = key_of(transport);
        if endpoint.is_loopback()
            || self
                .entries
                .iter()
                .any(|entry| entry.allows(&key, endpoint))
        {
            return Ok(());
        }
        Err(Refused(Box::new(Refusal {
            transport: transport.into(),
            endpoint: endpoint.clone(),
            files: self.files.clone(),
            ignored: self.ignored.clone(),
            searched_from: self.searched_from.clone(),
            listed: self
                .entries
                .iter()
                .filter(|entry| entry.key == COMMON_KEY)
                .map(Entry::to_string)
                .collect(),
        })))
    }
}

impl Refused {
    /// The endpoint that was refused.
    pub fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }
}

impl std::error::Error for Refused {}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Refusal {
            transport,
            endpoint,
            files,
            ignored,
            searched_from,
            listed,
        } = &*self.0;
        writeln!(
            f,
            "{transport} endpoint {endpoint} is refused: it is neither loopback nor on the allowlist"
        )?;
        if files.is_empty() {
            writeln!(
                f,
                "  no `choreo.toml` with a section [allow] and no `allowlist.yaml` was found in {} or above",
                searched_from.display()
            )?;
        } else {
            let files: Vec<_> = files
                .iter()
                .map(|file| file.display().to_string())
                .collect();
            writeln!(f, "  read: {}", files.join(", "))?;
        }
        if !ignored.is_empty() {
            writeln!(
                f,
                "  categories without a transport: {}",
                ignored.join(", ")
            )?;
        }
        let toml = files.iter().find(|file| file.ends_with(file::TOML_NAME));
        match (toml, files.first(), file::category_of(transport)) {
            (None, Some(yaml), Some(category)) => {
                write!(
                    f,
                    "  to allow it, add to `{category}` in {}:\n\n      - {endpoint}",
                    yaml.display()
                )
            }
            (toml, yaml, _) => {
                // Beside the other file: only the nearest directory counts.
                let path = match (toml, yaml) {
                    (Some(toml), _) => toml.clone(),
                    (None, Some(yaml)) => yaml.with_file_name(file::TOML_NAME),
                    (None, None) => searched_from.join(file::TOML_NAME),
                };
                let mut all: Vec<_> = listed.iter().map(|entry| format!("\"{entry}\"")).collect();
                all.push(format!("\"{endpoint}\""));
                write!(
                    f,
                    "  to allow it, write in {}:\n\n      [allow]\n      endpoints = [{}]",
                    path.display(),
                    all.join(", ")
                )
            }
        }
    }
}
