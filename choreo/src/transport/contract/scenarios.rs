//! Scenarios over the transport: what its promises are for.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::peer::{Broken, Checked, ensure, eventually, harness, listener, not_applicable};
use super::{Subject, Verdict};
use crate::act::PublishDraft;
use crate::envelope::Body;
use crate::harness::Harness;
use crate::matcher::Pattern;
use crate::matcher::functions::{anything, eq, object};
use crate::outcome::{Outcome, ScenarioResult};
use crate::reply::{ReplyRule, decoded};
use crate::scenario::{Arranging, ExpectOptions, Scenario, expect, publish, reply, settle};

const HOPS: usize = 6;
const SEQUENTIAL: usize = 200;
/// Subscriptions that a connection may hold for itself, such as an inbox.
const OWN: usize = 4;
/// Between two questions to the broker.
const TICK: Duration = Duration::from_millis(50);
/// How long a scenario that must not pass may wait.
const IN_VAIN: Duration = Duration::from_secs(3);

/// One scenario: an expectation, a message, the end.
pub(super) async fn run(
    harness: &Harness,
    timeout: Duration,
    awaited: (&str, Pattern),
    sent: (&str, Value),
) -> Arc<ScenarioResult> {
    let mut scope = harness.scenario("contract").timeout(timeout).open();
    let s: Scenario<'_, Harness, Arranging> = scope.arrange();
    let options = ExpectOptions::at(file!(), line!());
    expect(&s, awaited.0, awaited.1, options);
    let draft = PublishDraft::new(sent.0, Ok(Body::Value(sent.1)));
    let s = publish(s, draft).await;
    settle(&s).await
}

/// A scenario that gets its own message back.
pub(super) async fn echo(
    harness: &Harness,
    timeout: Duration,
    topic: &str,
    number: usize,
) -> Arc<ScenarioResult> {
    let pattern = object([("number", eq(number))]);
    run(
        harness,
        timeout,
        (topic, pattern),
        (topic, json!({ "number": number })),
    )
    .await
}

pub(super) fn ended_as(result: &ScenarioResult, outcome: Outcome) -> Result<(), Broken> {
    ensure(result.outcome() == outcome, || {
        let text = result.failure_text();
        format!(
            "a scenario ended as {} and not as {outcome}:\n{text}",
            result.outcome()
        )
    })
}

pub(super) async fn silence_is_a_timeout<S: Subject>(subject: &S) -> Checked {
    let (silent, trigger) = (subject.topic("silent"), subject.topic("trigger"));
    let _listener = listener(subject, &[&trigger]).await?;
    let harness = harness(subject).await?;
    let timeout = subject.patience().min(IN_VAIN) / 6;
    let result = run(
        &harness,
        timeout,
        (&silent, anything()),
        (&trigger, json!({})),
    )
    .await;
    ended_as(&result, Outcome::Timeout)?;
    harness.close().await;
    Ok(Verdict::Kept)
}

pub(super) async fn a_wrong_message_is_a_fail<S: Subject>(subject: &S) -> Checked {
    let topic = subject.topic("wrong");
    let harness = harness(subject).await?;
    let mut scope = harness
        .scenario("wrong")
        .timeout(subject.patience().min(IN_VAIN))
        .open();
    let s = scope.arrange();
    let expected = object([("status", eq("DONE"))]);
    let handle = expect(
        &s,
        topic.clone(),
        expected,
        ExpectOptions::at(file!(), line!()),
    );
    let body = Body::Value(json!({ "status": "OPEN" }));
    let s = publish(s, PublishDraft::new(topic, Ok(body))).await;
    let result = settle(&s).await;
    ended_as(&result, Outcome::Fail)?;
    let shown = result[handle].near_miss_count();
    ensure(shown == 1, || {
        format!("one wrong message was sent, and the scenario counted {shown}")
    })?;
    harness.close().await;
    Ok(Verdict::Kept)
}

pub(super) async fn a_chain_of_six_replies_passes<S: Subject>(subject: &S) -> Checked {
    let topics: Vec<String> = (0..=HOPS)
        .map(|hop| subject.topic(&format!("hop-{hop}")))
        .collect();
    let harness = harness(subject).await?;
    let mut scope = harness.scenario("chain").open();
    let s = scope.arrange();
    for pair in topics.windows(2) {
        let [from, to] = pair else { continue };
        let next = decoded::<Value>().compute(|mut message: Value| {
            let hops = message["hops"].as_u64().unwrap_or(0);
            message["hops"] = json!(hops + 1);
            message
        });
        let rule = ReplyRule::on(file!(), line!(), from.clone(), None).answer(to.clone(), next);
        reply(&s, rule);
    }
    let (Some(first), Some(last)) = (topics.first(), topics.last()) else {
        return not_applicable("a chain without hops");
    };
    let arrived = object([("hops", eq(HOPS))]);
    expect(
        &s,
        last.clone(),
        arrived,
        ExpectOptions::at(file!(), line!()),
    );
    let body = Body::Value(json!({ "hops": 0 }));
    let s = publish(s, PublishDraft::new(first.clone(), Ok(body))).await;
    ended_as(&*settle(&s).await, Outcome::Pass)?;
    harness.close().await;
    Ok(Verdict::Kept)
}

pub(super) async fn sequential_scenarios_leave_no_subscription<S: Subject>(subject: &S) -> Checked {
    let Some(before) = subject.subscriptions().await else {
        return not_applicable("the subject cannot ask the broker (`subscriptions`)");
    };
    let harness = harness(subject).await?;
    let patience = subject.patience();
    for number in 0..SEQUENTIAL {
        let topic = subject.topic("sequential");
        ended_as(
            &*echo(&harness, patience, &topic, number).await,
            Outcome::Pass,
        )?;
    }
    eventually(
        patience,
        || harness.subscription_count() == 0,
        || {
            let kept = harness.subscription_count();
            format!("the harness keeps {kept} subscriptions that nobody uses")
        },
    )
    .await?;
    fewer(
        subject,
        before + OWN,
        "after 200 scenarios, with the harness open",
    )
    .await?;
    harness.close().await;
    fewer(
        subject,
        before,
        "after 200 scenarios and the close of their harness",
    )
    .await?;
    Ok(Verdict::Kept)
}

/// Waits until the broker holds no more subscriptions than that.
async fn fewer<S: Subject>(subject: &S, limit: usize, when: &str) -> Result<(), Broken> {
    let mut tick = tokio::time::interval(TICK);
    let mut held = None;
    let few = async {
        loop {
            held = subject.subscriptions().await;
            if held.is_some_and(|held| held <= limit) {
                return;
            }
            tick.tick().await;
        }
    };
    let in_time = tokio::time::timeout(subject.patience(), few).await;
    in_time.map_err(|_| match held {
        Some(held) => Broken(format!(
            "the broker holds {held} subscriptions {when}, not {limit}"
        )),
        None => Broken(format!(
            "the broker does not say how many subscriptions it holds {when}"
        )),
    })
}
