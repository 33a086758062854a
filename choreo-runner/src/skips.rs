//! Scenarios that could not run here, gathered by reason, so that each reason is said once.

use crate::text::count;

/// The reasons, in the order in which they came up, with the number of scenarios each.
#[derive(Debug, Default)]
pub(crate) struct Skips {
    reasons: Vec<(String, usize)>,
}

/// One reason, as it is shown.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// `SKIPPED 3 scenarios:`.
    pub(crate) title: String,
    pub(crate) reason: String,
}

impl Skips {
    pub(crate) fn add(&mut self, reason: &str) {
        match self.reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, number)) => *number += 1,
            None => self.reasons.push((reason.to_owned(), 1)),
        }
    }

    pub(crate) fn notices(&self) -> impl Iterator<Item = Notice> {
        self.reasons.iter().map(|(reason, number)| Notice {
            title: format!("SKIPPED {}:", count(*number, "scenario")),
            reason: reason.trim_end().replace('\n', "\n    "),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_said_once_with_the_number_of_scenarios() {
        let mut skips = Skips::default();
        for reason in ["no NATS\ninstall it\n", "no Kafka", "no NATS\ninstall it\n"] {
            skips.add(reason);
        }
        let said: Vec<String> = skips
            .notices()
            .map(|notice| format!("{} {}", notice.title, notice.reason))
            .collect();
        assert_eq!(
            said,
            [
                "SKIPPED 2 scenarios: no NATS\n    install it",
                "SKIPPED 1 scenario: no Kafka"
            ]
        );
    }
}
