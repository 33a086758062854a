//! A scenario function under the runner: its body, its end, its record.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use choreo_report::model::{HandleRecord, ScenarioRecord};
use choreo_runner::{BoxFuture, RunContext, catch_panic};

use super::{Host, Scenario};
use crate::failure;
use crate::outcome::{Outcome, ScenarioResult};
use crate::text::Style;

/// A scenario function, boxed.
pub type Body<T = crate::harness::Harness> = for<'s> fn(Scenario<'s, T>) -> BoxFuture<'s, BodyEnd>;

/// How a body ended by itself.
#[derive(Debug)]
pub struct BodyEnd(Result<(), String>);

/// What a scenario function may return.
#[diagnostic::on_unimplemented(
    message = "a scenario cannot return `{Self}`",
    label = "the return type of this scenario",
    note = "return nothing, or a `Result<(), E>` whose `E` implements `Debug`"
)]
pub trait IntoBodyEnd {
    /// The error's text, if it is one.
    fn into_body_end(self) -> BodyEnd;
}

impl IntoBodyEnd for () {
    fn into_body_end(self) -> BodyEnd {
        BodyEnd(Ok(()))
    }
}

impl<E: Debug> IntoBodyEnd for Result<(), E> {
    fn into_body_end(self) -> BodyEnd {
        BodyEnd(self.map_err(|error| format!("{error:?}")))
    }
}

/// What a body's value means.
pub fn body_end<R: IntoBodyEnd>(end: R) -> BodyEnd {
    end.into_body_end()
}

/// Runs one scenario on a connected harness or stage. A body that hangs ends with the scenario: at an error, or
/// when the time is up and expectations are open.
pub(crate) async fn run<H: Host>(
    host: &H,
    timeout: Option<Duration>,
    body: Body<H::Transports>,
    context: RunContext,
) -> ScenarioRecord {
    let started = Instant::now();
    let scope = match host.scope(context.name.as_str().into(), timeout).await {
        Ok(scope) => scope,
        Err(error) => return ScenarioRecord::error(error.to_string(), started.elapsed()),
    };
    let act = scope.act();
    let style = if context.color {
        Style::ansi()
    } else {
        Style::plain()
    };
    let site = failure::Site {
        file: context.file,
        line: context.line,
    };
    let ended = tokio::select! {
        biased;
        end = catch_panic(body(scope.scenario())) => Some(end),
        () = act.ended() => None,
    };
    let (result, broken) = match ended {
        Some(Ok(BodyEnd(Ok(())))) => (act.settle().await, None),
        Some(Ok(BodyEnd(Err(error)))) => (
            act.abandon(),
            Some(format!("the scenario returned an error: {error}")),
        ),
        Some(Err(panic)) => {
            let broken = format!("the scenario panicked{}", failure::panic_text(&panic));
            (act.abandon(), Some(broken))
        }
        None => (act.expire().await, None),
    };
    record(&result, broken.as_deref(), style, site, started.elapsed())
}

fn record(
    result: &ScenarioResult,
    broken: Option<&str>,
    style: Style,
    site: failure::Site,
    duration: Duration,
) -> ScenarioRecord {
    // An abandoned act's open expectations say nothing: the body's end is the outcome.
    let outcome = match (broken, &result.error) {
        (Some(_), None) => Outcome::Fail,
        _ => result.outcome,
    };
    let handles = result
        .handles
        .iter()
        .map(|handle| {
            let data = &handle.data;
            HandleRecord::new(result.shown(&data.topic), data.outcome)
                .with_latency(data.latency)
                .with_budget(data.budget)
        })
        .collect();
    let failure = outcome
        .is_failure()
        .then(|| failure::render_run(result, outcome, broken, style, site));
    ScenarioRecord::new(outcome, handles, duration, failure)
}
