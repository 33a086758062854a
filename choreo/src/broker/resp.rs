//! Just enough of Redis's protocol to ask a private server something.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

/// How long an answer may take.
const ANSWER_BOUND: Duration = Duration::from_secs(2);

/// How deep answers may be nested.
const MAX_DEPTH: usize = 8;

/// A connection to a server's local socket.
pub(super) struct Client(BufReader<UnixStream>);

impl Client {
    pub(super) fn connect(socket: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(ANSWER_BOUND))?;
        stream.set_write_timeout(Some(ANSWER_BOUND))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a command and reads its answer.
    pub(super) fn ask(&mut self, command: &[&str]) -> io::Result<Value> {
        let mut request = format!("*{}\r\n", command.len());
        for part in command {
            request += &format!("${}\r\n{part}\r\n", part.len());
        }
        self.0.get_mut().write_all(request.as_bytes())?;
        self.answer(0)
    }

    fn answer(&mut self, depth: usize) -> io::Result<Value> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let line = line.trim_end();
        let Some((kind, rest)) = line.split_at_checked(1) else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        let number = || {
            rest.parse::<i64>()
                .map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
        };
        match kind {
            "+" => Ok(rest.into()),
            "-" => Err(io::Error::other(rest.to_owned())),
            ":" => Ok(number()?.into()),
            "$" => {
                let Ok(length) = usize::try_from(number()?) else {
                    return Ok(Value::Null);
                };
                let mut bytes = vec![0; length + 2];
                self.0.read_exact(&mut bytes)?;
                bytes.truncate(length);
                Ok(String::from_utf8_lossy(&bytes).into())
            }
            "*" if depth < MAX_DEPTH => (0..number()?).map(|_| self.answer(depth + 1)).collect(),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}
