//! Budgets and deadlines that make no sense together, or with a number.

use crate::model::{Amount, Expectation};
use crate::recover::Diagnostics;

use super::count::literal;

/// Reports what is wrong; what only the running test knows is looked at there.
pub(crate) fn time(expectation: &Expectation, diagnostics: &mut Diagnostics) {
    let options = &expectation.options;
    let Some((word, deadline)) = &options.deadline else {
        return;
    };
    let budget = options.within.as_ref().and_then(|within| within.nanos());
    if let (Some(deadline), Some(budget)) = (deadline.nanos(), budget)
        && deadline < budget
    {
        diagnostics.error(
            *word,
            "nothing that comes after the deadline is a match, so with a shorter one no match is over its \
             budget; write a `within` that is below the `deadline`, or remove it",
        );
    }
    if let Some(Amount::Between { low, .. }) = options.count.as_ref().map(|count| &count.amount)
        && literal(low) == Some(Ok(0))
    {
        diagnostics.error(
            *word,
            "none is needed, so no deadline can be missed; remove it, or write how many must come, such as \
             `times 1..=3`",
        );
    }
}
