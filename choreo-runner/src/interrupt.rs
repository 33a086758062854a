//! Ctrl-C and its like: the run ends early, and what is known is still written.

use std::fmt;
use std::sync::mpsc;
use std::thread;

use crate::exit::RunExit;

/// What stops a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// Asked to end, as by a CI server or, under nextest, because the time of a test is up.
    Terminate,
}

impl Signal {
    /// How a process ends that is stopped so: what a shell reports of one that died of the signal.
    pub(crate) fn exit(self) -> RunExit {
        match self {
            Self::Interrupt => RunExit::INTERRUPTED,
            Self::Terminate => RunExit::TERMINATED,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupt => "Ctrl-C (SIGINT)",
            Self::Terminate => "SIGTERM",
        })
    }
}

/// Calls `stop` at the first signal and ends the process at the second, when somebody does not want to wait, or
/// if `stop` says that there is nothing to stop any more.
///
/// On a thread and a runtime of its own, so that scenarios that block every thread of theirs can be stopped too.
/// Where that cannot be had, signals do what they do without it: they end the process, and the next merge tells.
/// Whatever comes after this has returned is heard.
pub(crate) fn listen(stop: impl FnOnce(Signal) -> bool + Send + 'static) {
    let (watching, watched) = mpsc::channel();
    // Without a thread nobody listens, and that is all.
    let _ = thread::Builder::new()
        .name("choreo-signals".to_owned())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_io()
                .build();
            let Ok(runtime) = runtime else { return };
            runtime.block_on(async {
                let Some(mut signals) = Signals::watch() else {
                    return;
                };
                // Who began to listen waits for it.
                let _ = watching.send(());
                let mut signal = signals.next().await;
                if stop(signal) {
                    signal = signals.next().await;
                }
                signal.exit().exit();
            });
        });
    // Also over when there is nobody to say so.
    let _ = watched.recv();
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn watch() -> Option<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Some(Self {
            interrupt: signal(SignalKind::interrupt()).ok()?,
            terminate: signal(SignalKind::terminate()).ok()?,
        })
    }

    async fn next(&mut self) -> Signal {
        std::future::poll_fn(|context| {
            if self.interrupt.poll_recv(context).is_ready() {
                return std::task::Poll::Ready(Signal::Interrupt);
            }
            self.terminate.poll_recv(context).map(|_| Signal::Terminate)
        })
        .await
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn watch() -> Option<Self> {
        tokio::signal::windows::ctrl_c().ok().map(Self)
    }

    async fn next(&mut self) -> Signal {
        let _ = self.0.recv().await;
        Signal::Interrupt
    }
}

#[cfg(not(any(unix, windows)))]
struct Signals;

#[cfg(not(any(unix, windows)))]
impl Signals {
    fn watch() -> Option<Self> {
        None
    }

    async fn next(&mut self) -> Signal {
        std::future::pending().await
    }
}
