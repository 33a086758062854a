//! What a process knows of the run that it belongs to.

use std::fs;
use std::path::Path;

use choreo_report::model::{Millis, Run, SlowPolicy, Timestamp};

use super::{Environment, ci};
use crate::seed;

/// What built this crate, and so the tests; empty if it did not say.
const TOOLCHAIN: &str = env!("CHOREO_TOOLCHAIN");

/// What is the same for all processes of a run.
pub(super) fn run(
    started_at: Timestamp,
    project: Option<String>,
    workspace: &Path,
    command: Option<Vec<String>>,
    slow: SlowPolicy,
    environment: Environment<'_>,
) -> Run {
    let mut run = Run::new(started_at, started_at, Millis::ZERO);
    let folder = || Some(workspace.file_name()?.to_str()?.to_owned());
    run.project_name = environment("CHOREO_PROJECT")
        .filter(|name| !name.trim().is_empty())
        .or(project)
        .or_else(folder);
    run.environment = environment("CHOREO_ENV").filter(|name| !name.is_empty());
    run.hostname = hostname(environment);
    run.os = Some(std::env::consts::OS.to_owned());
    run.arch = Some(std::env::consts::ARCH.to_owned());
    run.cpus = std::thread::available_parallelism()
        .ok()
        .and_then(|cpus| u32::try_from(cpus.get()).ok());
    run.toolchain = (!TOOLCHAIN.is_empty()).then(|| TOOLCHAIN.to_owned());
    run.command_line = command.unwrap_or_else(|| {
        std::env::args_os()
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    });
    run.ci = ci::job(environment);
    (run.git_sha, run.git_branch) = ci::checkout(environment);
    run.slow_policy = Some(slow);
    // One that is drawn later is told at the end.
    run.seed = seed::used().map(|seed| seed.to_string());
    run
}

/// The name of the machine; empty where it cannot be read.
fn hostname(environment: Environment<'_>) -> String {
    let file = |path: &str| fs::read_to_string(path).ok();
    file("/proc/sys/kernel/hostname")
        .or_else(|| file("/etc/hostname"))
        .or_else(|| environment("COMPUTERNAME"))
        .or_else(|| environment("HOSTNAME"))
        .map(|name| name.trim().to_owned())
        .unwrap_or_default()
}
