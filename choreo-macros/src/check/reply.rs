//! Options of a reply that do not go together.

use crate::model::{Answer, Delay, Made, Reply, ReplyClosure};
use crate::recover::Diagnostics;

/// Reports them; `false` when the answer cannot be expanded.
pub(crate) fn reply(reply: &Reply, diagnostics: &mut Diagnostics) -> bool {
    if let (Answer::Sequence { .. }, Some(repeat)) = (&reply.answer, &reply.options.repeat) {
        diagnostics.error(
            repeat.span(),
            "a sequence answers once with each of its answers; remove this, or write a closure with \
             `state` that goes on",
        );
    }
    let options = &reply.options;
    let is_random = options.error.is_some()
        || options.drop_rate.is_some()
        || matches!(options.delay, Some(Delay::Between(..) | Delay::Drawn(_)));
    if let Some(seed) = &options.seed
        && !is_random
    {
        diagnostics.error(
            seed.word,
            "nothing here is left to chance; remove `seed`, or write what it is for: `error_rate`, \
             `drop_rate` or `delay 10ms..50ms`",
        );
    }
    state(reply, diagnostics)
}

fn state(reply: &Reply, diagnostics: &mut Diagnostics) -> bool {
    let closure: Option<&ReplyClosure> = match &reply.answer {
        Answer::Message(closure) => Some(closure),
        Answer::Given {
            made: Made::Computed(closure),
            ..
        } => Some(closure),
        Answer::Given { .. } => None,
        Answer::Sequence { answers, .. } => {
            let with_state = answers.iter().find_map(|made| match made {
                Made::Computed(closure) if closure.state.is_some() => Some(closure),
                _ => None,
            });
            if with_state.is_none() && reply.options.state.is_none() {
                return true;
            }
            let span = reply
                .options
                .state
                .as_ref()
                .map(|state| state.word)
                .or_else(|| with_state.map(|closure| closure.span));
            if let Some(span) = span {
                diagnostics.error(
                    span,
                    "an answer of a sequence keeps nothing; write one closure with `state` instead of \
                     the sequence",
                );
            }
            return with_state.is_none();
        }
    };
    let written = closure.and_then(|closure| Some((closure, closure.state.as_ref()?)));
    match (&reply.options.state, written) {
        (None, None) => true,
        (Some(_), Some((closure, _))) => not_async(closure, diagnostics),
        (None, Some((closure, _))) => {
            diagnostics.error(
                closure.span,
                "the second parameter is what the reply keeps; say after the closure with what it \
                 begins: `state 0`",
            );
            false
        }
        (Some(state), None) => {
            diagnostics.error(
                state.word,
                "`state` is what a closure keeps, as its second parameter: write `|order, seen| …`",
            );
            true
        }
    }
}

/// A future would hold the state while the next trigger comes.
fn not_async(closure: &ReplyClosure, diagnostics: &mut Diagnostics) -> bool {
    let is_async = closure.is_async || closure.body_is_async;
    if is_async {
        diagnostics.error(
            closure.span,
            "a closure with `state` is not async; remove `async` (the option `delay` waits), or keep \
             the state in an `Arc<Mutex<…>>` that the closure owns",
        );
    }
    !is_async
}
