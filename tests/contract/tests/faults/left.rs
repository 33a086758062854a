//! What a harness leaves in the process.

use std::fs;
use std::io;
use std::time::Duration;

use choreo_test_brokers::TestError;
use tokio::runtime::Handle;

const BOUND: Duration = Duration::from_secs(20);
const TICK: Duration = Duration::from_millis(5);

/// The names of this process's threads.
fn threads() -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for thread in fs::read_dir("/proc/self/task")? {
        // One that has just ended has no name any more.
        let name = fs::read_to_string(thread?.path().join("comm")).unwrap_or_default();
        names.push(name.trim_end().to_owned());
    }
    Ok(names)
}

/// Tasks of the runtime, and threads of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Left {
    tasks: usize,
    threads: usize,
}

impl Left {
    pub(crate) fn now() -> io::Result<Self> {
        Ok(Self {
            tasks: Handle::current().metrics().num_alive_tasks(),
            threads: fs::read_dir("/proc/self/task")?.count(),
        })
    }

    /// Waits until there is no more than this, and so many threads.
    pub(crate) async fn again(mut self, threads_for_good: usize) -> Result<(), TestError> {
        self.threads += threads_for_good;
        let mut tick = tokio::time::interval(TICK);
        let gone = async {
            loop {
                let now = Self::now()?;
                if now.tasks <= self.tasks && now.threads <= self.threads {
                    return io::Result::Ok(());
                }
                tick.tick().await;
            }
        };
        match tokio::time::timeout(BOUND, gone).await {
            Ok(gone) => Ok(gone?),
            Err(_) => {
                let now = Self::now()?;
                let threads = threads()?.join(", ");
                Err(format!(
                    "after the close there is {now:?} (threads: {threads}), and allowed is {self:?}"
                )
                .into())
            }
        }
    }
}
