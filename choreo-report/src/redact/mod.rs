//! Redaction: one pass over all that goes into a report, before it leaves the process.
//!
//! What is hidden is replaced by a marker that names the rule, such as `<redacted:field>`, and counted
//! under that name. `<redacted` at the start is what a consumer looks for; version 1.3 has `<redacted>`
//! alone ([`without_rules`]).
//!
//! | rule | what it hides |
//! |---|---|
//! | `field` | the value of a field, header or variable whose name says that it is a secret: `password`, `user_password`, `x-api-key`, `idToken`, `set-cookie`; not `author`, `tokenizer`, `password_length` |
//! | `assignment` | the same in a text: `password=x`, `"api_key": "x"`, `--token x`, `?token=x&…` |
//! | `authorization` | a header of that name in a text |
//! | `bearer`, `basic` | credentials with that scheme |
//! | `url` | user and password of a URL, also a user alone |
//! | `private-key`, `jwt`, `aws-key`, `api-key` | what looks like one |
//! | `secret` | a secret that the run itself resolved, wherever it turns up ([`remember_secret`]) |
//! | any other | a redactor of the user's ([`redactor`]) |
//!
//! A text with nothing to hide stays as it is, and to redact twice is to redact once. The time is
//! linear in the length of the text. No text makes it panic.
//!
//! Values that are null or yes-or-no stay, and so do empty ones: they say that there is no secret.

mod assign;
mod extent;
mod hits;
mod marker;
mod names;
mod own;
mod patterns;
mod record;
mod secrets;
mod shape;
#[cfg(test)]
mod tests;
mod value;
mod view;

use std::borrow::Cow;
use std::collections::BTreeMap;

pub use self::marker::without_rules;
pub use self::own::{Hide, Shown, redactor};
pub use self::secrets::{Holding, SHORTEST_SECRET, forget_secret, hold_secrets, remember_secret};

use self::hits::{Hits, Rule, replace};
use self::own::Own;
use self::secrets::Search;

/// The version of the rules, for `redaction_version`. Version 1 was that of the Python tool.
pub const REDACTION_VERSION: &str = "v2";

/// How often each rule hit: the number of its markers.
pub type Counts = BTreeMap<String, u64>;

/// How deep escapes in escapes are undone: JSON text in JSON text in JSON text.
const MAX_DECODED: usize = 3;
/// How often a text is read at most, when something was found in it.
const MAX_ROUNDS: usize = 8;

/// Redacts texts, values and records, and counts what it hides.
#[derive(Debug)]
pub struct Redactor {
    search: Search,
    own: Vec<Own>,
    counts: Counts,
    /// Instead of hiding anything, take the names of rules out of markers.
    only_forget: bool,
}

impl Redactor {
    /// With the rules that always hold, the secrets that this process resolved and the redactors that
    /// its user registered: for the reports of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self {
            search: Search::of_process(),
            own: own::registered(),
            counts: Counts::new(),
            only_forget: false,
        }
    }

    /// With the rules that always hold and nothing else: for texts from elsewhere.
    #[must_use]
    pub fn new() -> Self {
        Self {
            search: Search::of(Vec::new()),
            own: Vec::new(),
            counts: Counts::new(),
            only_forget: false,
        }
    }

    /// The number of hits of each rule since the last call.
    pub fn take_counts(&mut self) -> Counts {
        std::mem::take(&mut self.counts)
    }

    /// Redacts a text.
    pub fn text(&mut self, text: &mut String) {
        self.text_of(None, text);
    }

    /// Redacts a text with the name of what it is the value of, if it has one. The name is for the
    /// user's redactors. Returns whether anything was hidden.
    fn text_of(&mut self, name: Option<&str>, text: &mut String) -> bool {
        if self.only_forget {
            if let Cow::Owned(forgotten) = without_rules(text) {
                *text = forgotten;
            }
            return false;
        }
        let mut redacted: Option<String> = None;
        // What is taken out changes what stands beside it, so that more may be found; rarely.
        for _ in 0..MAX_ROUNDS {
            let current = redacted.as_deref().unwrap_or(text);
            let hits = self.find(name, current);
            if hits.is_empty() {
                break;
            }
            let ranges = hits.merged(current);
            if ranges.is_empty() {
                break;
            }
            redacted = Some(replace(current, &ranges, &self.own));
        }
        let Some(redacted) = redacted else {
            return false;
        };
        self.count(text, &redacted);
        *text = redacted;
        true
    }

    /// Counts the markers that are new.
    fn count(&mut self, before: &str, after: &str) {
        let mut rules: BTreeMap<&str, i64> = BTreeMap::new();
        for (text, one) in [(before, -1), (after, 1)] {
            for marker in marker::markers(text) {
                *rules.entry(marker::rule_of(&text[marker])).or_default() += one;
            }
        }
        for (rule, count) in rules {
            if let Ok(count @ 1..) = u64::try_from(count) {
                *self.counts.entry(rule.to_owned()).or_default() += count;
            }
        }
    }

    fn find(&self, name: Option<&str>, text: &str) -> Hits {
        let mut hits = Hits::default();
        for (number, own) in self.own.iter().enumerate() {
            own.find(number, Shown::new(name, text), &mut hits);
        }
        self.find_all(text, 0, &mut hits);
        hits
    }

    /// In a text and in what it decodes to.
    fn find_all(&self, text: &str, decoded: usize, hits: &mut Hits) {
        self.search.find(text, hits);
        if names::may_hold_a_name(text) {
            assign::find(text, hits);
        }
        patterns::find(text, hits);
        if decoded < MAX_DECODED {
            let views = [
                view::without_backslashes(text),
                view::without_percents(text),
            ];
            for view in views.into_iter().flatten() {
                let mut inner = Hits::default();
                self.find_all(&view.text, decoded + 1, &mut inner);
                hits.add_decoded(inner, &view.starts);
            }
        }
    }

    /// The first rule that finds something in a text.
    fn rule_in(&self, text: &str) -> Option<Rule> {
        let hits = self.find(None, text);
        hits.merged(text).first().map(|(_, rule)| *rule)
    }

    fn knows_secrets(&self) -> bool {
        !self.search.is_empty() || !self.own.is_empty()
    }
}

impl Default for Redactor {
    fn default() -> Self {
        Self::new()
    }
}
