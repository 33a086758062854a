//! Durations and points in time as reports write them.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds, with fractions: finite, never negative. What is made from a [`Duration`] is rounded to
/// microseconds; what was read stays as it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
pub struct Millis(f64);

// Never NaN.
impl Eq for Millis {}

impl Millis {
    /// No time at all.
    pub const ZERO: Self = Self(0.0);

    /// `ms` milliseconds, or nothing if that is negative or not finite.
    #[must_use]
    pub fn new(ms: f64) -> Option<Self> {
        // Also `-0.0` becomes zero.
        (ms.is_finite() && ms >= 0.0).then_some(Self(ms + 0.0))
    }

    /// The number of milliseconds.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl From<Duration> for Millis {
    fn from(duration: Duration) -> Self {
        let micros = (duration.as_nanos() + 500) / 1000;
        Self(micros as f64 / 1000.0)
    }
}

impl From<Millis> for Duration {
    /// As long as a [`Duration`] can be, if it is longer.
    fn from(millis: Millis) -> Self {
        Self::try_from_secs_f64(millis.0 / 1000.0).unwrap_or(Self::MAX)
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0)
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ms = f64::deserialize(deserializer)?;
        Self::new(ms).ok_or_else(|| {
            D::Error::custom(format!(
                "{ms} is no duration in milliseconds: it is negative or not finite"
            ))
        })
    }
}

/// A point in time, to the microsecond. Written as RFC 3339 in UTC: `2026-01-31T12:30:00.000125+00:00`, without
/// the fraction where it is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Since 1970.
    micros: i64,
}

/// Microseconds since 1970.
const YEAR_ZERO: i64 = -62_167_219_200_000_000;

/// A text that is no point in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no time; write one such as 2026-01-31T12:30:00Z (RFC 3339)")]
pub struct NoTimestamp {
    text: String,
}

impl Timestamp {
    /// The start of 1970.
    pub const UNIX_EPOCH: Self = Self { micros: 0 };

    /// What the machine's clock shows.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the wall-clock time of reports is made here"
    )]
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// Microseconds since the start of 1970.
    #[must_use]
    pub fn as_micros(self) -> i64 {
        self.micros
    }

    /// This much later, or the last time that can be written.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::clamped(self.micros.saturating_add(micros))
    }

    /// Between the years 0 and 9999, as the text form demands.
    fn clamped(micros: i64) -> Self {
        Self {
            micros: micros.clamp(YEAR_ZERO, jiff::Timestamp::MAX.as_second() * 1_000_000),
        }
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::clamped(match time.duration_since(UNIX_EPOCH) {
            Ok(after) => micros(after),
            Err(before) => -micros(before.duration()),
        })
    }
}

impl FromStr for Timestamp {
    type Err = NoTimestamp;

    fn from_str(text: &str) -> Result<Self, NoTimestamp> {
        match text.parse::<jiff::Timestamp>() {
            Ok(time) if time.as_microsecond() >= YEAR_ZERO => {
                Ok(Self::clamped(time.as_microsecond()))
            }
            _ => Err(NoTimestamp {
                text: text.to_owned(),
            }),
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In range by construction.
        let time = jiff::Timestamp::from_microsecond(self.micros).unwrap_or_default();
        let time = time.display_with_offset(jiff::tz::Offset::UTC);
        match self.micros % 1_000_000 {
            0 => write!(f, "{time}"),
            _ => write!(f, "{time:.6}"),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::words::deserialize(deserializer, |text| {
            text.parse().map_err(|error: NoTimestamp| error.to_string())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rounded_to_microseconds() {
        let ms = |nanos| Millis::from(Duration::from_nanos(nanos)).get();
        assert_eq!(ms(1_499), 0.001);
        assert_eq!(ms(1_500), 0.002);
        assert_eq!(ms(112_537_999), 112.538);
        assert_eq!(
            serde_json::to_string(&Millis::from(Duration::from_secs(2))).unwrap(),
            "2000.0"
        );
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for ms in [-0.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Millis::new(ms), None);
        }
        assert_eq!(Millis::new(-0.0).unwrap().to_string(), "0 ms");
        assert_eq!(
            Duration::from(Millis::new(f64::MAX).unwrap()),
            Duration::MAX
        );
    }

    #[test]
    fn times_are_utc_to_the_microsecond() {
        for (read, written) in [
            ("2026-01-31T12:30:00Z", "2026-01-31T12:30:00+00:00"),
            (
                "2026-01-31T12:30:00.000125+00:00",
                "2026-01-31T12:30:00.000125+00:00",
            ),
            (
                "2026-01-31T14:30:00.5+02:00",
                "2026-01-31T12:30:00.500000+00:00",
            ),
            (
                "1969-12-31T23:59:59.999999Z",
                "1969-12-31T23:59:59.999999+00:00",
            ),
        ] {
            assert_eq!(read.parse::<Timestamp>().unwrap().to_string(), written);
        }
        for text in ["2026-01-31", "2026-01-31T12:30:00", "yesterday", ""] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
        let late = Timestamp::now().after(Duration::MAX);
        assert_eq!(late.to_string().parse(), Ok(late));
    }
}

#[cfg(test)]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    impl JsonSchema for super::Millis {
        fn schema_name() -> Cow<'static, str> {
            "Millis".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "description": "Milliseconds, with fractions.",
                "type": "number",
                "minimum": 0,
            })
        }
    }

    impl JsonSchema for super::Timestamp {
        fn schema_name() -> Cow<'static, str> {
            "Timestamp".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "description": "A point in time, as RFC 3339 writes it.",
                "type": "string",
                "format": "date-time",
            })
        }
    }
}
