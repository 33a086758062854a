//! The report of a run, as data: what `results.json` holds.
//!
//! A [`Report`] is one [`Run`] and its [`Test`]s; a test has [`Scenario`]s, a scenario has its [`Handle`]s (the
//! expectations), [`Reply`]s, [`Message`]s and a timeline of [`Event`]s, which point at each other by id.
//! [`record`] has the smaller types that a running scenario hands to the runner.
//!
//! The format is version 1.4: all of version 1.3, plus optional fields. Fields that 1.3 has are always
//! written, `null` where 1.3 says so; what 1.4 added is left out where there is nothing to say. Fields that a
//! later version added are kept in `extra`, so that reading and writing a report loses nothing. All durations
//! are milliseconds ([`Millis`]), all points in time are UTC ([`Timestamp`]).
//!
//! Types are `#[non_exhaustive]`: make one with `new` and set the fields that you know.

mod handle;
mod measure;
mod message;
mod near_miss;
mod outcome;
pub mod record;
mod reply;
mod report;
mod run;
mod scenario;
mod test;
mod timeline;
mod words;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

pub use self::handle::{
    Cause, CauseKind, Diagnosis, DiagnosisKind, Handle, HandleKind, Traffic, Violation, Wants,
};
pub use self::measure::{Millis, NoTimestamp, Timestamp};
pub use self::message::{Direction, Encoding, Message};
pub use self::near_miss::{Difference, MatchFailure, MismatchKind, NearMiss};
pub use self::outcome::{HandleOutcome, Outcome, ScenarioOutcome, TestOutcome};
pub use self::record::{HandleRecord, Replacements, ScenarioRecord};
pub use self::reply::{Reply, ReplyState, ReplyStep};
pub use self::report::{Report, SCHEMA_VERSION};
pub use self::run::{
    Ci, Notice, NoticeKind, Processes, Redactions, Run, SlowPolicy, Totals, Xdist,
};
pub use self::scenario::{
    Act, OrderViolation, Scenario, ScenarioError, Stage, Surprise, TransportUse,
};
pub use self::test::{CaseRow, ChoreoMeta, Location, ProcessRef, Test};
pub use self::timeline::{Action, Event, Source};

/// Fields that this version does not know.
pub type Extra = Map<String, Value>;

/// Whether to leave a field out.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// A value that is there, also if it is null, which is not the same as none.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
