//! Secrets that this process resolved itself, and the search for them in any of their forms.
//!
//! They are held only while a report is wanted, and wiped when it is not any more. While texts are
//! searched, the search engine has a copy of them, which is dropped but not wiped.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aho_corasick::AhoCorasick;
use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use secrecy::{ExposeSecret, SecretString};

use super::hits::{Hits, Rule};

/// Shorter secrets, in bytes, are not searched for: they would be found in half of all words.
pub const SHORTEST_SECRET: usize = 6;
/// Of a secret of several lines, such as a key file, lines of at least so many bytes are searched
/// for by themselves.
const SHORTEST_LINE: usize = 16;
/// Longer secrets are not searched for in parts. Keeps the time linear.
const LONGEST_CUT: usize = 256;

static KNOWN: Mutex<Known> = Mutex::new(Known {
    holders: 0,
    generation: 0,
    secrets: Vec::new(),
});

struct Known {
    /// How many [`Holding`]s there are.
    holders: usize,
    /// Changes whenever the secrets do.
    generation: u64,
    secrets: Vec<Remembered>,
}

struct Remembered {
    text: SecretString,
    /// How often it was remembered, less how often it was let go.
    times: usize,
}

fn known() -> MutexGuard<'static, Known> {
    // Nothing panics while it is locked.
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As long as one of these exists, [`remember_secret`] keeps what it is given.
#[derive(Debug)]
#[must_use = "secrets are forgotten when this is dropped"]
pub struct Holding(());

/// Begins to keep secrets, because there will be a report.
pub fn hold_secrets() -> Holding {
    known().holders += 1;
    Holding(())
}

impl Drop for Holding {
    fn drop(&mut self) {
        let mut known = known();
        known.holders = known.holders.saturating_sub(1);
        if known.holders == 0 {
            // Each wipes itself.
            known.secrets.clear();
            known.generation += 1;
        }
    }
}

/// Remembers a secret, so that reports hide it wherever it turns up: in any text, also escaped as in
/// JSON, percent-encoded, in Base64, in hexadecimal, or as a list of bytes.
///
/// Does nothing unless [`hold_secrets`] was called, and with texts below [`SHORTEST_SECRET`].
pub fn remember_secret(text: &str) {
    let mut known = known();
    if known.holders == 0 || text.trim().len() < SHORTEST_SECRET {
        return;
    }
    let same = |held: &&mut Remembered| held.text.expose_secret() == text;
    match known.secrets.iter_mut().find(same) {
        Some(held) => held.times += 1,
        None => {
            known.secrets.push(Remembered {
                text: SecretString::from(text),
                times: 1,
            });
            known.generation += 1;
        }
    }
}

/// Takes back one [`remember_secret`]: the text turned out to be no secret, such as a user's name.
pub fn forget_secret(text: &str) {
    let mut known = known();
    let position = known
        .secrets
        .iter()
        .position(|held| held.text.expose_secret() == text);
    if let Some(at) = position {
        known.secrets[at].times -= 1;
        if known.secrets[at].times == 0 {
            known.secrets.swap_remove(at);
            known.generation += 1;
        }
    }
}

/// Finds secrets in texts.
pub(super) struct Search {
    generation: Option<u64>,
    engine: Option<Engine>,
}

struct Engine {
    automaton: AhoCorasick,
    /// How each of the automaton's patterns is written.
    forms: Vec<Form>,
    /// For texts that were cut in the middle of one.
    secrets: Vec<SecretString>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Base64,
    Hex,
}

impl Search {
    /// For secrets that are given here.
    pub(super) fn of(secrets: Vec<SecretString>) -> Self {
        Self {
            generation: None,
            engine: Engine::new(secrets),
        }
    }

    /// For the secrets of this process; [`Search::refresh`] follows them.
    pub(super) fn of_process() -> Self {
        let mut search = Self {
            generation: Some(0),
            engine: None,
        };
        search.rebuild(&known());
        search
    }

    pub(super) fn refresh(&mut self) {
        let known = known();
        if self.generation.is_some_and(|seen| seen != known.generation) {
            self.rebuild(&known);
        }
    }

    fn rebuild(&mut self, known: &Known) {
        self.generation = Some(known.generation);
        self.engine = Engine::new(known.secrets.iter().map(|held| held.text.clone()).collect());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.engine.is_none()
    }

