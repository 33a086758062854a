//! One expectation of a scenario.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words::words;
use super::{Extra, HandleOutcome, Location, MatchFailure, Millis, NearMiss, Outcome};

/// One expectation of a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Handle {
    /// Where its message was expected.
    pub topic: String,
    /// How it ended, in the words of version 1.3.
    pub outcome: HandleOutcome,
    /// From the trigger to the message; if none matched, how long was waited.
    pub latency_ms: Option<Millis>,
    /// The latency that was allowed.
    pub budget_ms: Option<Millis>,
    /// The pattern, in words.
    pub matcher_description: String,
    /// The pattern, as data; `null` if there is only the description, as of a snapshot. Of a typed pattern
    /// it has the names that Rust has, and what is no literal in the words of the code.
    ///
    /// A value stands for itself, an object for an object with at least these fields, a list for a list of
    /// just these elements. An object whose names are those of one of these lines, all of them and no other,
    /// is a condition instead; operands are patterns again, but for plain values and texts.
    ///
    /// | condition | holds of |
    /// |---|---|
    /// | `{"eq": v}`, `{"ne": v}` | a value that equals `v`, or does not; an object has no further fields then |
    /// | `{"gt": v}`, `{"ge": v}`, `{"lt": v}`, `{"le": v}` | one that is greater, at least, less, at most |
    /// | `{"ge": a, "lt": b}`, `{"ge": a, "le": b}` | one from `a` up to `b`, without `b` or with it |
    /// | `{"in": [p, q]}` | one that is like one of these |
    /// | `{"matches": "regex"}` | a text in which the regex finds something |
    /// | `{"contains": "x"}`, `{"prefix": "x"}`, `{"suffix": "x"}` | a text, or a payload, with `x` inside, in front, at its end |
    /// | `{"eq": "x", "ignore_case": true}`, also with `contains`, `prefix`, `suffix` | the same where case does not count |
    /// | `{"exists": true}`, `{"exists": false}` | a field that is there, or is not |
    /// | `{"object": {…}}` | an object with at least these fields, whatever their names |
    /// | `{"exact": {…}}` | an object with these fields and no other |
    /// | `{"rest": true}` | as an element of a list: any number of elements |
    /// | `{"unordered": [p, q]}` | a list of these elements in any order; of a set, so many messages |
    /// | `{"every": p}`, `{"any_element": p}`, `{"len": p}` | a list of which every element, one element, or the length is like `p` |
    /// | `{"all_of": [p, q]}`, `{"any_of": [p, q]}`, `{"not": p}` | what is like all, like one, or not so |
    /// | `{"approx": v, "tolerance": t}` | a number at most `t` from `v`, or a time at most so long from it |
    /// | `{"before": "t"}`, `{"after": "t"}` | a time before or after `t` |
    /// | `{"at": {"/a/0": p}}` | a message in which the value at this JSON Pointer is like `p` |
    /// | `{"path": {"$.a[*]": p}}` | one in which the list of what this JSONPath finds is like `p` |
    /// | `{"capture": "name"}`, `{"capture": "name", "type": "T"}` | any value, which the test goes on with |
    /// | `{"payload_text": "x"}`, `{"payload_hex": "00ff"}` | a payload of just these bytes |
    /// | `{"payload_contains_hex": "00ff"}` | a payload with these bytes inside (of the Python tool) |
    /// | `{"payload": p, "headers": h, "key": k, "metadata": m}` | a message with all of these, of which some may be left out, but for `payload` |
    /// | `{"matcher": "words"}` | what code of the test accepts, or in the place of a value what it computes |
    /// | `{"anything": true}` | anything |
    /// | `{"broken": "why"}` | nothing: the pattern makes no sense |
    /// | `{"cut": "beginning…"}` | something that is left out here because it is too large; `truncated` is set |
    pub expected: Value,
    /// The payload that matched, or the closest that did not.
    pub actual: Value,
    /// How many messages came and were wrong.
    pub attempts: u64,
    /// Why it ended as it did.
    pub reason: String,
    /// `expected` or `actual` is shortened.
    pub truncated: bool,
    /// How `actual` differs, if it does, in the words of version 1.3.
    pub failure: Option<MatchFailure>,
    /// How messages differed, in the words of version 1.3: `near_misses` once more.
    pub failures: Vec<MatchFailure>,
    /// How many such messages are not in `failures`.
    pub failures_dropped: u64,
    /// What became of it, in the words of version 1.3.
    pub diagnosis: Diagnosis,
    /// On which transport.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// What its messages carry, as `sha256:` and 16 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(regex(pattern = "^sha256:[0-9a-f]{16}$")))]
    pub correlation_id: Option<String>,
    /// Its name in the scenario: `h1`, `h2` …
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(regex(pattern = "^h[1-9][0-9]*$")))]
    pub id: Option<String>,
    /// The act in which it was declared, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<u32>,
    /// Where it was declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// How it ended, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Outcome>,
    /// What it asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<HandleKind>,
    /// How many messages it asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wants: Option<Wants>,
    /// How many messages matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The handle from whose message its latency counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(regex(pattern = "^h[1-9][0-9]*$")))]
    pub since: Option<String>,
    /// How long its messages could take at most, where it had a deadline of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<Millis>,
    /// How long nothing further may come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_ms: Option<Millis>,
    /// The messages that matched, in the order of their arrival.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(inner(regex(pattern = "^m[1-9][0-9]*$"))))]
    pub matched: Vec<String>,
    /// The messages that were wrong, the closest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near_misses: Vec<NearMiss>,
    /// How many messages were wrong, also those that are not in `near_misses`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near_miss_count: Option<u64>,
    /// The pattern is shortened wherever it stands.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub pattern_truncated: bool,
    /// The message that broke it by coming.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub violation: Option<Violation>,
    /// What else was on its topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Traffic>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Handle {
    /// An expectation that ended with `outcome`; its diagnosis is pending until it is set.
    #[must_use]
    pub fn new(topic: impl Into<String>, outcome: Outcome) -> Self {
        Self {
            topic: topic.into(),
            outcome: outcome.into(),
            latency_ms: None,
            budget_ms: None,
            matcher_description: String::new(),
            expected: Value::Null,
            actual: Value::Null,
            attempts: 0,
            reason: String::new(),
            truncated: false,
            failure: None,
            failures: Vec::new(),
            failures_dropped: 0,
            diagnosis: Diagnosis::pending(),
            transport: None,
            correlation_id: None,
            id: None,
            act: None,
            location: None,
            verdict: Some(outcome),
            kind: None,
            wants: None,
            count: None,
            since: None,
            deadline_ms: None,
            window_ms: None,
            matched: Vec::new(),
            near_misses: Vec::new(),
            near_miss_count: None,
            pattern_truncated: false,
            violation: None,
            traffic: None,
            cause: None,
            extra: Extra::new(),
        }
    }
}

