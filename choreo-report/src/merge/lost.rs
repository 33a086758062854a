//! Tests whose process ended before they did: they are in the report as errors, with what is known.

use super::index::Fate;
use crate::model::{Millis, Test, TestOutcome};
use crate::partial::Header;

/// What the report says of a test that its process was going to run and of which it wrote no end; none if it did.
pub(super) fn test(header: &Header, index: usize, fate: Fate) -> Option<Test> {
    let started = match fate {
        Fate::Ended => return None,
        Fate::Started(at) => Some(at),
        Fate::Planned => None,
    };
    if header.tests.get(index)?.ignored {
        let mut test = header.test(index, TestOutcome::Skipped, Millis::ZERO)?;
        test.skip_reason = Some("ignored".to_owned());
        return Some(test);
    }
    let Header {
        process,
        pid,
        target,
        ..
    } = header;
    let what = match started {
        Some(at) => format!(
            "the process that ran this scenario ended before the scenario did\n\
             the scenario began at {at}, in process {pid} of `{target}` ({process})"
        ),
        None => format!(
            "the process that was to run this scenario ended before the scenario began\n\
             it was process {pid} of `{target}` ({process})"
        ),
    };
    let text = format!(
        "{what}\n\
         it may have been killed (for want of memory, or over a time limit), have crashed, or have called \
         `std::process::exit`; its last output may tell"
    );
    let mut test = header.test(index, TestOutcome::Errored, Millis::ZERO)?;
    test.started_at = started;
    test.traceback = Some(text.clone());
    test.failure_text = Some(text);
    Some(test)
}
