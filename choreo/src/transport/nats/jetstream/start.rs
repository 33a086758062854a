//! Where a subscription begins in a stream.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// Where subscriptions of a [`JetStream`](super::JetStream) begin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Start {
    /// With what is published after the subscription: as on any other transport.
    #[default]
    New,
    /// With the first message that the stream still has.
    First,
    /// With the message of this sequence in the stream, or the next one that is there.
    Sequence(u64),
    /// With the first message that the stream stored at this time or later.
    Time(SystemTime),
}

/// Where a consumer begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    /// Before anything came.
    At(Start),
    /// After this sequence of the stream.
    After(u64),
}

impl Position {
    /// Sets where the consumer begins in its configuration.
    pub(super) fn configure(self, config: &mut Value) {
        let policy = match self {
            Self::At(Start::New) => "new",
            Self::At(Start::First) => "all",
            Self::At(Start::Sequence(sequence)) => {
                config["opt_start_seq"] = json!(sequence.max(1));
                "by_start_sequence"
            }
            Self::After(sequence) => {
                config["opt_start_seq"] = json!(sequence.saturating_add(1));
                "by_start_sequence"
            }
            Self::At(Start::Time(time)) => {
                config["opt_start_time"] = json!(rfc_3339(time));
                "by_start_time"
            }
        };
        config["deliver_policy"] = json!(policy);
    }
}

/// A time as JetStream reads it; what is before 1970 is 1970.
fn rfc_3339(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let nanos = since.subsec_nanos();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanos:09}Z")
}

/// The date of a day after 1970-01-01, counted in years that start in March: leap days come last.
fn date(days: u64) -> (u64, u64, u64) {
    const DAYS_OF_400_YEARS: u64 = 146_097;
    // From 0000-03-01.
    let days = days + 719_468;
    let (era, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_are_written_as_the_server_reads_them() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00.000000001Z"),
            (951_782_399, "2000-02-28T23:59:59.000000001Z"),
            (951_782_400, "2000-02-29T00:00:00.000000001Z"),
            (1_709_251_200, "2024-03-01T00:00:00.000000001Z"),
            (1_735_689_599, "2024-12-31T23:59:59.000000001Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000000001Z"),
        ] {
            assert_eq!(rfc_3339(UNIX_EPOCH + Duration::new(seconds, 1)), expected);
        }
        assert_eq!(
            rfc_3339(UNIX_EPOCH - Duration::from_secs(1)),
            "1970-01-01T00:00:00.000000000Z"
        );
    }
}
