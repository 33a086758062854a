//! Replies.

use choreo_report::model::{Reply, ReplyState as State, ReplyStep as Step};

use super::messages::Messages;
use super::{Context, causes, near_misses, place, reply_id};
use crate::outcome::{ReplyReport, ReplyState, ReplyStep};

/// `number` counts from one over all acts.
pub(super) fn record(
    context: &Context<'_>,
    number: usize,
    reply: &ReplyReport,
    messages: &mut Messages<'_>,
) -> Reply {
    let state = match &reply.state {
        ReplyState::ArmedNoMatch => State::ArmedNoMatch,
        ReplyState::Failed(_) => State::ReplyFailed,
        ReplyState::Replied => State::Replied,
        // It had a message and gave no answer: version 1.3 has one word for that.
        ReplyState::ArmedMismatched | ReplyState::Answering | ReplyState::Dropped => {
            State::ArmedMatcherMismatched
        }
    };
    let topics: Vec<_> = reply
        .trigger_topics
        .iter()
        .map(|topic| context.topic(topic))
        .collect();
    let mut record = Reply::new(topics.join(", "), context.topic(&reply.answer_topic), state);
    record.id = Some(reply_id(number));
    record.act = Some(context.of.act);
    record.location = Some(place(reply.location));
    record.transport = Some(context.transport(reply.leg));
    if context.act.bridge().is_some() {
        let name = |label: &Option<std::sync::Arc<str>>| label.as_deref().map(str::to_owned);
        record.trigger_transport = name(&reply.trigger_transport);
        record.response_transport = name(&reply.answer_transport);
    }
    if let Some(pattern) = &reply.pattern {
        record.matcher_description = context.ids.hidden(pattern).into_owned();
    }
    record.candidate_count = reply.candidate_count;
    record.match_count = reply.matched_count;
    record.reply_published = reply.reply_count > 0;
    record.answers = Some(reply.reply_count.into());
    record.correlation_overridden = reply.unstamped_count > 0;
    record.required = reply.required_count.map(|_| true);
    if let ReplyState::Failed(error) = &reply.state {
        record.builder_error = Some(error.clone());
    }
    record.failed_at = reply.failed_at.map(|step| match step {
        ReplyStep::Build => Step::Build,
        ReplyStep::Send => Step::Send,
    });
    let hidden = |text: &String| context.ids.hidden(text).into_owned();
    record.error_text = reply.error_text.as_ref().map(hidden);
    record.near_misses = near_misses::records(context, &reply.near_misses, messages);
    record.near_miss_count = Some(reply.near_miss_count).filter(|count| *count > 0);
    for (trigger, answer) in &reply.exchanges {
        record.trigger_messages.extend(messages.id(*trigger));
        record.response_messages.extend(messages.id(*answer));
    }
    let failed = reply.failed_trigger.and_then(|number| messages.id(number));
    record.trigger_messages.extend(failed);
    record.cause = causes::of_reply(context, reply);
    record
}
