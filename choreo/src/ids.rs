//! Small identities: correlation ids and what they look like in texts.

use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use sha2::{Digest as _, Sha256};

/// The id that ties every message of one scenario together. Opaque; cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CorrelationId(Arc<str>);

impl CorrelationId {
    /// An id with the given text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// 32 hexadecimal digits after a prefix: 64 random bits of this process, and a number that it gives
    /// once. So ids differ within a process by construction, and between processes by chance.
    ///
    /// # Panics
    ///
    /// If the operating system has no randomness to give.
    pub fn random(prefix: &str) -> Self {
        static PROCESS: LazyLock<[u8; 16]> = LazyLock::new(|| {
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes).expect("the operating system provides randomness");
            bytes
        });
        static NEXT: AtomicU64 = AtomicU64::new(0);

        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        // An odd factor permutes the numbers: neighbours look nothing alike, and none comes twice.
        let number = NEXT
            .fetch_add(1, Ordering::Relaxed)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (process, start) = PROCESS.split_at(8);
        let number = number.to_be_bytes();
        let varied = start
            .iter()
            .zip(&number)
            .map(|(start, number)| start ^ number);
        let mut digits = [0; 32];
        let bytes = process.iter().copied().chain(varied);
        for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 0xf)];
        }
        let digits = std::str::from_utf8(&digits).expect("hexadecimal digits are ASCII");
        if prefix.is_empty() {
            return Self(digits.into());
        }
        Self(format!("{prefix}{digits}").into())
    }

    /// The form in which reports name it: `sha256:` and the first 16 hexadecimal digits of the SHA-256 of its
    /// text. Equal ids stay equal, so that a report can be searched for one; nobody reads an id out of it.
    ///
    /// ```
    /// # use choreo::CorrelationId;
    /// assert_eq!(CorrelationId::new("abc").hashed(), "sha256:ba7816bf8f01cfea");
    /// ```
    pub fn hashed(&self) -> String {
        let digest = Sha256::digest(self.0.as_bytes());
        digest
            .iter()
            .take(8)
            .fold("sha256:".to_owned(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            })
    }

    /// The text that travels.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CorrelationId({})", self.0)
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where in the user's source something was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

/// Which transport of a scenario, in the order of the stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LegIndex(pub(crate) u32);

impl LegIndex {
    /// The only transport of a scenario without a stage.
    pub(crate) const ONLY: Self = Self(0);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_long_and_never_come_twice() {
        let ids: HashSet<_> = (0..10_000)
            .map(|_| CorrelationId::random("TEST-"))
            .collect();
        assert_eq!(ids.len(), 10_000);
        for id in ids {
            let digits = id.as_str().strip_prefix("TEST-").expect("the prefix");
            assert_eq!(digits.len(), 32);
            assert!(digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        }
    }
}
