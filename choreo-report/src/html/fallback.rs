//! What the page shows without script: the failures, each with its cause.

use std::fmt::Write as _;

use super::because::Because;
use super::escape::{brief, prose};
use super::verdict::{Tally, noun};
use crate::model::{Run, Test, TestOutcome};

/// Failures in the table.
const ROWS: usize = 500;

/// The rows of the table so far.
#[derive(Debug, Default)]
pub(super) struct Fallback {
    rows: String,
    count: usize,
    more: usize,
}

impl Fallback {
    pub(super) fn add(&mut self, test: &Test, causes: &[Because]) {
        if !matches!(test.outcome, TestOutcome::Failed | TestOutcome::Errored) {
            return;
        }
        if self.count == ROWS {
            self.more += 1;
            return;
        }
        self.count += 1;
        let cause = causes
            .first()
            .map_or("no cause is known", |cause| cause.text.as_str());
        let place = match &test.location {
            Some(location) => format!("{}:{}", location.file, location.line),
            None => test.file.clone(),
        };
        // Writing into a string cannot fail.
        let _ = write!(
            self.rows,
            "<tr><th scope=\"row\"><bdi>{}</bdi></th><td><bdi>{}</bdi></td><td><bdi>{}</bdi></td></tr>",
            brief(&test.name, 200),
            prose(cause, 400),
            brief(&place, 200)
        );
    }

    /// The table as markup.
    pub(super) fn table(&self, run: &Run, tally: &Tally) -> String {
        let noun = noun(run);
        let mut html = format!(
            "<div class=\"fallback\"><p>This browser runs no script: here are the failures. results.json beside this \
             file has everything about all {} {noun}s.</p>",
            tally.total()
        );
        if self.count > 0 {
            let _ = write!(
                html,
                "<table><thead><tr><th scope=\"col\">Failed</th><th scope=\"col\">Cause</th><th scope=\"col\">Where</th></tr>\
                 </thead><tbody>{}</tbody></table>",
                self.rows
            );
        }
        if self.more > 0 {
            let _ = write!(html, "<p>and {} further failures.</p>", self.more);
        }
        html + "</div>"
    }
}
