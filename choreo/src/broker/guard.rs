//! The end of a broker whose test process ended without a last word.

use std::process::{Child, Command, Stdio};

/// Kills the process of this number when its own input ends. A Ctrl-C is for the tests.
const SCRIPT: &str = "trap '' HUP INT TERM; read -r _; kill -9 \"$0\"";

/// Ends a broker when this process was killed, which drops nothing: a shell waits for the end of a pipe whose other end
/// this process alone holds. To be dropped before the broker is waited for, whose number may be another's then.
#[derive(Debug)]
pub(super) struct Guard(Child);

impl Guard {
    /// Over the process of this number; none where there is no shell.
    pub(super) fn over(id: u32) -> Option<Self> {
        Command::new("sh")
            .args(["-c", SCRIPT, &id.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()
            .map(Self)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Before the pipe ends with its handle.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
