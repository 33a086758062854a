//! Versions of the format.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::ReadError;
use crate::model::SCHEMA_VERSION;

/// A version of the format. Minor versions add optional fields only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    minor: u32,
}

impl Version {
    /// Reads `1` or `1.` and a number.
    pub(super) fn parse(text: &str) -> Result<Self, ReadError> {
        let minor = match text.split_once('.') {
            None if text == "1" => Some(0),
            Some(("1", minor)) if minor.bytes().all(|b| b.is_ascii_digit()) => minor.parse().ok(),
            _ => None,
        };
        match minor {
            Some(minor) => Ok(Self { minor }),
            None => Err(ReadError::Version {
                found: text.to_owned(),
            }),
        }
    }

    /// The number behind `1.`.
    #[must_use]
    pub fn minor(self) -> u32 {
        self.minor
    }

    /// Whether this crate may not know all of its fields.
    #[must_use]
    pub fn is_newer(self) -> bool {
        Self::parse(SCHEMA_VERSION).is_ok_and(|known| self > known)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.minor {
            0 => f.write_str("1"),
            minor => write!(f, "1.{minor}"),
        }
    }
}

/// What JSON of any shape says about its version.
pub(super) fn of(json: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Versioned {
        schema_version: Value,
    }
    let Versioned { schema_version } = serde_json::from_slice(json).ok()?;
    Some(match schema_version {
        Value::String(text) => text,
        other => other.to_string(),
    })
}
