//! What a test does not show whole: its limits counted it where they cut it, and the run tells of it.

use crate::model::{Handle, NearMiss, Notice, NoticeKind, Reply, Scenario, Test};

/// Values of a test that nested too deep and are not whole.
pub(crate) const DEEP: &str = "values were nested too deep and are shown in part";

/// A notice for each kind of thing that a test does not show whole.
pub(crate) fn of(test: &Test) -> Vec<Notice> {
    let sum = |count: fn(&Scenario) -> u64| {
        let counts = test.scenarios.iter().map(count);
        // Numbers that were read need not be true.
        counts.fold(0, u64::saturating_add)
    };
    let counts = [
        (
            NoticeKind::Cut,
            sum(payloads),
            "payloads are shown in part or not at all, because of their size",
        ),
        (
            NoticeKind::Dropped,
            sum(|scenario| scenario.messages_dropped.unwrap_or(0)),
            "messages are counted and not shown, the oldest of their scenarios",
        ),
        (
            NoticeKind::Dropped,
            sum(|scenario| scenario.timeline_dropped),
            "events are counted and not shown, the oldest of their timelines",
        ),
        (
            NoticeKind::Dropped,
            sum(|scenario| scenario.surprises_dropped.unwrap_or(0)),
            "messages that nobody expected are counted and not shown, the oldest of their scenarios",
        ),
        (
            NoticeKind::Dropped,
            sum(matched),
            "messages that matched are counted and not named, the last of their expectations",
        ),
        (
            NoticeKind::Dropped,
            sum(missed),
            "near misses are counted and not shown, the least close",
        ),
        (
            NoticeKind::Dropped,
            sum(differences),
            "differences of near misses are counted and not shown",
        ),
        (
            NoticeKind::Cut,
            sum(|scenario| number(scenario.handles.iter().filter(|it| it.pattern_truncated))),
            "long patterns are shown in part",
        ),
    ];
    let some = counts.into_iter().filter(|(_, count, _)| *count > 0);
    some.map(|(kind, count, text)| Notice::new(kind, text, count))
        .collect()
}

/// Values that nested too deep.
pub(crate) fn deep(count: u64) -> Option<Notice> {
    (count > 0).then(|| Notice::new(NoticeKind::Cut, DEEP, count))
}

fn number<T>(items: impl Iterator<Item = T>) -> u64 {
    items.count() as u64
}

fn payloads(scenario: &Scenario) -> u64 {
    number(scenario.messages.iter().filter(|it| it.truncated))
}

fn matched(scenario: &Scenario) -> u64 {
    let unnamed = |handle: &Handle| {
        let named = handle.matched.len() as u64;
        handle.count.unwrap_or(named).saturating_sub(named)
    };
    scenario
        .handles
        .iter()
        .map(unnamed)
        .fold(0, u64::saturating_add)
}

fn missed(scenario: &Scenario) -> u64 {
    let of_handle = |handle: &Handle| match handle.near_miss_count {
        Some(all) => all.saturating_sub(handle.near_misses.len() as u64),
        // Before version 1.4.
        None => handle.failures_dropped,
    };
    let of_reply = |reply: &Reply| {
        let shown = reply.near_misses.len() as u64;
        reply.near_miss_count.unwrap_or(shown).saturating_sub(shown)
    };
    let handles = scenario.handles.iter().map(of_handle);
    let replies = scenario.replies.iter().map(of_reply);
    handles.chain(replies).fold(0, u64::saturating_add)
}

fn differences(scenario: &Scenario) -> u64 {
    let of_handles = scenario.handles.iter().flat_map(|it| &it.near_misses);
    let of_replies = scenario.replies.iter().flat_map(|it| &it.near_misses);
    let dropped = |near_miss: &NearMiss| near_miss.differences_dropped.unwrap_or(0);
    of_handles
        .chain(of_replies)
        .map(dropped)
        .fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Difference, Direction, Encoding, Message, Millis, MismatchKind, Outcome, ReplyState,
        TestOutcome,
    };

    #[test]
    fn each_kind_is_counted() {
        let mut scenario = Scenario::new("s", Outcome::Fail, Millis::ZERO);
        let mut message = Message::new(
            "m1",
            "t",
            Direction::In,
            Millis::ZERO,
            70_000,
            Encoding::Text,
        );
        message.truncated = true;
        scenario.messages.push(message);
        scenario.messages_dropped = Some(2);
        scenario.timeline_dropped = 3;
        scenario.surprises_dropped = Some(4);
        let mut near_miss = NearMiss::new(vec![Difference::new("a", MismatchKind::Missing)]);
        near_miss.differences_dropped = Some(7);
        let mut handle = Handle::new("t", Outcome::Fail);
        handle.count = Some(6);
        handle.matched.push("m1".to_owned());
        handle.near_misses.push(near_miss);
        handle.near_miss_count = Some(6);
        handle.pattern_truncated = true;
        let mut older = Handle::new("t", Outcome::Fail);
        older.failures_dropped = 1;
        scenario.handles = vec![handle, older];
        let mut reply = Reply::new("a", "b", ReplyState::ArmedMatcherMismatched);
        reply.near_miss_count = Some(2);
        scenario.replies.push(reply);
        let mut test = Test::new("t", "", "t", TestOutcome::Failed, Millis::ZERO);
        assert_eq!(of(&test), []);
        test.scenarios = vec![scenario.clone(), scenario];
        let counts: Vec<_> = of(&test)
            .iter()
            .map(|notice| (notice.kind.as_str().to_owned(), notice.count))
            .collect();
        let (cut, dropped) = ("cut".to_owned(), "dropped".to_owned());
        assert_eq!(
            counts,
            [
                (cut.clone(), 2),
                (dropped.clone(), 4),
                (dropped.clone(), 6),
                (dropped.clone(), 8),
                (dropped.clone(), 10),
                (dropped.clone(), 16),
                (dropped, 14),
                (cut, 2),
            ]
        );
    }
}
