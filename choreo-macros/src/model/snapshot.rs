//! A snapshot as the user wrote it.

use syn::{Expr, Ident, LitStr};

/// `snapshot "name" { ".id" => "[id]" }`
pub(crate) struct SnapshotForm {
    pub(crate) word: Ident,
    /// Named after the scenario otherwise.
    pub(crate) name: Option<Expr>,
    pub(crate) redactions: Vec<Redaction>,
}

/// `".id" => "[id]"`
pub(crate) struct Redaction {
    pub(crate) place: LitStr,
    pub(crate) selector: Vec<SelectorStep>,
    pub(crate) value: Expr,
}

/// One step of a place, in the terms of insta.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SelectorStep {
    /// `.id`, `["odd key"]`
    Key(String),
    /// `[0]`
    Index(u64),
    /// `[]`, `[1:]`, `[:-1]`
    Range(Option<i64>, Option<i64>),
    /// `.*`
    Any,
    /// `.**`
    Deep,
}
