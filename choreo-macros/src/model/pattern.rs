//! The pattern language as data.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Expr, Ident, LitStr, Path, Type, UnOp, token};

use super::DurationArg;

/// One pattern, with the spans of the user's own tokens.
pub(crate) enum Pattern {
    /// `5`, `"text"`, `(expr)`
    Equal(Operand),
    /// `> 0`
    Compare {
        op: CompareOp,
        op_span: Span,
        operand: Operand,
    },
    /// `1..=5`; without bounds it does not exist
    Range(RangePattern),
    /// `=~ r"…"`
    Regex(LitStr),
    /// `in [a, b]`
    OneOf {
        keyword: Span,
        bracket: Span,
        patterns: Vec<Pattern>,
    },
    /// `_`
    Present(Span),
    /// `absent`
    Absent(Span),
    /// `null`
    Null(Span),
    /// `{ key: p, .. }`
    Object(ObjectPattern),
    /// `[p, ..]`
    List(ListPattern),
    /// `every p`, `any p`, `len p`
    Quantified {
        quantifier: Quantifier,
        keyword: Span,
        pattern: Box<Pattern>,
    },
    /// `p & q`
    AllOf(Vec<Pattern>),
    /// `p | q`
    AnyOf(Vec<Pattern>),
    /// `!p`
    Not { bang: Span, pattern: Box<Pattern> },
    /// `bytes b"…"`
    Bytes { keyword: Span, operand: Operand },
    /// `contains "…"`, `prefix "…"`, `suffix "…"`, `ignore_case …`
    Text {
        keyword: Span,
        form: TextForm,
        operand: Operand,
    },
    /// `approx 9.95 +- 0.01`
    Approx { keyword: Span, near: Near },
    /// `before e`, `after e`
    Moment {
        keyword: Span,
        op: MomentOp,
        operand: Operand,
    },
    /// `unordered [p, q]`
    Unordered { keyword: Span, list: ListPattern },
    /// `at "/a/b" p`, `path "$.a[*]" p`
    Addressed {
        kind: AddressKind,
        keyword: Span,
        address: LitStr,
        pattern: Box<Pattern>,
    },
    /// `capture name`, `capture name: Type`
    Capture {
        keyword: Span,
        name: Ident,
        ty: Option<Box<Type>>,
    },
    /// `=> matcher`
    Matcher { arrow: Span, operand: Operand },
    /// `Type { field: p, .. }`, `Type::Variant(p)`, `None`
    Typed(TypedPattern),
    /// A mistake that is reported already; expands to a pattern that accepts everything.
    Broken,
}

impl Pattern {
    /// The part that names the message's type: the pattern itself, or the first of several that are
    /// joined.
    pub(crate) fn root(&self) -> Option<&TypedPattern> {
        match self {
            Self::Typed(typed) => Some(typed),
            Self::AllOf(patterns) | Self::AnyOf(patterns) => patterns.first().and_then(Self::root),
            Self::Not { pattern, .. } => pattern.root(),
            _ => None,
        }
    }

    /// The first token of the pattern, or all of it where it is one token or a group.
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Equal(operand) => operand.span(),
            Self::Compare { op_span, .. } => *op_span,
            Self::Range(range) => range.span,
            Self::Regex(literal) => literal.span(),
            Self::OneOf { keyword, .. }
            | Self::Quantified { keyword, .. }
            | Self::Bytes { keyword, .. }
            | Self::Text { keyword, .. }
            | Self::Approx { keyword, .. }
            | Self::Moment { keyword, .. }
            | Self::Unordered { keyword, .. }
            | Self::Addressed { keyword, .. }
            | Self::Capture { keyword, .. } => *keyword,
            Self::Present(span) | Self::Absent(span) | Self::Null(span) => *span,
            Self::Object(object) => object.brace,
            Self::List(list) => list.bracket,
            Self::AllOf(patterns) | Self::AnyOf(patterns) => {
                patterns.first().map_or_else(Span::call_site, Self::span)
            }
            Self::Not { bang, .. } => *bang,
            Self::Matcher { arrow, .. } => *arrow,
            Self::Typed(typed) => typed.path.span(),
            Self::Broken => Span::call_site(),
        }
    }
}

/// A value on the right of an operator, or a plain value.
pub(crate) enum Operand {
    Expr {
        expr: Box<Expr>,
        span: Span,
        /// Written in parentheses, which are not part of `expr`.
        parenthesized: bool,
    },
    /// Tokens that are not an expression yet, such as `order.`: they go out as they are, so that an
    /// editor can complete them and the compiler reports them at the user's token.
    Unfinished { tokens: TokenStream, span: Span },
}

impl Operand {
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Expr { span, .. } | Self::Unfinished { span, .. } => *span,
        }
    }

    /// A literal, or in parentheses, or not finished: what may stand without an operator.
    pub(crate) fn is_plain(&self) -> bool {
        match self {
            Self::Expr {
                expr,
                parenthesized,
                ..
            } => *parenthesized || is_literal(expr) || matches!(**expr, Expr::Group(_)),
            Self::Unfinished { .. } => true,
        }
    }

    /// `5`, `-5`, `"text"`
    pub(crate) fn is_literal(&self) -> bool {
        self.expr().is_some_and(is_literal)
    }

    pub(crate) fn expr(&self) -> Option<&Expr> {
        match self {
            Self::Expr { expr, .. } => Some(expr),
            Self::Unfinished { .. } => None,
        }
    }
}

fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) => true,
        Expr::Unary(unary) => {
            matches!(unary.op, UnOp::Neg(_)) && matches!(*unary.expr, Expr::Lit(_))
        }
        // What a macro of the user's passed on.
        Expr::Group(group) => is_literal(&group.expr),
        _ => false,
    }
}