    pub(super) fn find(&self, text: &str, hits: &mut Hits) {
        let Some(engine) = &self.engine else {
            return;
        };
        let mut last = 0..0;
        for found in engine.automaton.find_overlapping_iter(text) {
            let range = found.range();
            if last.start <= range.start && range.end <= last.end {
                continue;
            }
            last = match engine.forms[found.pattern().as_usize()] {
                Form::Plain => range,
                Form::Base64 => run(text, range, |byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=')
                }),
                Form::Hex => run(text, range, |byte| byte.is_ascii_hexdigit()),
            };
            hits.add(last.clone(), Rule::Secret);
        }
        engine.find_cut(text, hits);
    }
}

impl fmt::Debug for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Search(<redacted>)")
    }
}

impl Engine {
    fn new(secrets: Vec<SecretString>) -> Option<Self> {
        let mut patterns: Vec<(Vec<u8>, Form)> = Vec::new();
        for secret in &secrets {
            let text = secret.expose_secret();
            let lines = text
                .lines()
                .filter(|line| line.trim().len() >= SHORTEST_LINE);
            let whole = (text.len() >= SHORTEST_SECRET).then_some(text);
            for part in whole.into_iter().chain(lines).map(str::trim) {
                patterns.extend(forms(part));
            }
        }
        let patterns: Vec<_> = patterns
            .into_iter()
            .filter(|(pattern, _)| pattern.len() >= SHORTEST_SECRET)
            .collect();
        if patterns.is_empty() {
            return None;
        }
        let automaton = AhoCorasick::new(patterns.iter().map(|(pattern, _)| pattern)).ok()?;
        Some(Self {
            automaton,
            forms: patterns.iter().map(|(_, form)| *form).collect(),
            secrets,
        })
    }

    /// Half of a secret or more, at an end of the text or beside an ellipsis: the text was cut.
    fn find_cut(&self, text: &str, hits: &mut Hits) {
        for secret in &self.secrets {
            let secret = secret.expose_secret();
            if secret.len() <= SHORTEST_SECRET || secret.len() > LONGEST_CUT {
                continue;
            }
            let least = (secret.len() / 2).max(SHORTEST_SECRET);
            let ends = text
                .match_indices('…')
                .map(|(at, _)| at)
                .chain(text.match_indices("...").map(|(at, _)| at))
                .chain([text.len()]);
            for end in ends {
                let head = (least..secret.len())
                    .rev()
                    .filter_map(|length| secret.get(..length))
                    .find(|head| text[..end].ends_with(head));
                if let Some(head) = head {
                    hits.add(end - head.len()..end, Rule::Secret);
                }
            }
            let starts = text
                .match_indices('…')
                .map(|(at, mark)| at + mark.len())
                .chain([0]);
            for start in starts {
                let tail = (1..=secret.len() - least)
                    .filter_map(|skipped| secret.get(skipped..))
                    .find(|tail| text[start..].starts_with(tail));
                if let Some(tail) = tail {
                    hits.add(start..start + tail.len(), Rule::Secret);
                }
            }
        }
    }
}

/// How a secret may be written, apart from escapes, which are undone before the search.
fn forms(secret: &str) -> Vec<(Vec<u8>, Form)> {
    let bytes = secret.as_bytes();
    let mut forms = vec![(bytes.to_vec(), Form::Plain)];
    if secret.contains(' ') {
        forms.push((secret.replace(' ', "+").into_bytes(), Form::Plain));
    }
    for shift in 0..3 {
        // Where the secret begins in the middle of what was encoded, it fills other bits.
        let mut shifted = vec![0; shift];
        shifted.extend_from_slice(bytes);
        let whole = (shifted.len() * 8) / 6;
        let skipped = (shift * 8).div_ceil(6);
        for encoding in [BASE64_NOPAD, BASE64URL_NOPAD] {
            let encoded = encoding.encode(&shifted);
            forms.push((encoded.as_bytes()[skipped..whole].to_vec(), Form::Base64));
        }
    }
    forms.push((HEXLOWER.encode(bytes).into_bytes(), Form::Hex));
    forms.push((HEXUPPER.encode(bytes).into_bytes(), Form::Hex));
    for separator in [", ", ","] {
        let list: Vec<_> = bytes.iter().map(ToString::to_string).collect();
        forms.push((list.join(separator).into_bytes(), Form::Plain));
    }
    forms.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    forms.dedup_by(|a, b| a.0 == b.0);
    forms
}

/// The run of such bytes around a range.
fn run(
    text: &str,
    range: std::ops::Range<usize>,
    belongs: fn(&u8) -> bool,
) -> std::ops::Range<usize> {
    let bytes = text.as_bytes();
    let before = bytes[..range.start]
        .iter()
        .rev()
        .take_while(|byte| belongs(byte));
    let after = bytes[range.end..].iter().take_while(|byte| belongs(byte));
    range.start - before.count()..range.end + after.count()
}
