//! What a connection and its scenarios do when the broker goes and comes back.

use serde_json::json;

use super::peer::{Broken, Checked, Peer, ensure, harness, listener, message, not_applicable};
use super::scenarios::{echo, ended_as};
use super::{Subject, Verdict};
use crate::act::PublishDraft;
use crate::envelope::Body;
use crate::matcher::functions::anything;
use crate::outcome::Outcome;
use crate::scenario::{ExpectOptions, expect, publish, settle};
use crate::transport::ConnectionEvent;

/// `false` when the subject cannot restart its broker.
async fn restarted<S: Subject>(subject: &S) -> Result<bool, Broken> {
    match subject.restart().await {
        None => Ok(false),
        Some(Ok(())) => Ok(true),
        Some(Err(error)) => Err(Broken(format!(
            "the broker could not be restarted: {error}"
        ))),
    }
}

pub(super) async fn a_restart_restores_subscriptions<S: Subject>(subject: &S) -> Checked {
    let topic = subject.topic("back");
    let mut peer = Peer::connect(subject).await?;
    let mut subscription = peer.subscribe(&topic).await?;
    peer.publish(message(subject, &topic, "before")).await?;
    subscription
        .next_is(b"before", "a message before the restart")
        .await?;
    for round in 1..=2 {
        if !restarted(subject).await? {
            return not_applicable("the subject cannot restart its broker (`restart`)");
        }
        match peer.event("the loss of the connection").await? {
            ConnectionEvent::Lost { reason } => ensure(!reason.is_empty(), || {
                "the loss was reported without a reason".to_owned()
            })?,
            other => return Err(Broken(format!("the loss was reported as {other:?}"))),
        }
        loop {
            match peer.event("the return of the connection").await? {
                ConnectionEvent::Restored => break,
                // The way back may take more than one attempt.
                ConnectionEvent::Lost { .. } => {}
                other @ (ConnectionEvent::Refused { .. }
                | ConnectionEvent::PublishRefused { .. }) => {
                    return Err(Broken(format!("the return was reported as {other:?}")));
                }
            }
        }
        let publisher = Peer::connect(subject).await?;
        let payload = format!("from another connection, round {round}");
        publisher
            .publish(message(subject, &topic, payload.clone()))
            .await?;
        let what = "a message after the return";
        subscription.next_is(payload.as_bytes(), what).await?;
        let payload = format!("from the same connection, round {round}");
        peer.publish(message(subject, &topic, payload.clone()))
            .await?;
        subscription.next_is(payload.as_bytes(), what).await?;
    }
    Ok(Verdict::Kept)
}

pub(super) async fn scenarios_recover_from_a_restart<S: Subject>(subject: &S) -> Checked {
    let (silent, trigger) = (subject.topic("silent"), subject.topic("trigger"));
    let _listener = listener(subject, &[&trigger]).await?;
    let harness = harness(subject).await?;
    let patience = subject.patience();
    ended_as(
        &*echo(&harness, patience, &subject.topic("before"), 1).await,
        Outcome::Pass,
    )?;
    let mut scope = harness.scenario("interrupted").timeout(patience).open();
    let s = scope.arrange();
    expect(&s, silent, anything(), ExpectOptions::at(file!(), line!()));
    let body = Body::Value(json!({}));
    let s = publish(s, PublishDraft::new(trigger, Ok(body))).await;
    if !restarted(subject).await? {
        return not_applicable("the subject cannot restart its broker (`restart`)");
    }
    let result = settle(&s).await;
    ended_as(&result, Outcome::Error)?;
    drop(scope);
    let topic = subject.topic("after");
    for number in 0..3 {
        ended_as(
            &*echo(&harness, patience, &topic, number).await,
            Outcome::Pass,
        )?;
    }
    harness.close().await;
    Ok(Verdict::Kept)
}
