//! What expansions call. Not for people: it changes without notice.

pub use std::sync::LazyLock;
pub use std::time::Duration;

pub use bytes::Bytes;
pub use choreo_macros::{
    __begin, __expect, __in_order, __never, __next_act, __pattern, __publish, __reply, __request,
    __settle,
};
pub use choreo_runner::{
    BoxFuture, Case, Resource, Row, RunContext, ScenarioRecord, SlowPolicy, main,
};
#[cfg(feature = "insta")]
pub use insta;
pub use inventory;
pub use regex::Regex;
pub use serde_json::Value;

pub use crate::act::PublishDraft;
pub use crate::arguments::{
    BytesArgument, HeaderArgument, TopicArgument, header_value, key, topic,
};
pub use crate::envelope::Body as PayloadBody;
pub use crate::expectation::MessageCount;
pub use crate::fixture::{
    HarnessFn, HostFn, IntoHarness, IntoStage, IsHarness, connect_stage_with, connect_with, host,
    run_scenario,
};
pub use crate::harness::{Harness, HarnessBuilder};
pub use crate::matcher::functions;
#[cfg(feature = "insta")]
pub use crate::matcher::snapshot::{Snapshot, SnapshotSite, SnapshotStep};
pub use crate::matcher::typed;
pub use crate::matcher::{MessagePattern, Mismatch, Segment};
pub use crate::message::Message;
pub use crate::own_main::not_run_by_choreo;
pub use crate::reply::{
    BodyResult, ErasedPattern, IntoReply, ReplyBuilder, ReplyRule, decoded, erase, reply_static,
    typed_trigger,
};
pub use crate::scenario::{
    AsScenario, Body, BodyEnd, ExpectOptions, IntoBodyEnd, IntoScenario, ScenarioArgument,
    StageLeg, argument, begin, body_end, case_json, case_text, expect, expect_on, expect_set,
    expect_set_on, handle_key, in_order, leg, leg_to_send, never, never_on, next_act, publish,
    publish_on, reply, reply_on, settle,
};
pub use crate::scenario::{
    CanArrange, CanBegin, CanGoOn, CanRestrict, CanSettle, CanTrigger, OneTransport,
};
pub use crate::stage::{StageField, Transports};

/// A value as JSON, or why it has none.
pub fn to_value<S: serde::Serialize + ?Sized>(value: &S) -> Result<Value, String> {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

/// A JSON object from its fields.
pub fn object(fields: Vec<(&'static str, Result<Value, String>)>) -> Result<Value, String> {
    let mut object = serde_json::Map::new();
    for (key, value) in fields {
        let value = value.map_err(|error| format!("field `{key}`: {error}"))?;
        object.insert(key.to_owned(), value);
    }
    Ok(Value::Object(object))
}

/// A JSON list from its items.
pub fn array(items: Vec<Result<Value, String>>) -> Result<Value, String> {
    items
        .into_iter()
        .collect::<Result<Vec<_>, _>>()
        .map(Value::Array)
}

/// A payload for the harness's codec.
pub fn value_body(value: Result<Value, String>) -> BodyResult {
    value.map(PayloadBody::Value)
}

/// A payload that goes out as it is.
pub fn raw_body(bytes: impl BytesArgument) -> BodyResult {
    Ok(PayloadBody::Bytes(bytes.into_bytes()))
}

/// As many harnesses as a stage has fields.
///
/// # Panics
///
/// When their number is another one.
pub fn exactly<const N: usize>(harnesses: Vec<Harness>) -> [Harness; N] {
    <[Harness; N]>::try_from(harnesses).expect("one harness was connected for each field")
}

/// A snapshot: what is asserted, its name if it has one, and its redactions. A macro, as those of `insta` look
/// at the place of their call.
#[cfg(feature = "insta")]
#[doc(hidden)]
#[macro_export]
macro_rules! __snapshot {
    ($expression:expr, $name:expr, [$($selector:expr => $value:expr),*]) => {
        $crate::__private::Snapshot::new(
            $crate::__private::SnapshotSite {
                file: ::core::file!(),
                module: ::core::module_path!(),
                manifest: ::core::env!("CARGO_MANIFEST_DIR"),
                root: ::core::option_env!("INSTA_WORKSPACE_ROOT"),
                assert: |name, value| {
                    $crate::__private::insta::assert_json_snapshot!(name, value, $expression);
                },
            },
            $name,
        )
        $(.redact($selector, $value))*
    };
}

/// Without the feature.
#[cfg(not(feature = "insta"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __snapshot {
    ($($arguments:tt)*) => {{
        ::core::compile_error!(
            "`snapshot` needs the feature `insta` of `choreo-harness`: write `features = [\"insta\"]` at the \
             dependency in `Cargo.toml`"
        );
        $crate::__private::functions::anything()
    }};
}
