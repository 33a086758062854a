//! Starts the service of an example as a process. Copy it into a project of your own.

use std::fmt::Display;
use std::process::Stdio;
use std::time::Duration;

use choreo::{Error, Result};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// How long a service may take to start.
const BOUND: Duration = Duration::from_secs(30);

/// Starts a program, and returns when it has printed the line `ready`. It is killed when the handle is
/// dropped: give it to `HarnessBuilder::keep`.
///
/// # Errors
///
/// When it cannot be started, says something else first, or nothing within 30 s.
pub async fn start(program: &str, arguments: &[&str]) -> Result<Child> {
    let broken = |reason: &dyn Display| Error::harness(format!("{program}: {reason}"));
    let mut service = Command::new(program)
        .args(arguments)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| broken(&error))?;
    let output = service.stdout.take().ok_or_else(|| broken(&"no output"))?;
    let mut lines = BufReader::new(output).lines();
    match tokio::time::timeout(BOUND, lines.next_line()).await {
        Ok(Ok(Some(line))) if line == "ready" => Ok(service),
        Ok(Ok(line)) => Err(broken(&format_args!("not ready, it said {line:?}"))),
        Ok(Err(error)) => Err(broken(&error)),
        Err(_) => Err(broken(&format_args!("not ready within {BOUND:?}"))),
    }
}
