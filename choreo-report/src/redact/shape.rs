//! Patterns as data, in `expected` of an expectation: what is secret there besides values by their names.

use data_encoding::HEXLOWER_PERMISSIVE;
use serde_json::Value;

use super::Redactor;
use super::hits::Rule;
use super::names::{Secrecy, path_is_secret};
use super::value::{MAX_DEPTH, holds};

/// Conditions whose operand is a payload in hexadecimal digits.
const IN_HEX: &[&str] = &["payload_hex", "payload_contains_hex"];
/// Conditions whose operand has places of a message as its names.
const BY_PLACE: &[&str] = &["at", "path"];

impl Redactor {
    /// Redacts a pattern.
    pub(super) fn shape(&mut self, shape: &mut Value) {
        if !self.only_forget {
            self.conditions(shape, 0);
        }
        self.value(shape);
    }

    fn conditions(&mut self, shape: &mut Value, depth: usize) {
        // What is deeper is hidden as a whole.
        if depth > MAX_DEPTH {
            return;
        }
        match shape {
            Value::Array(list) => {
                for part in list {
                    self.conditions(part, depth + 1);
                }
            }
            Value::Object(parts) => {
                for (name, part) in parts.iter_mut() {
                    if IN_HEX.contains(&name.as_str())
                        && let Some(rule) = part.as_str().and_then(|hex| self.rule_in_hex(hex))
                    {
                        self.hide(part, rule);
                        continue;
                    }
                    if BY_PLACE.contains(&name.as_str())
                        && let Value::Object(places) = part
                    {
                        for (place, part) in places.iter_mut() {
                            if path_is_secret(place) && holds(part, Secrecy::Any) {
                                self.hide(part, Rule::Field);
                            }
                        }
                    }
                    self.conditions(part, depth + 1);
                }
            }
            _ => {}
        }
    }

    fn rule_in_hex(&self, hex: &str) -> Option<Rule> {
        let bytes = HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?;
        self.rule_in(&String::from_utf8_lossy(&bytes))
    }
}
