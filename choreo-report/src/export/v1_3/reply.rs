//! Replies in version 1.3: one answer each, and counts that agree with the state.

use crate::model::{Reply, ReplyState};

use super::rules::transport_name;

pub(super) fn export(reply: &mut Reply, transports: Option<&[String]>) {
    let name = |name: Option<&String>| {
        let first = transports?.first().cloned();
        name.map(|name| transport_name(name)).or(first)
    };
    let listens = reply
        .trigger_transport
        .as_ref()
        .or(reply.transport.as_ref());
    let listens = name(listens);
    reply.response_transport = name(reply.response_transport.as_ref().or(listens.as_ref()));
    reply.trigger_transport = listens;
    judge(reply);

    reply.extra.clear();
    reply.id = None;
    reply.act = None;
    reply.location = None;
    reply.transport = None;
    reply.answers = None;
    reply.failed_at = None;
    reply.error_text = None;
    reply.required = None;
    reply.near_misses.clear();
    reply.near_miss_count = None;
    reply.trigger_messages.clear();
    reply.response_messages.clear();
    reply.cause = None;
}

fn judge(reply: &mut Reply) {
    let answered = matches!(reply.state, ReplyState::Replied | ReplyState::ReplyFailed);
    if answered {
        reply.candidate_count = reply.candidate_count.max(1);
    } else {
        reply.reply_published = false;
        reply.state = match reply.candidate_count {
            0 => ReplyState::ArmedNoMatch,
            _ => ReplyState::ArmedMatcherMismatched,
        };
    }
    reply.match_count = u64::from(answered);
    reply.builder_error = match reply.state {
        ReplyState::ReplyFailed => {
            let error = reply.builder_error.take();
            Some(error.unwrap_or_else(|| "Error".to_owned()))
        }
        _ => None,
    };
}
