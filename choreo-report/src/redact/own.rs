//! Redactors that users bring along.

use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use super::hits::{Hits, Rule};
use super::marker::rule_name;

static REGISTERED: Mutex<Vec<Own>> = Mutex::new(Vec::new());

/// A text that is about to go into a report, as a redactor of the user's sees it.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    name: Option<&'a str>,
    text: &'a str,
}

impl<'a> Shown<'a> {
    pub(super) fn new(name: Option<&'a str>, text: &'a str) -> Self {
        Self { name, text }
    }

    /// The name of the field, header or variable whose value this is, where it has one.
    #[must_use]
    pub fn name(&self) -> Option<&'a str> {
        self.name
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }
}

/// What a redactor wants hidden of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hide {
    /// Nothing.
    Nothing,
    /// All of it.
    All,
    /// These parts, in bytes of the text. What reaches beyond the text or into the middle of a
    /// character is widened to what is there.
    Parts(Vec<Range<usize>>),
}

impl From<bool> for Hide {
    /// All, or nothing.
    fn from(all: bool) -> Self {
        if all { Self::All } else { Self::Nothing }
    }
}

impl From<Vec<Range<usize>>> for Hide {
    fn from(parts: Vec<Range<usize>>) -> Self {
        Self::Parts(parts)
    }
}

impl From<Option<Range<usize>>> for Hide {
    /// One part, or nothing.
    fn from(part: Option<Range<usize>>) -> Self {
        part.map_or(Self::Nothing, |part| Self::Parts(vec![part]))
    }
}

type Judge = dyn Fn(Shown<'_>) -> Hide + Send + Sync;

/// A redactor with its name.
#[derive(Clone)]
pub(super) struct Own {
    name: Arc<str>,
    judge: Arc<Judge>,
}

impl AsRef<str> for Own {
    fn as_ref(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Own").field(&self.name).finish()
    }
}

impl Own {
    pub(super) fn new<H: Into<Hide>>(
        name: &str,
        judge: impl Fn(Shown<'_>) -> H + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: rule_name(name).into(),
            judge: Arc::new(move |shown| judge(shown).into()),
        }
    }

    /// Asks it. When it panics, all of the text is hidden.
    pub(super) fn find(&self, number: usize, shown: Shown<'_>, hits: &mut Hits) {
        let whole = 0..shown.text.len();
        // Whatever state a panic leaves broken is the redactor's own.
        let answer = catch_unwind(AssertUnwindSafe(|| (self.judge)(shown)));
        match answer.unwrap_or(Hide::All) {
            Hide::Nothing => {}
            Hide::All => hits.add(whole, Rule::Own(number)),
            Hide::Parts(parts) => {
                for part in parts {
                    let part = part.start.min(whole.end)..part.end.min(whole.end);
                    hits.add(part, Rule::Own(number));
                }
            }
        }
    }
}

/// Adds a redactor for all that goes into the reports of this process: payloads, headers, failure
/// texts, captured output and everything else that is text. It is asked for each text that no field
/// name hides already, beside the rules that always hold, and from several threads.
///
/// What it hides is shown as `<redacted:name>` and counted under that name; a name has small letters,
/// digits and dashes, other characters become dashes. A second redactor of the same name replaces the
/// first. If it panics, the text is hidden.
///
/// ```
/// use choreo_report::redact::redactor;
///
/// // All of a value:
/// redactor("customer", |shown| shown.name() == Some("customer_name"));
/// // Parts of a text:
/// redactor("iban", |shown| shown.text().find("DE").map(|at| at..at + 22));
/// ```
pub fn redactor<H: Into<Hide>>(name: &str, judge: impl Fn(Shown<'_>) -> H + Send + Sync + 'static) {
    let own = Own::new(name, judge);
    let mut registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    match registered.iter_mut().find(|known| known.name == own.name) {
        Some(known) => *known = own,
        None => registered.push(own),
    }
}

/// Those that are registered now.
pub(super) fn registered() -> Vec<Own> {
    REGISTERED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}
