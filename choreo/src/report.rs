//! What users say about the reports of their runs.
//!
//! A report shows no secrets: values of fields that are named as such (`password`, `x-api-key`,
//! `idToken`), what looks like a credential in any text, and every [`Secret`](crate::secret::Secret) of
//! the run, also encoded. In their place stands the rule that hid them, as in `<redacted:field>`.
//! [`redactor`] adds rules of your own:
//!
//! ```no_run
//! # struct Mail;
//! # impl Mail { fn find(text: &str) -> Option<std::ops::Range<usize>> { text.find('@').map(|at| at..at + 1) } }
//! fn main() {
//!     // The whole value of a field:
//!     choreo::report::redactor("customer", |shown| shown.name() == Some("customer_name"));
//!     // Parts of any text:
//!     choreo::report::redactor("mail", |shown| Mail::find(shown.text()));
//!     choreo::main!()
//! }
//! ```
//!
//! Secrets of fewer than [`SHORTEST_SECRET`] bytes are not searched for in texts: they would be found in
//! half of all words. By the names of their fields they are hidden all the same.

pub use choreo_report::redact::{Hide, SHORTEST_SECRET, Shown, redactor};
