//! Harness functions: opened on first use, shared by every scenario that names them.

use std::fmt;
use std::time::Duration;

use choreo_report::model::ScenarioRecord;
use choreo_runner::{BoxFuture, OpenError, Opened, Resource, RunContext};
use tokio::sync::OnceCell;

use crate::error::{Error, ErrorKind};
use crate::failure::panic_text;
use crate::harness::Harness;
use crate::scenario::{Body, run};

/// What `#[choreo::harness]` makes of a function.
pub struct HarnessFn {
    name: &'static str,
    connect: fn() -> BoxFuture<'static, Result<Harness, Error>>,
    harness: OnceCell<Result<Harness, OpenError>>,
}

impl HarnessFn {
    /// A harness by name, with how to open it.
    pub const fn new(
        name: &'static str,
        _module: &'static str,
        _file: &'static str,
        _line: u32,
        connect: fn() -> BoxFuture<'static, Result<Harness, Error>>,
    ) -> Self {
        Self {
            name,
            connect,
            harness: OnceCell::const_new(),
        }
    }

    async fn harness(&'static self) -> Result<&'static Harness, OpenError> {
        let opened = self.harness.get_or_init(|| async {
            match choreo_runner::catch_panic((self.connect)()).await {
                Ok(Ok(harness)) => Ok(harness),
                Ok(Err(error)) => Err(match error.kind() {
                    ErrorKind::Skip(reason) => OpenError::Skip(reason.clone()),
                    _ => OpenError::Failed(error.to_string()),
                }),
                Err(panic) => Err(OpenError::Failed(format!(
                    "the harness function panicked{}",
                    panic_text(&panic)
                ))),
            }
        });
        opened.await.as_ref().map_err(Clone::clone)
    }
}

impl fmt::Debug for HarnessFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HarnessFn").field(&self.name).finish()
    }
}

impl Resource for HarnessFn {
    fn name(&self) -> &str {
        self.name
    }

    fn open(&'static self) -> BoxFuture<'static, Result<Opened, OpenError>> {
        Box::pin(async {
            Ok(Opened {
                isolated: self.harness().await?.isolates(),
            })
        })
    }

    fn close(&'static self) -> BoxFuture<'static, ()> {
        Box::pin(async {
            if let Some(Ok(harness)) = self.harness.get() {
                harness.close().await;
            }
        })
    }
}

/// What `#[choreo::scenario(…)]` takes.
#[diagnostic::on_unimplemented(
    message = "this is not a harness",
    label = "not a harness function",
    note = "put `#[choreo::harness]` above the async function that makes it and returns `choreo::Result<Harness>`"
)]
pub trait IsHarness: Sync + 'static {
    /// The harness function itself.
    fn harness_fn(&'static self) -> &'static HarnessFn;
}

impl IsHarness for HarnessFn {
    fn harness_fn(&'static self) -> &'static HarnessFn {
        self
    }
}

/// What a harness function may return.
#[diagnostic::on_unimplemented(
    message = "a harness function cannot return `{Self}`",
    label = "the return type of this harness function",
    note = "return `choreo::Result<Harness>`, a `Result<Harness, E>` whose `E` implements `Display`, or a `Harness`"
)]
pub trait IntoHarness {
    /// The harness, or why there is none.
    fn into_harness(self) -> Result<Harness, Error>;
}

impl IntoHarness for Harness {
    fn into_harness(self) -> Result<Harness, Error> {
        Ok(self)
    }
}

impl<E: fmt::Display + 'static> IntoHarness for Result<Harness, E> {
    fn into_harness(self) -> Result<Harness, Error> {
        self.map_err(|error| {
            // Our own error keeps its kind; any other gives its text.
            let text = error.to_string();
            let any: Box<dyn std::any::Any> = Box::new(error);
            any.downcast::<Error>()
                .map_or_else(|_| Error::harness(text), |error| *error)
        })
    }
}

/// Opens a harness.
pub fn connect_with<R: IntoHarness>(
    connecting: impl Future<Output = R> + Send + 'static,
) -> BoxFuture<'static, Result<Harness, Error>> {
    Box::pin(async move { connecting.await.into_harness() })
}

/// What the runner opens for a scenario.
pub fn resource<H: IsHarness>(harness: &'static H) -> &'static dyn Resource {
    harness.harness_fn()
}

/// Runs a scenario under the runner.
pub fn run_scenario<H: IsHarness>(
    harness: &'static H,
    timeout: Option<Duration>,
    body: Body,
    context: RunContext,
) -> BoxFuture<'static, ScenarioRecord> {
    Box::pin(async move {
        match harness.harness_fn().harness().await {
            Ok(harness) => run(harness, timeout, body, context).await,
            // The runner opens the harness first and says this once for all; this is for other runners.
            Err(OpenError::Failed(reason) | OpenError::Skip(reason)) => {
                ScenarioRecord::error(reason, Duration::ZERO)
            }
        }
    })
}
