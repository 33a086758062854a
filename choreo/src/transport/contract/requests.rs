//! Requests: an inbox, and an answer that finds it.

use std::collections::HashSet;
use std::sync::Arc;

use super::peer::{Broken, Checked, Peer, capabilities, ensure, message, not_applicable};
use super::{Subject, Verdict};
use crate::transport::Connection;

/// Metadata by which a broker's clients tell whose answer it is; an answer copies it.
const ANSWER_ID: &str = "correlation_id";

fn inbox<S: Subject>(peer: &Peer<S>) -> Result<String, Broken> {
    let minted = peer.connection.inbox();
    minted.ok_or_else(|| Broken("the transport declares `requests`, and gave no inbox".to_owned()))
}

pub(super) async fn inboxes_are_declared<S: Subject>(subject: &S) -> Checked {
    let (one, two) = (Peer::connect(subject).await?, Peer::connect(subject).await?);
    if capabilities(subject).requests {
        let inboxes = [inbox(&one)?, inbox(&one)?, inbox(&two)?, inbox(&two)?];
        let different: HashSet<_> = inboxes.iter().collect();
        ensure(different.len() == inboxes.len(), || {
            format!("four inboxes of two connections are not four topics: {inboxes:?}")
        })?;
    } else {
        let minted = one.connection.inbox();
        ensure(minted.is_none(), || {
            "the transport gives inboxes and does not declare `requests`".to_owned()
        })?;
    }
    Ok(Verdict::Kept)
}

pub(super) async fn requests_are_answered<S: Subject>(subject: &S) -> Checked {
    let capabilities = capabilities(subject);
    if !capabilities.requests {
        return not_applicable("the transport declares no `requests`");
    }
    let topic = subject.topic("question");
    let (asking, other) = (Peer::connect(subject).await?, Peer::connect(subject).await?);
    let service = Peer::connect(subject).await?;
    let mut questions = service.subscribe(&topic).await?;
    let mine = inbox(&asking)?;
    let mut answers = asking.subscribe(&mine).await?;
    let mut others = other.subscribe(&inbox(&other)?).await?;
    for round in 0..20 {
        let mut question = message(subject, &topic, format!("question {round}"));
        question.reply_to = Some(mine.as_str().into());
        if capabilities.settable.contains(&ANSWER_ID) {
            question.metadata.set(ANSWER_ID, format!("id-{round}"));
        }
        asking.publish(question).await?;
        let asked = questions.next(format!("question {round}")).await?;
        let back = asked.reply_to.clone().ok_or_else(|| {
            Broken("a question arrived without the address of its answer (`reply_to`)".to_owned())
        })?;
        let mut answer = message(subject, &back, format!("answer {round}"));
        answer.topic = Arc::clone(&back);
        if let Some(id) = asked.metadata.get(ANSWER_ID)
            && capabilities.settable.contains(&ANSWER_ID)
        {
            answer.metadata.set(ANSWER_ID, id.clone());
        }
        service.publish(answer).await?;
        let expected = format!("answer {round}");
        answers.next_is(expected.as_bytes(), &expected).await?;
    }
    let strays = others.drain();
    ensure(strays == 0, || {
        format!("{strays} answers came to the inbox of another connection")
    })?;
    Ok(Verdict::Kept)
}
