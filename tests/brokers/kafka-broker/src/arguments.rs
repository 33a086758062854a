//! The command line, in the words of Tansu's own.

use std::net::SocketAddr;

use url::Url;

/// What the broker is told.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// Where it listens: `--listener-url tcp://IP:PORT`.
    pub(crate) listener: SocketAddr,
    /// What it tells clients to use: `--advertised-listener-url tcp://HOST:PORT`.
    pub(crate) advertised: Url,
    /// Where messages are kept: `--storage-engine memory://NAME/`.
    pub(crate) storage: Url,
    /// Whether clients have to log in: `--authentication`.
    pub(crate) authentication: bool,
}

impl Arguments {
    /// Reads them; the error says what is missing or wrong.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut listener, mut advertised, mut storage) = (None, None, None);
        let mut authentication = false;
        while let Some(word) = words.next() {
            let place = match word.as_str() {
                "--listener-url" => &mut listener,
                "--advertised-listener-url" => &mut advertised,
                "--storage-engine" => &mut storage,
                "--authentication" => {
                    authentication = true;
                    continue;
                }
                // It always is.
                "--silent" => continue,
                _ => return Err(format!("unknown option `{word}`")),
            };
            let value = words.next().ok_or(format!("`{word}` needs a URL"))?;
            let url = Url::parse(&value).map_err(|error| format!("{word} {value}: {error}"))?;
            *place = Some(url);
        }
        let listener = listener.ok_or("`--listener-url` is missing")?;
        let address = match (listener.host_str(), listener.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}").parse().ok(),
            _ => None,
        };
        Ok(Self {
            listener: address.ok_or(format!("{listener} is no tcp://IP:PORT"))?,
            advertised: advertised.unwrap_or(listener),
            storage: storage.ok_or("`--storage-engine` is missing")?,
            authentication,
        })
    }
}
