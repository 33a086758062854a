//! Connecting, closing, and what is left afterwards.

use tokio::runtime::Handle;

use super::peer::{Broken, Checked, Peer, Subscription, ensure, eventually, message};
use super::{Subject, Verdict};

/// A message from one peer to another and back to itself.
async fn works<S: Subject>(subject: &S, peer: &Peer<S>) -> Result<(), Broken> {
    let topic = subject.topic("works");
    let mut subscription = peer.subscribe(&topic).await?;
    peer.publish(message(subject, &topic, "hello")).await?;
    subscription.next_is(b"hello", "a message").await?;
    Ok(())
}

pub(super) async fn connects_and_closes_any_number_of_times<S: Subject>(subject: &S) -> Checked {
    for _ in 0..3 {
        let mut peer = Peer::connect(subject).await?;
        works(subject, &peer).await?;
        peer.close().await?;
        peer.close().await?;
        peer.quiet()?;
    }
    // One that did nothing, and one that is dropped.
    Peer::connect(subject).await?.close().await?;
    drop(Peer::connect(subject).await?);
    works(subject, &Peer::connect(subject).await?).await?;
    Ok(Verdict::Kept)
}

pub(super) async fn a_close_disturbs_no_other_connection<S: Subject>(subject: &S) -> Checked {
    let topic = subject.topic("others");
    let mut stays = Peer::connect(subject).await?;
    let mut subscription = stays.subscribe(&topic).await?;
    for round in 0..3 {
        let goes = Peer::connect(subject).await?;
        let also = goes.subscribe(&topic).await?;
        goes.close().await?;
        drop(also);
        let payload = round.to_string();
        stays
            .publish(message(subject, &topic, payload.clone()))
            .await?;
        let what = "a message after another connection's close";
        subscription.next_is(payload.as_bytes(), what).await?;
    }
    stays.quiet()?;
    Ok(Verdict::Kept)
}

pub(super) async fn a_closed_connection_refuses<S: Subject>(subject: &S) -> Checked {
    let topic = subject.topic("closed");
    let open = Peer::connect(subject).await?;
    let mut listening = open.subscribe(&topic).await?;
    let closed = Peer::connect(subject).await?;
    closed.close().await?;
    let published = closed
        .try_publish(message(subject, &topic, "too late"))
        .await?;
    ensure(published.is_err(), || {
        format!("publish to `{topic}` on a closed connection was Ok")
    })?;
    let subscribed = closed.try_subscribe(&topic).await?;
    ensure(subscribed.is_err(), || {
        format!("subscribe to `{topic}` on a closed connection was Ok")
    })?;
    open.publish(message(subject, &topic, "in time")).await?;
    listening
        .next_is(b"in time", "what an open connection publishes")
        .await?;
    Ok(Verdict::Kept)
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// A connection that has done what makes tasks, with two of its three subscriptions.
async fn busy<S: Subject>(subject: &S) -> Result<(Peer<S>, Vec<Subscription<S>>), Broken> {
    let peer = Peer::connect(subject).await?;
    let mut subscriptions = Vec::new();
    for name in ["one", "two", "three"] {
        let topic = subject.topic(name);
        let mut subscription = peer.subscribe(&topic).await?;
        peer.publish(message(subject, &topic, name)).await?;
        subscription.next_is(name.as_bytes(), "a message").await?;
        subscriptions.push(subscription);
    }
    subscriptions.truncate(2);
    Ok((peer, subscriptions))
}

/// Waits until the case is as alone on its runtime as it was.
async fn gone<S: Subject>(subject: &S, how: &str) -> Result<(), Broken> {
    let standing = subject.standing_tasks();
    eventually(
        subject.patience(),
        || tasks() <= standing,
        || {
            let alive = tasks();
            format!("{alive} tasks are alive after {how}, and {standing} are the broker's own")
        },
    )
    .await
}

pub(super) async fn close_leaves_no_task<S: Subject>(subject: &S) -> Checked {
    for _ in 0..3 {
        let (peer, subscriptions) = busy(subject).await?;
        peer.close().await?;
        // Connection and subscriptions are still held: close alone has to end the tasks.
        gone(subject, "close").await?;
        drop((peer, subscriptions));
    }
    Ok(Verdict::Kept)
}

pub(super) async fn a_dropped_connection_leaves_no_task<S: Subject>(subject: &S) -> Checked {
    for _ in 0..3 {
        drop(busy(subject).await?);
        gone(subject, "the drop of a connection").await?;
    }
    Ok(Verdict::Kept)
}
