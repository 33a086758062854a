//! Runs scenario functions as the runner does, and reads what they leave for the report.

use std::time::Duration;

use choreo::__private::{
    Body, BoxFuture, HarnessFn, HostFn, RunContext, connect_with, run_scenario,
};
use choreo::prelude::*;
use choreo::{Host, Value, serde_json};
use choreo_report::model::{
    Millis, Report, Run, Scenario as Record, ScenarioRecord, Test, Timestamp,
};
use jsonschema::Validator;

thread_local! {
    /// Each test has a runtime of its own on a thread of its own.
    static BROKER: Memory = Memory::new();
}

pub(crate) fn broker() -> Memory {
    BROKER.with(Memory::clone)
}

pub(crate) fn connect() -> BoxFuture<'static, choreo::Result<Harness>> {
    connect_with(async {
        Harness::builder(broker())
            .correlation(FieldCorrelation::new("correlation_id"))
            .connect()
            .await
    })
}

fn context() -> RunContext {
    RunContext {
        name: "the scenario".into(),
        file: "f.rs",
        line: 1,
        row: None,
        color: false,
        detail: true,
    }
}

/// What a scenario leaves that may take 100 ms.
pub(crate) async fn run(body: Body) -> Told {
    let harness = HarnessFn::new("memory", "record", file!(), line!(), connect);
    run_with(harness, body).await
}

/// The same over another harness.
pub(crate) async fn run_with(harness: HarnessFn, body: Body) -> Told {
    // Of this test's runtime.
    run_on(Box::leak(Box::new(harness)), body).await
}

pub(crate) async fn run_on<H: Host>(host: &'static HostFn<H>, body: Body<H::Transports>) -> Told {
    let timeout = Some(Duration::from_millis(100));
    told(&run_scenario(host, timeout, body, context()).await)
}

/// A service that answers each message on `from` with what `answer` makes of it, if it makes something.
pub(crate) async fn service(from: &str, to: &'static str, answer: fn(&Value) -> Vec<Value>) {
    let client = broker().client();
    let mut input = client.subscribe(from).await.unwrap();
    tokio::spawn(async move {
        while let Some(message) = input.next().await {
            let value: Value = serde_json::from_slice(&message.payload).unwrap();
            for mut answer in answer(&value) {
                if answer.get("correlation_id").is_none() {
                    answer["correlation_id"] = value["correlation_id"].clone();
                }
                client.publish(to, answer.to_string()).await.unwrap();
            }
        }
    });
}

/// A scenario of a report, the same as JSON, and the failure text of its test.
pub(crate) struct Told {
    pub(crate) record: Record,
    pub(crate) json: Value,
    pub(crate) failure_text: Option<String>,
}

/// Checks that a report with it is valid: our own version, and its export to 1.3.
fn told(record: &ScenarioRecord) -> Told {
    let failure = record.failure.as_deref();
    let failure = failure.map(|text| record.replacements.apply(text).into_owned());
    let record = record.detail.as_deref().expect("there is a detail").clone();
    let now = Timestamp::now();
    let outcome = record.exact_outcome().into();
    let mut test = Test::new(
        "the scenario",
        "f.rs",
        "the scenario",
        outcome,
        Millis::ZERO,
    );
    test.failure_text = failure.clone();
    test.scenarios.push(record.clone());
    let mut run = Run::new(now, now, Millis::ZERO);
    run.totals.add(outcome);
    let report = Report::new(run, vec![test]);
    let json = serde_json::to_value(&report).unwrap();
    assert_valid(choreo_report::schema::V1_4, &json);
    let exported = choreo_report::export::v1_3::export(report).report;
    let exported = serde_json::to_value(&exported).unwrap();
    assert_valid(choreo_report::schema::V1_3, &exported);
    let text = json.to_string();
    let raw_id = regex::Regex::new("(^|[^0-9a-f])[0-9a-f]{32}([^0-9a-f]|$)").unwrap();
    assert!(raw_id.find(&text).is_none(), "an id as it is: {text}");
    let json = json["tests"][0]["scenarios"][0].clone();
    Told {
        record,
        json,
        failure_text: failure,
    }
}

#[track_caller]
fn assert_valid(schema: &str, report: &Value) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let validator: Validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{report:#}");
}

impl Told {
    /// Each event with the one that it follows from: `matched out m2 <- received out m2`.
    pub(crate) fn edges(&self) -> Vec<String> {
        let events = self.json["timeline"].as_array().unwrap();
        let shown = |event: &Value| {
            ["action", "topic", "message"]
                .iter()
                .filter_map(|field| event[field].as_str())
                .collect::<Vec<_>>()
                .join(" ")
        };
        let edge = |event: &Value| match event["parent"].as_str() {
            None => shown(event),
            Some(parent) => {
                let cause = events.iter().find(|other| other["id"] == parent);
                let cause = cause.unwrap_or_else(|| panic!("no event {parent}: {events:#?}"));
                let later = cause["offset_ms"].as_f64() > event["offset_ms"].as_f64();
                assert!(!later, "{cause} is later than {event}");
                format!("{} <- {}", shown(event), shown(cause))
            }
        };
        events.iter().map(edge).collect()
    }

    /// The causes of the scenario, its expectations and its replies, as `kind: sentence`.
    pub(crate) fn causes(&self) -> Vec<String> {
        let own = [&self.json["cause"]];
        let handles = self.json["handles"].as_array().unwrap();
        let replies = self.json["replies"].as_array().unwrap();
        let others = handles.iter().chain(replies).map(|it| &it["cause"]);
        let durations = regex::Regex::new(r"\d+(\.\d+)? (ns|µs|ms|s)\b").unwrap();
        own.into_iter()
            .chain(others)
            .filter(|cause| !cause.is_null())
            .map(|cause| {
                let text = cause["text"].as_str().unwrap();
                let text = durations.replace_all(text, "<time>");
                format!("{}: {text}", cause["kind"].as_str().unwrap())
            })
            .collect()
    }

    pub(crate) fn message(&self, id: &str) -> &Value {
        let messages = self.json["messages"].as_array().unwrap();
        let found = messages.iter().find(|message| message["id"] == id);
        found.unwrap_or_else(|| panic!("no message {id}: {messages:#?}"))
    }
}
