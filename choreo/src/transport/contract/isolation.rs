//! Messages of others: late ones, foreign ones, those of another harness.

use std::time::Duration;

use tokio::task::JoinSet;

use super::peer::{
    Broken, Checked, Peer, Subscription, ensure, eventually, harness_with_linger, listener, stamped,
};
use super::scenarios::{echo, ended_as};
use super::{Subject, Verdict};
use crate::dispatch::SurpriseClass;
use crate::harness::Harness;
use crate::outcome::Outcome;

/// Scenarios of each harness at a time.
const AT_ONCE: usize = 20;
/// Longer than any case: subscriptions stay when their scenario has ended.
const STAYING: Duration = Duration::from_secs(600);

fn count(harness: &Harness, class: SurpriseClass, topic: &str) -> usize {
    let (surprises, _) = harness.surprises();
    let of = surprises.iter();
    of.filter(|surprise| surprise.class == class && *surprise.topic == *topic)
        .count()
}

/// Waits until the harness has logged so many messages of a class.
async fn logged<S: Subject>(
    subject: &S,
    harness: &Harness,
    class: SurpriseClass,
    topic: &str,
    expected: usize,
) -> Result<(), Broken> {
    let bound = subject.patience();
    let seen = || count(harness, class, topic);
    eventually(
        bound,
        || seen() >= expected,
        || {
            let seen = seen();
            format!("{seen} of {expected} messages on `{topic}` were logged as {class:?} within {bound:?}")
        },
    )
    .await?;
    ensure(seen() == expected, || {
        format!(
            "{} messages on `{topic}` were logged as {class:?}, {expected} were sent",
            seen()
        )
    })
}

/// Somebody who publishes to a topic, and who listens to it.
async fn outsider<S: Subject>(
    subject: &S,
    topic: &str,
) -> Result<(Peer<S>, Vec<Subscription<S>>), Broken> {
    listener(subject, &[topic]).await
}

pub(super) async fn a_late_message_is_logged<S: Subject>(subject: &S) -> Checked {
    let topic = subject.topic("late");
    let (outsider, _listening) = outsider(subject, &topic).await?;
    let harness = harness_with_linger(subject, STAYING).await?;
    let result = echo(&harness, subject.patience(), &topic, 1).await;
    ended_as(&result, Outcome::Pass)?;
    let id = result.correlation_id().map(ToString::to_string);
    let id = id.ok_or_else(|| Broken("the scenario had no correlation id".to_owned()))?;
    outsider.publish(stamped(subject, &topic, &id)).await?;
    logged(subject, &harness, SurpriseClass::Late, &topic, 1).await?;
    // It disturbs no scenario that follows.
    let next = echo(&harness, subject.patience(), &topic, 2).await;
    ended_as(&next, Outcome::Pass)?;
    harness.close().await;
    Ok(Verdict::Kept)
}

pub(super) async fn a_foreign_message_is_logged<S: Subject>(subject: &S) -> Checked {
    let topic = subject.topic("foreign");
    let (outsider, _listening) = outsider(subject, &topic).await?;
    let harness = harness_with_linger(subject, STAYING).await?;
    ended_as(
        &*echo(&harness, subject.patience(), &topic, 1).await,
        Outcome::Pass,
    )?;
    let foreign = stamped(subject, &topic, "somebody-else");
    outsider.publish(foreign).await?;
    logged(subject, &harness, SurpriseClass::UnknownId, &topic, 1).await?;
    harness.close().await;
    Ok(Verdict::Kept)
}

pub(super) async fn two_harnesses_do_not_see_each_other<S: Subject>(subject: &S) -> Checked {
    let topic = subject.topic("shared");
    let harnesses = [
        harness_with_linger(subject, STAYING).await?,
        harness_with_linger(subject, STAYING).await?,
    ];
    // Both are subscribed before either counts; the first one sees the second one's beginning.
    for harness in &harnesses {
        ended_as(
            &*echo(harness, subject.patience(), &topic, 0).await,
            Outcome::Pass,
        )?;
    }
    let [first, _] = &harnesses;
    logged(subject, first, SurpriseClass::UnknownId, &topic, 1).await?;
    let mut running = JoinSet::new();
    for harness in &harnesses {
        for _ in 0..AT_ONCE {
            let (harness, topic) = (harness.clone(), topic.clone());
            let patience = subject.patience();
            // The same number everywhere: only the ids tell the messages apart.
            running.spawn(async move { echo(&harness, patience, &topic, 7).await });
        }
    }
    while let Some(result) = running.join_next().await {
        let result =
            result.map_err(|error| Broken(format!("a scenario's task failed: {error}")))?;
        ended_as(&result, Outcome::Pass)?;
    }
    for (harness, before) in harnesses.iter().zip([1, 0]) {
        let expected = before + AT_ONCE;
        logged(subject, harness, SurpriseClass::UnknownId, &topic, expected).await?;
        harness.close().await;
    }
    Ok(Verdict::Kept)
}
