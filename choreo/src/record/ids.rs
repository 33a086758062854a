//! The scenario's correlation ids, which no report shows as they are.

use std::borrow::Cow;

use choreo_report::model::Replacements;
use serde_json::Value;

use crate::outcome::ScenarioResult;

/// Shorter texts are no ids that could be told from other texts.
const SHORTEST: usize = 8;

/// What stands for them.
pub(super) struct Ids(Replacements);

/// The ids of a scenario, in each form that they have, and their hashes.
pub(crate) fn replacements(result: &ScenarioResult) -> Replacements {
    let on_legs = result.legs.iter().filter_map(|leg| leg.id.as_ref());
    let all = on_legs.chain(result.correlation_id());
    let long = all.filter(|id| id.as_str().len() >= SHORTEST);
    Replacements::new(
        long.map(|id| (id.as_str().to_owned(), id.hashed()))
            .collect(),
    )
}

impl Ids {
    pub(super) fn of(result: &ScenarioResult) -> Self {
        Self(replacements(result))
    }

    /// A text with hashes in the place of ids.
    pub(super) fn hidden<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.0.apply(text)
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