impl Handle {
    /// Says what `near_misses` says in the words of version 1.3 too.
    pub fn fill_failures(&mut self) {
        self.failures = self
            .near_misses
            .iter()
            .filter_map(NearMiss::failure)
            .collect();
        let kept = self.failures.len() as u64;
        self.failures_dropped = self.near_miss_count.unwrap_or(kept).saturating_sub(kept);
        // A message that matched differs in nothing.
        self.failure = match self.outcome {
            HandleOutcome::Fail => self.failures.first().cloned(),
            _ => None,
        };
    }

    /// How it ended, as exactly as the report says; none if it was never judged.
    #[must_use]
    pub fn exact_outcome(&self) -> Option<Outcome> {
        self.verdict.or(match self.outcome {
            HandleOutcome::Pass => Some(Outcome::Pass),
            HandleOutcome::Slow => Some(Outcome::Slow),
            HandleOutcome::Fail => Some(Outcome::Fail),
            HandleOutcome::Timeout => Some(Outcome::Timeout),
            HandleOutcome::Pending => None,
        })
    }
}

/// What became of an expectation, in the words of version 1.3; which fields there are depends on the kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Diagnosis {
    /// What became of it.
    pub kind: DiagnosisKind,
    /// When its message came, if that was over the budget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<Millis>,
    /// The budget, if its message came later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_ms: Option<Millis>,
    /// How many messages came and were wrong, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u64>,
    /// Where no message came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// How long was waited, if no message matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<Millis>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Diagnosis {
    fn of(kind: DiagnosisKind) -> Self {
        Self {
            kind,
            latency_ms: None,
            budget_ms: None,
            attempts: None,
            topic: None,
            deadline_ms: None,
            extra: Extra::new(),
        }
    }

    /// Its message came.
    #[must_use]
    pub fn matched() -> Self {
        Self::of(DiagnosisKind::Matched)
    }

    /// It was never judged.
    #[must_use]
    pub fn pending() -> Self {
        Self::of(DiagnosisKind::Pending)
    }

    /// Its message came too late for the budget.
    #[must_use]
    pub fn over_budget(latency_ms: impl Into<Millis>, budget_ms: impl Into<Millis>) -> Self {
        Self {
            latency_ms: Some(latency_ms.into()),
            budget_ms: Some(budget_ms.into()),
            ..Self::of(DiagnosisKind::OverBudget)
        }
    }

    /// So many messages came and were wrong.
    #[must_use]
    pub fn near_miss(attempts: u64, deadline_ms: impl Into<Millis>) -> Self {
        Self {
            attempts: Some(attempts),
            deadline_ms: Some(deadline_ms.into()),
            ..Self::of(DiagnosisKind::NearMiss)
        }
    }

    /// No message came on `topic`.
    #[must_use]
    pub fn silent_timeout(topic: impl Into<String>, deadline_ms: impl Into<Millis>) -> Self {
        Self {
            topic: Some(topic.into()),
            deadline_ms: Some(deadline_ms.into()),
            ..Self::of(DiagnosisKind::SilentTimeout)
        }
    }
}

