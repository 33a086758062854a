//! JSON values: names of fields, and texts wherever they are.

use serde_json::{Map, Value};

use super::Redactor;
use super::hits::Rule;
use super::marker::{is_marker, marker};
use super::names::{Secrecy, path_is_secret, secrecy};

/// Values that hold each other deeper than this are hidden as a whole. `serde_json` reads 128 levels.
pub(super) const MAX_DEPTH: usize = 192;

impl Redactor {
    /// Redacts a value of which the name is known, such as a field or a header.
    pub fn named_value(&mut self, name: &str, value: &mut Value) {
        self.field(name, value, 0);
    }

    /// Redacts a value.
    pub fn value(&mut self, value: &mut Value) {
        self.within(None, value, 0);
    }

    /// Redacts a value at a path of a message, such as `user.password`.
    pub fn value_at(&mut self, path: &str, value: &mut Value) {
        if !self.only_forget && path_is_secret(path) && holds(value, Secrecy::Any) {
            self.hide(value, Rule::Field);
        } else {
            self.value(value);
        }
    }

    pub(super) fn map(&mut self, map: &mut Map<String, Value>) {
        self.object(map, 0);
    }

    fn field(&mut self, name: &str, value: &mut Value, depth: usize) {
        match secrecy(name) {
            _ if self.only_forget => self.within(Some(name), value, depth),
            Some(secrecy) if holds(value, secrecy) => self.hide(value, Rule::Field),
            _ => self.within(Some(name), value, depth),
        }
    }

    fn within(&mut self, name: Option<&str>, value: &mut Value, depth: usize) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => {
                if self.knows_secrets() {
                    let mut text = number.to_string();
                    if self.text_of(name, &mut text) {
                        *value = Value::String(text);
                    }
                }
            }
            Value::String(text) => {
                self.text_of(name, text);
            }
            Value::Array(_) | Value::Object(_) if depth >= MAX_DEPTH => {
                self.hide(value, Rule::Field)
            }
            Value::Array(list) => {
                if let Some(rule) = self.rule_of_bytes(list) {
                    return self.hide(value, rule);
                }
                self.array(name, list, depth);
            }
            Value::Object(map) => self.object(map, depth),
        }
    }

    fn array(&mut self, name: Option<&str>, list: &mut [Value], depth: usize) {
        // A pair: `["password", "x"]`. Two names are a list of names.
        if !self.only_forget
            && let [Value::String(first), second] = list
            && let Some(of_first) = secrecy(first)
            && holds(second, of_first)
            && second
                .as_str()
                .is_none_or(|second| secrecy(second).is_none())
        {
            return self.hide(second, Rule::Field);
        }
        let mut option = false;
        for value in list {
            // A command line: `["--password", "x"]`.
            let after_option = std::mem::replace(&mut option, is_secret_option(value));
            if after_option && !self.only_forget && holds(value, Secrecy::Any) && !is_option(value)
            {
                self.hide(value, Rule::Field);
            } else {
                self.within(name, value, depth + 1);
            }
        }
    }

    fn object(&mut self, map: &mut Map<String, Value>, depth: usize) {
        self.keys(map);
        // A list of headers or variables: `{"name": "authorization", "value": "x"}`.
        let named = ["name", "key"]
            .iter()
            .find_map(|key| map.get(*key)?.as_str())
            .and_then(secrecy)
            .filter(|_| !self.only_forget);
        for (name, value) in map.iter_mut() {
            match named {
                Some(secrecy) if name == "value" && holds(value, secrecy) => {
                    self.hide(value, Rule::Field);
                }
                _ => self.field(name, value, depth + 1),
            }
        }
    }

    /// Keys are texts too.
    fn keys(&mut self, map: &mut Map<String, Value>) {
        let changed: Vec<(String, String)> = map
            .keys()
            .filter_map(|key| {
                let mut text = key.clone();
                self.text_of(None, &mut text).then(|| (key.clone(), text))
            })
            .collect();
        for (key, text) in changed {
            let Some(value) = map.remove(&key) else {
                continue;
            };
            let mut unique = text.clone();
            let mut number = 2;
            while map.contains_key(&unique) {
                unique = format!("{text} #{number}");
                number += 1;
            }
            map.insert(unique, value);
        }
    }

    /// The rule that finds something in a list of bytes, such as `serde` makes of `Vec<u8>`.
    fn rule_of_bytes(&self, list: &[Value]) -> Option<Rule> {
        if self.only_forget || list.len() < super::SHORTEST_SECRET {
            return None;
        }
        let bytes: Option<Vec<u8>> = list
            .iter()
            .map(|value| value.as_u64().and_then(|byte| u8::try_from(byte).ok()))
            .collect();
        self.rule_in(&String::from_utf8_lossy(&bytes?))
    }

    /// Replaces a value as a whole.
    pub(super) fn hide(&mut self, value: &mut Value, rule: Rule) {
        *value = Value::String(self.counted(rule));
    }

    fn counted(&mut self, rule: Rule) -> String {
        let name = rule.name(&self.own).to_owned();
        let text = marker(&name);
        *self.counts.entry(name).or_default() += 1;
        text
    }
}

/// Whether there is anything to hide in a value whose name makes it a secret.
pub(super) fn holds(value: &Value, secrecy: Secrecy) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(_) => secrecy == Secrecy::Any,
        Value::String(text) => !text.is_empty() && !is_marker(text),
        Value::Array(list) => list.iter().any(|value| holds(value, secrecy)),
        Value::Object(map) => map.values().any(|value| holds(value, secrecy)),
    }
}

fn is_option(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with('-'))
}

fn is_secret_option(value: &Value) -> bool {
    value
        .as_str()
        .and_then(|text| text.strip_prefix("--"))
        .is_some_and(|name| !name.contains('=') && secrecy(name).is_some())
}
