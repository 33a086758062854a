//! The rows of a data-driven scenario and the parameters that they fill.

use proc_macro2::TokenStream;
use syn::{Expr, Ident, LitStr, Type};

/// One attribute that gives rows.
pub(crate) enum CaseSource {
    /// `#[case(…)]`.
    Row(CaseRow),
    /// `#[cases(from = "…")]`.
    File(LitStr),
}

/// `#[case(…)]` or `#[case::name(…)]`.
pub(crate) struct CaseRow {
    pub(crate) name: Option<Ident>,
    pub(crate) values: Vec<Expr>,
    /// The whole of it, to point at.
    pub(crate) written: TokenStream,
}

/// A parameter after the scenario.
pub(crate) struct CaseParameter {
    /// Nothing when it is a pattern, which no field of a file can name.
    pub(crate) name: Option<String>,
    pub(crate) ty: Type,
    /// As the user wrote it.
    pub(crate) shown: String,
    /// The whole of it, to point at.
    pub(crate) written: TokenStream,
}
