//! What becomes of messages that cannot be published.

use bytes::Bytes;

use super::peer::{Checked, Peer, ensure, harness, message, not_applicable};
use super::{Subject, Verdict};
use crate::act::PublishDraft;
use crate::envelope::Body;
use crate::matcher::functions::anything;
use crate::outcome::Outcome;
use crate::scenario::{ExpectOptions, expect, publish, settle};

/// That a refusal was about one message, and not about the connection.
async fn works_on<S: Subject>(
    subject: &S,
    peer: &Peer<S>,
    topic: &str,
    subscription: &mut super::peer::Subscription<S>,
) -> Checked {
    peer.publish(message(subject, topic, "next")).await?;
    let what = "the message after a refused one";
    subscription.next_is(b"next", what).await?;
    Ok(Verdict::Kept)
}

pub(super) async fn a_refused_publish_is_an_error<S: Subject>(subject: &S) -> Checked {
    let Some(refused) = subject.refused_topic() else {
        return not_applicable("the subject knows no topic that is refused (`refused_topic`)");
    };
    let topic = subject.topic("after");
    let peer = Peer::connect(subject).await?;
    let mut subscription = peer.subscribe(&topic).await?;
    let published = peer.try_publish(message(subject, &refused, "1")).await?;
    ensure(published.is_err(), || {
        format!("publish to `{refused}`, which the broker refuses, was Ok")
    })?;
    works_on(subject, &peer, &topic, &mut subscription).await
}

pub(super) async fn a_payload_over_the_limit_is_an_error<S: Subject>(subject: &S) -> Checked {
    let Some(limit) = subject.max_payload() else {
        return not_applicable("the subject knows no limit of payloads (`max_payload`)");
    };
    let topic = subject.topic("limit");
    let peer = Peer::connect(subject).await?;
    let mut subscription = peer.subscribe(&topic).await?;
    let too_large = message(subject, &topic, vec![b'x'; limit + 1]);
    let published = peer.try_publish(too_large).await?;
    ensure(published.is_err(), || {
        format!(
            "a payload of {} bytes was Ok, the limit is {limit}",
            limit + 1
        )
    })?;
    works_on(subject, &peer, &topic, &mut subscription).await
}

pub(super) async fn a_refused_publish_ends_the_scenario<S: Subject>(subject: &S) -> Checked {
    let awaited = subject.topic("awaited");
    let (topic, payload) = match (subject.refused_topic(), subject.max_payload()) {
        (Some(topic), _) => (topic, Bytes::from_static(b"1")),
        (None, Some(limit)) => (awaited.clone(), Bytes::from(vec![b'x'; limit + 1])),
        (None, None) => {
            return not_applicable(
                "the subject knows nothing that is refused (`refused_topic`, `max_payload`)",
            );
        }
    };
    let harness = harness(subject).await?;
    let mut scope = harness.scenario("refused").open();
    let s = scope.arrange();
    expect(&s, awaited, anything(), ExpectOptions::at(file!(), line!()));
    let s = publish(s, PublishDraft::new(topic, Ok(Body::Bytes(payload)))).await;
    let result = settle(&s).await;
    ensure(result.outcome() == Outcome::Error, || {
        format!("the scenario ended as {}", result.outcome())
    })?;
    let reason = result.error().map(ToString::to_string).unwrap_or_default();
    ensure(!reason.is_empty(), || {
        "the scenario ended as error without a cause".to_owned()
    })?;
    harness.close().await;
    Ok(Verdict::Kept)
}
