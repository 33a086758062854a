//! Expectations that are judged against ids, numbers or each other: what is wrong with them is said when
//! they are made.

use std::sync::Arc;

use super::{Act, State};
use crate::correlation::WithoutId;
use crate::dispatch::lock;
use crate::expectation::{ArrivalOrder, Limits, Terms};
use crate::ids::{LegIndex, Location};
use crate::outcome::ScenarioErrorKind;

impl Act {
    /// What cannot be judged ends the scenario as error.
    pub(super) fn check_sound(&self, state: &mut State, on: LegIndex, topic: &str, terms: &Terms) {
        let forbids = |limits: &Limits| limits.forbids() && terms.quiet.is_some();
        let word = match &terms.limits {
            Some(limits) if forbids(limits) => Some("never!"),
            _ => terms.fail_fast.then_some("fail_fast"),
        };
        let foreign_counts = word.and_then(|word| self.unprovable(on, topic, terms, word));
        let problem = terms.limits.as_ref().and_then(|limits| {
            if forbids(limits) {
                return None;
            }
            let mut limits = limits.clone();
            if let Some(quiet) = terms.quiet {
                limits = limits.quiet_for(quiet);
            }
            let problem = limits.problem().or_else(|| {
                if limits.least > 0 {
                    return None;
                }
                let missed = "none is needed, so no `deadline` can be missed";
                let wrong = "none is needed, so `fail_fast` has no near miss to look for";
                let pointless = terms.deadline.map(|_| missed);
                let pointless = pointless.or(terms.fail_fast.then_some(wrong));
                pointless.map(ToOwned::to_owned)
            })?;
            Some(format!("the number of messages on `{topic}`: {problem}"))
        });
        let needs_window = terms
            .limits
            .as_ref()
            .is_some_and(|limits| limits.least == 0);
        let foreign = || {
            let (scenario, index) = terms.since?;
            let text = if scenario != self.scenario {
                "`since` names a handle of another scenario"
            } else if state.forbids(index) {
                "`since` names a `never!`, whose message must not come"
            } else if needs_window && index < state.earlier_handles() {
                return Some(
                    "`since` names a handle of an earlier act, so the window would begin before this act \
                     listens; let it begin at the act's trigger, without `since`, or move it into that act"
                        .to_owned(),
                );
            } else {
                return None;
            };
            Some(format!(
                "{text}; name a handle that an `expect!` of this one gave"
            ))
        };
        if let Some(text) = foreign_counts.or(problem).or_else(foreign) {
            self.record_error(state, ScenarioErrorKind::Unsound, text);
        }
    }

    /// Without an id a message on the topic may be anybody's.
    fn unprovable(&self, on: LegIndex, topic: &str, terms: &Terms, word: &str) -> Option<String> {
        let leg = self.leg(on);
        if terms.unrouted || leg.is_inbox(topic) {
            return None;
        }
        let (why, remedy) = if !leg.router.routes() {
            (
                "carry no correlation id here",
                "give the harness a policy, such as `.correlation(FieldCorrelation::new(\"correlation_id\"))`",
            )
        } else if leg.router.without_id() == WithoutId::Broadcast {
            (
                "count here without a correlation id too (`WithoutId::Broadcast`)",
                "leave that out",
            )
        } else {
            return None;
        };
        Some(format!(
            "`{word}` on `{topic}`: messages of {} {why}, so one that another scenario caused would \
             count; {remedy}, or write the option `unrouted` where nothing else uses the topic",
            leg.info
        ))
    }

    /// The messages of these handles must come in this order.
    pub(crate) fn in_order(&self, handles: &[(u64, u32)], location: Location) {
        let mut state = lock(&self.state);
        if state.result.is_some() {
            return;
        }
        let foreign = handles
            .iter()
            .any(|(scenario, _)| *scenario != self.scenario);
        let forbids = handles.iter().any(|(_, index)| state.forbids(*index));
        let problem = if foreign {
            Some(
                "`in_order!` names a handle of another scenario; each scenario has handles of its own",
            )
        } else if forbids {
            Some(
                "`in_order!` names a `never!`, whose message must not come; take it out, or write `since handle` into the `never!`",
            )
        } else {
            None
        };
        if let Some(text) = problem {
            return self.record_error(&mut state, ScenarioErrorKind::Unsound, text.to_owned());
        }
        let handles: Vec<_> = handles.iter().map(|(_, index)| *index).collect();
        if let Some(text) = self.unordered(&state, &handles) {
            return self.record_error(&mut state, ScenarioErrorKind::Unsupported, text);
        }
        state.orders.push(ArrivalOrder::new(handles, location));
    }
}

impl State {
    /// The place of a new expectation.
    pub(super) fn listening(&self, on: LegIndex, slot: u32) -> crate::expectation::Listening {
        crate::expectation::Listening {
            leg: on.0,
            topic: Arc::clone(&self.slot(slot).expect("it was just made").topic),
            slot,
        }
    }
}
