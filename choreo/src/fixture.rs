//! Harness and stage functions: opened on first use, shared by every scenario that names them.

use std::fmt;
use std::time::Duration;

use choreo_report::model::ScenarioRecord;
use choreo_runner::{BoxFuture, OpenError, Opened, Resource, RunContext};
use tokio::sync::OnceCell;

use crate::error::{Error, ErrorKind};
use crate::failure::panic_text;
use crate::harness::Harness;
use crate::scenario::{Body, Host, run};
use crate::stage::{Stage, Transports};

/// What `#[choreo::harness]` makes of a function.
pub type HarnessFn = HostFn<Harness>;

/// What `#[choreo::harness]` and `#[choreo::stage]` make of a function.
pub struct HostFn<H> {
    name: &'static str,
    connect: fn() -> BoxFuture<'static, Result<H, Error>>,
    host: OnceCell<Result<H, OpenError>>,
}

impl<H> HostFn<H> {
    /// A harness by name, with how to open it.
    pub const fn new(
        name: &'static str,
        _module: &'static str,
        _file: &'static str,
        _line: u32,
        connect: fn() -> BoxFuture<'static, Result<H, Error>>,
    ) -> Self {
        Self {
            name,
            connect,
            host: OnceCell::const_new(),
        }
    }

    async fn host(&'static self) -> Result<&'static H, OpenError> {
        let opened = self.host.get_or_init(|| async {
            match choreo_runner::catch_panic((self.connect)()).await {
                Ok(Ok(host)) => Ok(host),
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

impl<H> fmt::Debug for HostFn<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HostFn").field(&self.name).finish()
    }
}

impl<H: Host> Resource for HostFn<H> {
    fn name(&self) -> &str {
        self.name
    }

    fn open(&'static self) -> BoxFuture<'static, Result<Opened, OpenError>> {
        Box::pin(async {
            Ok(Opened {
                isolated: self.host().await?.isolates(),
            })
        })
    }

    fn close(&'static self) -> BoxFuture<'static, ()> {
        Box::pin(async {
            if let Some(Ok(host)) = self.host.get() {
                host.close().await;
            }
        })
    }
}

/// What `#[choreo::scenario(…)]` takes.
#[diagnostic::on_unimplemented(
    message = "this is not a harness",
    label = "not a harness function",
    note = "put `#[choreo::harness]` above the async function that makes it and returns `choreo::Result<Harness>`, or `#[choreo::stage]` above one that returns `choreo::Result<Stage<…>>`"
)]
pub trait IsHarness<H: Host>: Sync + 'static {
    /// The harness function itself.
    fn host_fn(&'static self) -> &'static HostFn<H>;
}

impl<H: Host> IsHarness<H> for HostFn<H> {
    fn host_fn(&'static self) -> &'static Self {
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
        self.map_err(own)
    }
}

/// Our own error keeps its kind; any other gives its text.
fn own<E: fmt::Display + 'static>(error: E) -> Error {
    let text = error.to_string();
    let any: Box<dyn std::any::Any> = Box::new(error);
    any.downcast::<Error>()
        .map_or_else(|_| Error::harness(text), |error| *error)
}

/// Opens a harness.
pub fn connect_with<R: IntoHarness>(
    connecting: impl Future<Output = R> + Send + 'static,
) -> BoxFuture<'static, Result<Harness, Error>> {
    Box::pin(async move { connecting.await.into_harness() })
}

/// What a stage function may return.
#[diagnostic::on_unimplemented(
    message = "a stage function cannot return `{Self}`",
    label = "the return type of this stage function",
    note = "return `choreo::Result<Stage<T>>`, a `Result<Stage<T>, E>` whose `E` implements `Display`, or a `Stage<T>`; `T` is your struct with `#[derive(Stage)]`"
)]
pub trait IntoStage {
    /// The stage.
    type Host: Host;

    /// The stage, or why there is none.
    fn into_stage(self) -> Result<Self::Host, Error>;
}

impl<T: Transports> IntoStage for Stage<T> {
    type Host = Self;

    fn into_stage(self) -> Result<Self, Error> {
        Ok(self)
    }
}

impl<T: Transports, E: fmt::Display + 'static> IntoStage for Result<Stage<T>, E> {
    type Host = Stage<T>;

    fn into_stage(self) -> Result<Stage<T>, Error> {
        self.map_err(own)
    }
}

/// Opens a stage.
pub fn connect_stage_with<R: IntoStage>(
    connecting: impl Future<Output = R> + Send + 'static,
) -> BoxFuture<'static, Result<R::Host, Error>> {
    Box::pin(async move { connecting.await.into_stage() })
}

/// The function behind a harness or a stage, as the runner and `run_scenario` take it.
///
/// What a harness function gives is a parameter of the trait: of an associated type the compiler would say
/// a second time that the trait is missing.
pub fn host<H: Host>(harness: &'static impl IsHarness<H>) -> &'static HostFn<H> {
    harness.host_fn()
}

/// Runs a scenario under the runner.
pub fn run_scenario<H: Host>(
    host: &'static HostFn<H>,
    timeout: Option<Duration>,
    body: Body<H::Transports>,
    context: RunContext,
) -> BoxFuture<'static, ScenarioRecord> {
    Box::pin(async move {
        match host.host().await {
            Ok(host) => run(host, timeout, body, context).await,
            // The runner opens the harness first and says this once for all; this is for other runners.
            Err(OpenError::Failed(reason) | OpenError::Skip(reason)) => {
                ScenarioRecord::error(reason, Duration::ZERO)
            }
        }
    })
}