impl ToTokens for Operand {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Expr { expr, .. } => expr.to_tokens(tokens),
            Self::Unfinished { tokens: raw, .. } => tokens.extend(raw.clone()),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum CompareOp {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    NotEqual,
}

impl CompareOp {
    /// As the user writes it.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::NotEqual => "!=",
        }
    }

    /// The function in `functions` and in `typed`.
    pub(crate) fn function(self) -> &'static str {
        match self {
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
            Self::NotEqual => "ne",
        }
    }
}

/// How a text stands in a string, and whether case counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct TextForm {
    pub(crate) part: TextPart,
    pub(crate) ignore_case: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextPart {
    Whole,
    Inside,
    Prefix,
    Suffix,
}

impl TextForm {
    /// As the user writes it.
    pub(crate) fn words(self) -> &'static str {
        match (self.part, self.ignore_case) {
            (TextPart::Whole, _) => "ignore_case",
            (TextPart::Inside, false) => "contains",
            (TextPart::Inside, true) => "ignore_case contains",
            (TextPart::Prefix, false) => "prefix",
            (TextPart::Prefix, true) => "ignore_case prefix",
            (TextPart::Suffix, false) => "suffix",
            (TextPart::Suffix, true) => "ignore_case suffix",
        }
    }

    /// The function in `functions`.
    pub(crate) fn function(self) -> &'static str {
        match (self.part, self.ignore_case) {
            (TextPart::Whole, _) => "eq_ignore_case",
            (TextPart::Inside, false) => "contains",
            (TextPart::Inside, true) => "contains_ignore_case",
            (TextPart::Prefix, false) => "prefix",
            (TextPart::Prefix, true) => "prefix_ignore_case",
            (TextPart::Suffix, false) => "suffix",
            (TextPart::Suffix, true) => "suffix_ignore_case",
        }
    }
}

/// A value, and how far away another may be.
pub(crate) enum Near {
    Number(Operand, Operand),
    Time(Operand, DurationArg),
    Duration(DurationArg, DurationArg),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum MomentOp {
    Before,
    After,
}

impl MomentOp {
    /// The keyword, and the function in `functions`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }

    /// The operator for numbers.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Before => "<",
            Self::After => ">",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressKind {
    Pointer,
    JsonPath,
}

impl AddressKind {
    /// The keyword.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pointer => "at",
            Self::JsonPath => "path",
        }
    }

    /// The function in `functions`.
    pub(crate) fn function(self) -> &'static str {
        match self {
            Self::Pointer => "at",
            Self::JsonPath => "json_path",
        }
    }

    pub(crate) fn example(self) -> &'static str {
        match self {
            Self::Pointer => "\"/items/0/sku\"",
            Self::JsonPath => "\"$.items[*].sku\"",
        }
    }
}

/// `a..b`, `a..=b`, `a..`, `..b`, `..=b`
pub(crate) struct RangePattern {
    pub(crate) low: Option<Operand>,
    pub(crate) high: Option<Operand>,
    pub(crate) inclusive: bool,
    /// The dots.
    pub(crate) span: Span,
}

pub(crate) struct ObjectPattern {
    pub(crate) entries: Vec<Entry>,
    /// Closed by `; exact`.
    pub(crate) exact: bool,
    pub(crate) brace: Span,
}

pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) pattern: Pattern,
}

pub(crate) struct ListPattern {
    pub(crate) items: Vec<Item>,
    pub(crate) bracket: Span,
}

/// An element of a list or of a tuple variant.
pub(crate) enum Item {
    One(Pattern),
    /// `..`
    Rest(Span),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantifier {
    Every,
    Any,
    Len,
}

impl Quantifier {
    /// The keyword, and the function in `functions` and in `typed`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Every => "every",
            Self::Any => "any",
            Self::Len => "len",
        }
    }
}

/// A pattern that takes a Rust type apart.
pub(crate) struct TypedPattern {
    pub(crate) path: Path,
    pub(crate) body: TypedBody,
}

pub(crate) enum TypedBody {
    /// `Status::Completed`, or a type name alone.
    Unit,
    /// `Type { field: p, .. }`
    Fields {
        brace: token::Brace,
        fields: Vec<TypedField>,
        rest: bool,
    },
    /// `Variant(p, ..)`
    Tuple {
        paren: token::Paren,
        items: Vec<Item>,
    },
}

pub(crate) struct TypedField {
    pub(crate) name: Ident,
    pub(crate) pattern: Pattern,
}

impl TypedPattern {
    /// Whether the path ends in `Enum::Variant`, as far as names tell.
    pub(crate) fn names_variant(&self) -> bool {
        let mut segments = self.path.segments.iter().rev();
        let last = segments.next();
        let parent = segments.next();
        last.is_some() && parent.is_some_and(|segment| is_camel_case(&segment.ident))
    }

    /// The type that the pattern takes apart: the path, without the variant if it names one.
    pub(crate) fn type_path(&self) -> Path {
        let mut path = self.path.clone();
        if self.names_variant() {
            path.segments.pop();
            path.segments.pop_punct();
        }
        path
    }

    /// `Some(p)` or `None`, which name the standard library's type without its own name.
    pub(crate) fn is_option(&self) -> bool {
        self.path
            .get_ident()
            .is_some_and(|name| name == "Some" || name == "None")
    }
}

/// Whether a name looks like a type's: `Order`, `T`, but neither `order` nor `ORDER`.
pub(crate) fn is_camel_case(ident: &Ident) -> bool {
    let name = ident.to_string();
    name.starts_with(char::is_uppercase)
        && (name.chars().count() == 1 || name.contains(char::is_lowercase))
}
