//! Threads of their own for the client: its signs of life go out also while a test blocks its runtime,
//! and nothing of it is left when they are stopped.

use std::io;
use std::sync::Mutex;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::link::locked;

/// How long `stop` waits for the threads. They end at once unless the machine is very busy.
const STOP_BOUND: Duration = Duration::from_secs(5);

/// Thread's name, as debuggers and test runners show it.
const NAME: &str = "choreo-rabbitmq";

pub(super) struct Threads {
    runtime: Mutex<Option<Runtime>>,
    alive: watch::Receiver<usize>,
}

impl Threads {
    pub(super) fn start() -> io::Result<Self> {
        let (count, alive) = watch::channel(0);
        let stopped = count.clone();
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name(NAME)
            .enable_all()
            .on_thread_start(move || count.send_modify(|count| *count += 1))
            .on_thread_stop(move || stopped.send_modify(|count| *count -= 1))
            .build()?;
        Ok(Self {
            runtime: Mutex::new(Some(runtime)),
            alive,
        })
    }

    /// Runs a task; it is cancelled when the future is dropped. None when it did not end by itself.
    pub(super) async fn run<F>(&self, task: F) -> Option<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let handle: Handle = locked(&self.runtime).as_ref()?.handle().clone();
        let mut task = Cancelled(handle.spawn(task));
        (&mut task.0).await.ok()
    }

    /// Cancels what runs, and resolves when the threads have ended.
    pub(super) async fn stop(&self) {
        let runtime = locked(&self.runtime).take();
        if let Some(runtime) = runtime {
            runtime.shutdown_background();
        }
        let mut alive = self.alive.clone();
        let ended = alive.wait_for(|count| *count == 0);
        if tokio::time::timeout(STOP_BOUND, ended).await.is_err() {
            tracing::warn!("threads of the RabbitMQ client did not end in time");
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // To drop a runtime is to wait for it, which no task may do.
        if let Some(runtime) = locked(&self.runtime).take() {
            runtime.shutdown_background();
        }
    }
}

struct Cancelled<T>(JoinHandle<T>);

impl<T> Drop for Cancelled<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
