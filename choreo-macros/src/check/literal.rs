//! Literals as far as they are known while compiling.

use std::cmp::Ordering;

use syn::{Expr, Lit, UnOp};

/// The value of a literal.
#[derive(Debug, PartialEq)]
pub(super) enum Literal {
    Int(i128),
    Float(f64),
    Text(String),
    Bool,
    Bytes,
    /// A number whose suffix is no Rust type, such as `50ms`.
    Suffixed(String),
    /// What JSON has no word for.
    Other,
}

/// Kinds that compare with each other.
#[derive(Debug, PartialEq, Clone, Copy)]
pub(super) enum Kind {
    Number,
    Text,
    Unordered,
}

impl Literal {
    /// The literal that an expression is, if it is one.
    pub(super) fn of(expr: &Expr) -> Option<Self> {
        match expr {
            Expr::Lit(literal) => Some(Self::of_lit(&literal.lit)),
            Expr::Group(group) => Self::of(&group.expr),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
                match Self::of(&unary.expr)? {
                    Self::Int(value) => Some(Self::Int(-value)),
                    Self::Float(value) => Some(Self::Float(-value)),
                    other => Some(other),
                }
            }
            _ => None,
        }
    }

    fn of_lit(lit: &Lit) -> Self {
        match lit {
            Lit::Int(number) if !is_number_type(number.suffix()) => {
                Self::Suffixed(number.to_string())
            }
            Lit::Float(number) if !is_number_type(number.suffix()) => {
                Self::Suffixed(number.to_string())
            }
            Lit::Int(number) => number.base10_parse().map_or(Self::Other, Self::Int),
            Lit::Float(number) => number.base10_parse().map_or(Self::Other, Self::Float),
            Lit::Str(text) => Self::Text(text.value()),
            Lit::Char(character) => Self::Text(character.value().to_string()),
            Lit::Byte(byte) => Self::Int(byte.value().into()),
            Lit::Bool(_) => Self::Bool,
            Lit::ByteStr(_) => Self::Bytes,
            _ => Self::Other,
        }
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Int(_) | Self::Float(_) => Kind::Number,
            Self::Text(_) => Kind::Text,
            _ => Kind::Unordered,
        }
    }

    /// The order of two literals of one kind.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(left), Self::Int(right)) => Some(left.cmp(right)),
            (Self::Text(left), Self::Text(right)) => Some(left.cmp(right)),
            _ => self.as_float()?.partial_cmp(&other.as_float()?),
        }
    }

    fn as_float(&self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }
}

fn is_number_type(suffix: &str) -> bool {
    matches!(
        suffix,
        "" | "u8"
            | "u16"
            | "u32"
            | "u64"
            | "u128"
            | "usize"
            | "i8"
            | "i16"
            | "i32"
            | "i64"
            | "i128"
            | "isize"
            | "f32"
            | "f64"
    )
}
