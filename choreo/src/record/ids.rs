//! The scenario's correlation ids, which no report shows as they are.

use std::borrow::Cow;

use choreo_report::model::Replacements;
use serde_json::Value;

use crate::ids::CorrelationId;
use crate::outcome::ScenarioResult;

/// A shorter id may well be a part of some other text. It is hidden where it is a whole string.
const SHORTEST: usize = 8;

/// What stands for them.
pub(super) struct Ids {
    in_texts: Replacements,
    short: Vec<CorrelationId>,
}

/// The ids of a scenario, in each form that they have.
fn all(result: &ScenarioResult) -> impl Iterator<Item = &CorrelationId> {
    let on_legs = result.legs.iter().filter_map(|leg| leg.id.as_ref());
    let all = on_legs.chain(result.correlation_id());
    all.filter(|id| !id.as_str().is_empty())
}

fn is_short(id: &CorrelationId) -> bool {
    id.as_str().len() < SHORTEST
}

/// The ids of a scenario and their hashes: short ones in quotes, as a text shows a whole string.
pub(crate) fn replacements(result: &ScenarioResult) -> Replacements {
    let quoted = |text: &str| Value::from(text).to_string();
    let pair = |id: &CorrelationId| {
        let (text, hash) = (id.as_str(), id.hashed());
        match is_short(id) {
            true => (quoted(text), quoted(&hash)),
            false => (text.to_owned(), hash),
        }
    };
    Replacements::new(all(result).map(pair).collect())
}

impl Ids {
    pub(super) fn of(result: &ScenarioResult) -> Self {
        Self {
            in_texts: replacements(result),
            short: all(result).filter(|id| is_short(id)).cloned().collect(),
        }
    }

    /// A text with hashes in the place of ids.
    pub(super) fn hidden<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.short.iter().find(|id| id.as_str() == text) {
            Some(id) => id.hashed().into(),
            None => self.in_texts.apply(text),
        }
    }

    /// The same in bytes that are no text: an id is text, so it stands in a part of them that is.
    pub(super) fn hidden_in_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut shown = Vec::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            shown.extend_from_slice(self.in_texts.apply(chunk.valid()).as_bytes());
            shown.extend_from_slice(chunk.invalid());
        }
        shown
    }

    /// The same in every text of a value.
    pub(super) fn hide(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(hidden) = self.hidden(text) {
                    *text = hidden;
                }
            }
            Value::Array(elements) => elements.iter_mut().for_each(|element| self.hide(element)),
            Value::Object(fields) => {
                fields.values_mut().for_each(|field| self.hide(field));
                let is_hidden = |key: &&String| matches!(self.hidden(key), Cow::Owned(_));
                let keys: Vec<String> = fields.keys().filter(is_hidden).cloned().collect();
                for key in keys {
                    if let Some(field) = fields.remove(&key) {
                        fields.insert(self.hidden(&key).into_owned(), field);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
