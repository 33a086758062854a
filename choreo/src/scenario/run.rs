//! A scenario function under the runner: its body, its end, its record.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use choreo_report::model::{HandleRecord, ScenarioRecord};
use choreo_runner::{BoxFuture, RunContext, catch_panic};
use serde::de::{Deserialize, IntoDeserializer as _};

use super::{Host, Scenario};
use crate::failure;
use crate::outcome::{Outcome, ScenarioResult};
use crate::record::{self, Ended};
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
        BodyEnd(self.map_err(|error| format!("the scenario returned an error: {error:?}")))
    }
}

/// What a body's value means.
pub fn body_end<R: IntoBodyEnd>(end: R) -> BodyEnd {
    end.into_body_end()
}

/// The value of a case that a file gave as JSON, or the end of the scenario before its first step.
///
/// The bound is `Deserialize` itself, of which the compiler says what to derive; of `DeserializeOwned` it
/// does not.
pub fn case_json<T: for<'de> Deserialize<'de>>(at: &str, json: &str) -> Result<T, BodyEnd> {
    serde_json::from_str(json).map_err(|error| unfit::<T>(at, json, &error))
}

/// The value of a case that a file gave as text: what the type makes of a text or, if it takes
/// none, of the text as JSON.
pub fn case_text<T: for<'de> Deserialize<'de>>(at: &str, text: &str) -> Result<T, BodyEnd> {
    T::deserialize(text.into_deserializer()).or_else(|as_text: serde_json::Error| {
        serde_json::from_str(text).map_err(|_| unfit::<T>(at, text, &as_text))
    })
}

fn unfit<T>(at: &str, value: &str, error: &serde_json::Error) -> BodyEnd {
    let ty = std::any::type_name::<T>();
    BodyEnd(Err(format!(
        "{at} is `{value}`, and that is no `{ty}`: {error}"
    )))
}

/// Runs one scenario on a connected harness or stage. A body that hangs before it has settled ends with the
/// scenario: at an error, or when the time is up and expectations are open.
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
        row: context.row,
    };
    let ended = tokio::select! {
        biased;
        end = catch_panic(body(scope.scenario())) => Some(end),
        () = act.ended() => None,
    };
    let (result, broken) = match ended {
        Some(Ok(BodyEnd(Ok(())))) | None => (act.settle().await, None),
        Some(Ok(BodyEnd(Err(broken)))) => (act.abandon(), Some(broken)),
        Some(Err(panic)) => {
            let broken = format!("the scenario panicked{}", failure::panic_text(&panic));
            (act.abandon(), Some(broken))
        }
    };
    let ended = Ended {
        act,
        result: &result,
        outcome: outcome(&result, broken.as_deref()),
        broken: broken.as_deref(),
        duration: started.elapsed(),
        site,
    };
    finished(ended, style, context.detail)
}

/// An abandoned act's open expectations say nothing: the body's end is the outcome.
fn outcome(result: &ScenarioResult, broken: Option<&str>) -> Outcome {
    match (broken, &result.error) {
        (Some(_), None) => Outcome::Fail,
        _ => result.outcome,
    }
}

fn finished(ended: Ended<'_>, style: Style, with_detail: bool) -> ScenarioRecord {
    let Ended {
        result,
        outcome,
        broken,
        duration,
        site,
        ..
    } = ended;
    let acts = result.acts();
    let handles = acts
        .iter()
        .flat_map(|act| act.handles.iter().map(move |handle| (act, handle)))
        .map(|(act, handle)| {
            let data = &handle.data;
            HandleRecord::new(result.shown(&data.topic), data.outcome)
                .with_transport(act.leg(data.leg).label.as_deref().map(str::to_owned))
                .with_latency(data.latency)
                .with_budget(data.budget)
        })
        .collect();
    let failure = outcome
        .is_failure()
        .then(|| failure::render_run(result, outcome, broken, style, site));
    let record = ScenarioRecord::new(outcome, handles, duration, failure);
    if !with_detail {
        return record;
    }
    let replacements = record::replacements(result);
    record
        .with_detail(detail(ended))
        .with_replacements(replacements)
}

/// What a report shows. Trouble with it is no trouble of the scenario.
fn detail(ended: Ended<'_>) -> Option<Box<choreo_report::model::Scenario>> {
    let made = std::panic::AssertUnwindSafe(|| Box::new(record::scenario(ended)));
    match std::panic::catch_unwind(made) {
        Ok(detail) => Some(detail),
        Err(_) => {
            tracing::error!(scenario = %ended.result.name, "the report lacks its details: making them panicked");
            None
        }
    }
}