words! {
    /// What became of an expectation.
    pub enum DiagnosisKind or other {
        /// Its message came.
        Matched = "matched",
        /// It was never judged.
        Pending = "pending",
        /// Its message came too late for the budget.
        OverBudget = "over_budget",
        /// Messages came and were wrong.
        NearMiss = "near_miss",
        /// No message came.
        SilentTimeout = "silent_timeout",
    }
}

words! {
    /// What an expectation asks for.
    pub enum HandleKind or other {
        /// One message.
        Once = "once",
        /// A number of messages.
        Count = "count",
        /// A message for each of several patterns.
        Set = "set",
        /// No message.
        Never = "never",
    }
}

/// How many messages an expectation asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Wants {
    /// At least so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least: Option<u64>,
    /// At most so many; no limit if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<u64>,
    /// How long nothing further may come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_ms: Option<Millis>,
    /// The patterns of a set that no message satisfied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The message that broke an expectation by coming.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Violation {
    /// The message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(regex(pattern = "^m[1-9][0-9]*$")))]
    pub message: Option<String>,
    /// Why it must not have come.
    pub text: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Violation {
    /// A violation by a message that was not kept.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            message: None,
            text: text.into(),
            extra: Extra::new(),
        }
    }
}

/// What was on the topic of an expectation while it was open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Traffic {
    /// All messages.
    pub received: u64,
    /// Those that carry ids of others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_ids: Option<u64>,
    /// Those that carry no id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_id: Option<u64>,
    /// Those that belong to scenarios that have ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late: Option<u64>,
    /// Of those without an id, the ones whose payload does not decode, so that an id in it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undecodable: Option<u64>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Traffic {
    /// So many messages.
    #[must_use]
    pub fn new(received: u64) -> Self {
        Self {
            received,
            other_ids: None,
            without_id: None,
            late: None,
            undecodable: None,
            extra: Extra::new(),
        }
    }
}

/// Why an expectation failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Cause {
    /// What kind of cause: failures of one kind are shown together.
    pub kind: CauseKind,
    /// In one plain sentence.
    pub text: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Cause {
    /// A cause.
    #[must_use]
    pub fn new(kind: CauseKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
            extra: Extra::new(),
        }
    }
}

words! {
    /// Why an expectation failed.
    pub enum CauseKind or other {
        /// Nothing came: usually a routing problem.
        Routing = "routing",
        /// A value was another one.
        WrongValue = "wrong_value",
        /// A value was of another type.
        WrongType = "wrong_type",
        /// A field was not there.
        MissingField = "missing_field",
        /// The message came after the deadline or the budget.
        Late = "late",
        /// The message came more often than allowed.
        Duplicate = "duplicate",
        /// Messages came in the wrong order.
        WrongOrder = "wrong_order",
        /// Fewer messages came than asked for.
        TooFew = "too_few",
        /// A message came that must not.
        Forbidden = "forbidden",
        /// A part that the scenario played could not answer.
        ReplyFailed = "reply_failed",
        /// The connection was lost.
        BrokerLost = "broker_lost",
        /// A message of the scenario did not go out.
        PublishFailed = "publish_failed",
        /// Something else ended the scenario first.
        Interrupted = "interrupted",
        /// Something else.
        Other = "other",
    }
}
