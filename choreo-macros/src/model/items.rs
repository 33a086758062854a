//! What stands under an attribute or a derive: scenarios, harnesses, message types.

use proc_macro2::TokenStream;
use syn::{Attribute, Generics, Ident, LitStr, Path, Signature, Type, Visibility};

use super::DurationArg;

/// The arguments of `#[choreo::scenario(…)]`.
#[derive(Default)]
pub(crate) struct ScenarioArgs {
    pub(crate) harness: Option<Path>,
    pub(crate) timeout: Option<DurationArg>,
    pub(crate) name: Option<LitStr>,
    pub(crate) tags: Vec<LitStr>,
    pub(crate) ignore: Option<LitStr>,
    pub(crate) should_fail: Option<LitStr>,
    pub(crate) slow: Option<SlowArg>,
    pub(crate) krate: Option<Path>,
}

/// What a scenario does about a message that came too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlowArg {
    Warn,
    Deny,
}

/// What an attribute makes of a function that connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostKind {
    Harness,
    Stage,
}

impl HostKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Harness => "harness",
            Self::Stage => "stage",
        }
    }
}

/// A struct with `#[derive(Stage)]`.
pub(crate) struct StageDef {
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) fields: Vec<StageField>,
    pub(crate) krate: Option<Path>,
}

/// One transport of a stage.
pub(crate) struct StageField {
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
}

/// A function as it stands in the source. The body stays a group of raw tokens: it may hold code
/// that does not parse yet, and nothing here looks into it.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: TokenStream,
}

/// A type with `#[derive(Message)]`.
pub(crate) struct MessageDef {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    /// Nothing when it is missing or wrong, which has been reported then.
    pub(crate) topic: Option<LitStr>,
    pub(crate) krate: Option<Path>,
}
