//! What arrives of a message: payload, topic, headers, key, metadata, order.

use std::time::Instant;

use bytes::Bytes;
use serde_json::json;

use super::peer::{
    Broken, Checked, Peer, Subscription, capabilities, ensure, harness, message, not_applicable,
    on_topic,
};
use super::{Subject, Verdict};
use crate::act::PublishDraft;
use crate::envelope::{Body, Envelope, Outgoing};
use crate::matcher::functions::eq;
use crate::scenario::{ExpectOptions, expect, publish, settle};
use crate::transport::Ordering;

const LARGE: usize = 1024 * 1024;
const RAPID: usize = 1000;

/// Publishes from one connection and receives on another.
async fn sent<S: Subject>(
    subject: &S,
    name: &str,
    change: impl FnOnce(&mut Outgoing),
) -> Result<(Outgoing, Envelope), Broken> {
    let topic = subject.topic(name);
    let (mut receiver, sender) = (Peer::connect(subject).await?, Peer::connect(subject).await?);
    let mut subscription = receiver.subscribe(&topic).await?;
    let mut outgoing = message(subject, &topic, "");
    change(&mut outgoing);
    let before = Instant::now();
    sender.publish(outgoing.clone()).await?;
    let what = format!("a message of {} bytes", outgoing.payload.len());
    let envelope = subscription.next_is(&outgoing.payload, what).await?;
    on_topic(&envelope, &topic)?;
    let received = envelope.received_at;
    ensure(received >= before && received <= Instant::now(), || {
        "`received_at` is not between the publish and the delivery".to_owned()
    })?;
    receiver.quiet()?;
    sender.close().await?;
    receiver.close().await?;
    Ok((outgoing, envelope))
}

async fn payload<S: Subject>(subject: &S, name: &str, payload: impl Into<Bytes>) -> Checked {
    let payload = payload.into();
    sent(subject, name, |message| message.payload = payload).await?;
    Ok(Verdict::Kept)
}

pub(super) async fn bytes_arrive_as_they_are<S: Subject>(subject: &S) -> Checked {
    let every: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
    payload(subject, "bytes", every).await
}

pub(super) async fn text_arrives_as_it_is<S: Subject>(subject: &S) -> Checked {
    payload(subject, "text", "first line\r\n\tΩ, 雪 and \u{1f980}\0end ").await
}

pub(super) async fn an_empty_payload_arrives<S: Subject>(subject: &S) -> Checked {
    payload(subject, "empty", Bytes::new()).await
}

pub(super) async fn a_large_payload_arrives<S: Subject>(subject: &S) -> Checked {
    let size = subject.max_payload().unwrap_or(LARGE).min(LARGE);
    // No two neighbouring pieces are alike, whatever their size.
    let bytes: Vec<u8> = (0_u32..).flat_map(u32::to_le_bytes).take(size).collect();
    payload(subject, "large", bytes).await
}

pub(super) async fn json_arrives_as_it_is<S: Subject>(subject: &S) -> Checked {
    let value = json!({
        "text": "Ω \"quoted\" \\ \u{1f980}", "empty": "", "null": null, "yes": true,
        "numbers": [0, -1, 1.5, 9_007_199_254_740_991_i64], "nested": { "list": [{}, []] },
    });
    let topic = subject.topic("json");
    let harness = harness(subject).await?;
    let mut scope = harness.scenario("json").open();
    let s = scope.arrange();
    let options = ExpectOptions::at(file!(), line!());
    let handle = expect(&s, topic.clone(), eq_fields(&value), options);
    let s = publish(s, PublishDraft::new(topic, Ok(Body::Value(value)))).await;
    let result = settle(&s).await;
    ensure(result[handle].try_message().is_some(), || {
        format!(
            "the scenario ended as {}:\n{}",
            result.outcome(),
            result.failure_text()
        )
    })?;
    harness.close().await;
    Ok(Verdict::Kept)
}

/// Every field as it is; the correlation id comes on top.
fn eq_fields(value: &serde_json::Value) -> crate::matcher::Pattern {
    let fields = value.as_object().into_iter().flatten();
    crate::matcher::functions::object(fields.map(|(name, value)| (name.clone(), eq(value))))
}

pub(super) async fn headers_arrive<S: Subject>(subject: &S) -> Checked {
    if !capabilities(subject).headers {
        return not_applicable("the transport declares no `headers`");
    }
    let headers = [("x-trace", "a: b, Ω"), ("x-other", "2"), ("x-empty", "")];
    let (_, envelope) = sent(subject, "headers", |message| {
        message.payload = "with headers".into();
        for (name, value) in headers {
            message.headers.append(name, value);
        }
    })
    .await?;
    for (name, value) in headers {
        let got = envelope.headers.get(name);
        ensure(got == Some(value), || {
            format!("the header `{name}` was sent as {value:?} and arrived as {got:?}")
        })?;
    }
    ensure(envelope.headers.len() == headers.len(), || {
        let names: Vec<_> = envelope.headers.iter().map(|(name, _)| name).collect();
        format!(
            "3 headers were sent, and these arrived: {}",
            names.join(", ")
        )
    })?;
    Ok(Verdict::Kept)
}

pub(super) async fn keys_arrive<S: Subject>(subject: &S) -> Checked {
    if !capabilities(subject).keys {
        return not_applicable("the transport declares no `keys`");
    }
    for key in [&b"customer-1"[..], &[0, 255, 1]] {
        let (_, envelope) = sent(subject, "keys", |message| {
            message.payload = "with a key".into();
            message.key = Some(Bytes::copy_from_slice(key));
        })
        .await?;
        ensure(envelope.key.as_deref() == Some(key), || {
            format!("the key {key:?} arrived as {:?}", envelope.key.as_deref())
        })?;
    }
    Ok(Verdict::Kept)
}

pub(super) async fn metadata_has_declared_names<S: Subject>(subject: &S) -> Checked {
    let readable = capabilities(subject).readable;
    let (_, envelope) = sent(subject, "metadata", |message| {
        message.payload = "with whatever the transport adds".into();
    })
    .await?;
    for (name, _) in envelope.metadata.iter() {
        ensure(readable.contains(&name), || {
            format!("a message has the metadata `{name}`, and declared are {readable:?}")
        })?;
    }
    Ok(Verdict::Kept)
}

pub(super) async fn order_is_kept<S: Subject>(subject: &S) -> Checked {
    if capabilities(subject).ordering == Ordering::None {
        return not_applicable("the transport declares no `ordering`");
    }
    let topic = subject.topic("order");
    let (receiver, sender) = (Peer::connect(subject).await?, Peer::connect(subject).await?);
    let mut subscription = receiver.subscribe(&topic).await?;
    for number in 0..RAPID {
        sender
            .publish(message(subject, &topic, number.to_string()))
            .await?;
    }
    sender.publish(message(subject, &topic, "the end")).await?;
    in_order(&mut subscription).await?;
    // What comes after the last one is a second copy of something.
    subscription
        .next_is(b"the end", "the message after the last")
        .await?;
    sender.close().await?;
    receiver.close().await?;
    Ok(Verdict::Kept)
}

async fn in_order<S: Subject>(subscription: &mut Subscription<S>) -> Result<(), Broken> {
    for number in 0..RAPID {
        let what = format!("message {number} of {RAPID}");
        subscription
            .next_is(number.to_string().as_bytes(), what)
            .await?;
    }
    Ok(())
}
