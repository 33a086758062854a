//! When a subscription is live, what it gets, and when it ends.

use super::peer::{
    Broken, Checked, Peer, Subscription, capabilities, ensure, message, not_applicable, on_topic,
};
use super::{Subject, Verdict, Wildcard};
use crate::transport::Retention;

/// How often readiness is tried.
const ROUNDS: usize = 500;
/// How often a topic is taken up again.
const AGAIN: usize = 50;
/// So many rounds without a message show that a subscription has ended.
const SILENT_ROUNDS: usize = 5;
/// How many rounds the end of a subscription may take; each is a round trip.
const ENDING_ROUNDS: usize = 500;

pub(super) async fn every_connection_gets_a_message<S: Subject>(subject: &S) -> Checked {
    let topic = subject.topic("fan-out");
    let sender = Peer::connect(subject).await?;
    let (one, two) = (Peer::connect(subject).await?, Peer::connect(subject).await?);
    let mut subscriptions = [one.subscribe(&topic).await?, two.subscribe(&topic).await?];
    for round in 0..10 {
        let payload = round.to_string();
        sender
            .publish(message(subject, &topic, payload.clone()))
            .await?;
        for (number, subscription) in subscriptions.iter_mut().enumerate() {
            let what = format!("message {round} for connection {}", number + 1);
            subscription.next_is(payload.as_bytes(), what).await?;
        }
    }
    Ok(Verdict::Kept)
}

pub(super) async fn a_confirmed_subscription_misses_nothing<S: Subject>(subject: &S) -> Checked {
    let (receiver, sender) = (Peer::connect(subject).await?, Peer::connect(subject).await?);
    for round in 1..=ROUNDS {
        let topic = subject.topic("ready");
        let mut subscription = receiver.subscribe(&topic).await?;
        let published = sender
            .try_publish(message(subject, &topic, "at once"))
            .await?;
        let what = format!("round {round} of {ROUNDS}: the message published at once");
        published.map_err(|error| Broken(format!("{what} was refused: {error}")))?;
        subscription.next_is(b"at once", what).await?;
    }
    sender.close().await?;
    receiver.close().await?;
    Ok(Verdict::Kept)
}

pub(super) async fn messages_from_before_come_as_declared<S: Subject>(subject: &S) -> Checked {
    let topic = subject.topic("before");
    let (sender, witness) = (Peer::connect(subject).await?, Peer::connect(subject).await?);
    // On the wire is not with the broker; what somebody has got is.
    let mut seen = witness.subscribe(&topic).await?;
    sender.publish(message(subject, &topic, "before")).await?;
    seen.next_is(b"before", "the message before the subscription")
        .await?;
    let receiver = Peer::connect(subject).await?;
    let mut from_now = receiver.subscribe(&topic).await?;
    sender.publish(message(subject, &topic, "after")).await?;
    let what = "the message after the subscription, and not the one before it";
    from_now.next_is(b"after", what).await?;
    if capabilities(subject).retention != Retention::Log {
        return Ok(Verdict::Kept);
    }
    let Some(transport) = subject.transport_from_first() else {
        return not_applicable(
            "the transport declares `Retention::Log`, and the subject gives no `transport_from_first`",
        );
    };
    let late = Peer::connect_by(subject, transport).await?;
    let mut from_first = late.subscribe(&topic).await?;
    for payload in ["before", "after"] {
        let what = format!("the message {payload:?}, which the broker keeps,");
        from_first.next_is(payload.as_bytes(), what).await?;
    }
    Ok(Verdict::Kept)
}

pub(super) async fn unsubscribing_ends_delivery<S: Subject>(subject: &S) -> Checked {
    let topic = subject.topic("ends");
    let (sender, witness) = (Peer::connect(subject).await?, Peer::connect(subject).await?);
    let receiver = Peer::connect(subject).await?;
    let mut ending = receiver.subscribe(&topic).await?;
    let beside = subject.topic("stays");
    let mut staying = receiver.subscribe(&beside).await?;
    let mut seen = witness.subscribe(&topic).await?;
    sender.publish(message(subject, &topic, "before")).await?;
    ending
        .next_is(b"before", "a message before the end")
        .await?;
    seen.next_is(b"before", "a message before the end").await?;
    ending.unsubscribe();
    let mut silent = 0;
    for round in 0..ENDING_ROUNDS {
        let payload = round.to_string();
        for topic in [&topic, &beside] {
            sender
                .publish(message(subject, topic, payload.clone()))
                .await?;
        }
        let what = "a message for another connection's subscription";
        seen.next_is(payload.as_bytes(), what).await?;
        let what = "a message for another subscription of the connection";
        staying.next_is(payload.as_bytes(), what).await?;
        silent = if ending.drain() == 0 { silent + 1 } else { 0 };
        if silent == SILENT_ROUNDS {
            return Ok(Verdict::Kept);
        }
    }
    Err(Broken(format!(
        "the dropped subscription to `{topic}` still got messages {ENDING_ROUNDS} round trips later"
    )))
}

pub(super) async fn a_topic_can_be_subscribed_to_again<S: Subject>(subject: &S) -> Checked {
    let topic = subject.topic("again");
    let (receiver, sender) = (Peer::connect(subject).await?, Peer::connect(subject).await?);
    let mut last: Option<Subscription<S>> = None;
    for round in 1..=AGAIN {
        drop(last.take());
        let mut subscription = receiver.subscribe(&topic).await?;
        for part in ["first", "second"] {
            let payload = format!("{round} {part}");
            sender
                .publish(message(subject, &topic, payload.clone()))
                .await?;
            let what = format!("round {round} of {AGAIN}: the {part} message");
            subscription.next_is(payload.as_bytes(), what).await?;
        }
        last = Some(subscription);
    }
    Ok(Verdict::Kept)
}

pub(super) async fn wildcards_keep_concrete_topics<S: Subject>(subject: &S) -> Checked {
    if !capabilities(subject).wildcards {
        return not_applicable("the transport declares no `wildcards`");
    }
    let Wildcard {
        pattern,
        inside,
        outside,
    } = subject.wildcard();
    let (receiver, sender) = (Peer::connect(subject).await?, Peer::connect(subject).await?);
    let mut exact = receiver.subscribe(&outside).await?;
    let mut subscription = receiver.subscribe(&pattern).await?;
    for round in 0..3 {
        let payload = format!("outside {round}");
        sender
            .publish(message(subject, &outside, payload.clone()))
            .await?;
        exact
            .next_is(payload.as_bytes(), "a message outside the pattern")
            .await?;
        for topic in &inside {
            sender
                .publish(message(subject, topic, topic.clone()))
                .await?;
            let what = format!("a message of `{topic}`");
            let envelope = subscription.next_is(topic.as_bytes(), what).await?;
            on_topic(&envelope, topic)?;
        }
    }
    let more = subscription.arrived();
    ensure(more.is_none(), || {
        let topic = more.map(|envelope| envelope.topic);
        format!("`{pattern}` got a message more than was published, of {topic:?}")
    })?;
    Ok(Verdict::Kept)
}
