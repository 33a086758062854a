//! Which field compares with which value. An `Option` compares by what is in it.

use std::cmp::Ordering;
use std::fmt::Debug;
use std::sync::Arc;

/// Compared by `PartialEq` and `PartialOrd`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Direct;

/// Compared by what is inside of the `Option`.
#[doc(hidden)]
#[derive(Debug)]
pub struct InOption<Kind>(Kind);

/// A float field and an integer: `discount: > 0`.
#[doc(hidden)]
#[derive(Debug)]
pub struct FromInteger;

/// Text of a type for which the standard library has no comparison with `&str`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Text;

/// A field that equals an operand or does not.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` cannot be compared with `{Operand}`",
    label = "not comparable with a field of type `{Self}`",
    note = "write a value of the field's type, in parentheses if it is more than a literal; for a type of your own derive `PartialEq` and `Debug`, or write its pattern: `Type {{ field: p, .. }}`"
)]
pub trait ComparesTo<Operand: ?Sized, Kind>: Debug {
    /// Whether they are equal; `None` if there is no value.
    fn equals(&self, operand: &Operand) -> Option<bool>;
}

#[diagnostic::do_not_recommend]
impl<Field, Operand> ComparesTo<Operand, Direct> for Field
where
    Field: PartialEq<Operand> + Debug + ?Sized,
    Operand: ?Sized,
{
    fn equals(&self, operand: &Operand) -> Option<bool> {
        Some(self == operand)
    }
}

#[diagnostic::do_not_recommend]
impl<Field, Operand, Kind> ComparesTo<Operand, InOption<Kind>> for Option<Field>
where
    Field: ComparesTo<Operand, Kind>,
    Operand: ?Sized,
{
    fn equals(&self, operand: &Operand) -> Option<bool> {
        self.as_ref()?.equals(operand)
    }
}

/// A field that is greater or less than an operand.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` is neither greater nor less than `{Operand}`",
    label = "has no order with a field of type `{Self}`",
    note = "write a value of the field's type, in parentheses if it is more than a literal; a type of your own needs `PartialOrd` and `Debug`"
)]
pub trait OrdersTo<Operand: ?Sized, Kind>: Debug {
    /// How they compare: `None` if there is no value, `Some(None)` if the values have no order.
    fn order(&self, operand: &Operand) -> Option<Option<Ordering>>;
}

#[diagnostic::do_not_recommend]
impl<Field, Operand> OrdersTo<Operand, Direct> for Field
where
    Field: PartialOrd<Operand> + Debug + ?Sized,
    Operand: ?Sized,
{
    fn order(&self, operand: &Operand) -> Option<Option<Ordering>> {
        Some(self.partial_cmp(operand))
    }
}

#[diagnostic::do_not_recommend]
impl<Field, Operand, Kind> OrdersTo<Operand, InOption<Kind>> for Option<Field>
where
    Field: OrdersTo<Operand, Kind>,
    Operand: ?Sized,
{
    fn order(&self, operand: &Operand) -> Option<Option<Ordering>> {
        self.as_ref()?.order(operand)
    }
}

macro_rules! float_and_integer {
    ($($float:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl ComparesTo<i32, FromInteger> for $float {
            fn equals(&self, operand: &i32) -> Option<bool> {
                Some(f64::from(*self) == f64::from(*operand))
            }
        }

        #[diagnostic::do_not_recommend]
        impl OrdersTo<i32, FromInteger> for $float {
            fn order(&self, operand: &i32) -> Option<Option<Ordering>> {
                Some(f64::from(*self).partial_cmp(&f64::from(*operand)))
            }
        }
    )*};
}
float_and_integer!(f32, f64);

macro_rules! text_and_str {
    ($($text:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<'a> OrdersTo<&'a str, Text> for $text {
            fn order(&self, operand: &&'a str) -> Option<Option<Ordering>> {
                let text: &str = self;
                Some(Some(text.cmp(operand)))
            }
        }
    )*};
}
text_and_str!(String, Box<str>, Arc<str>);

macro_rules! shared_text_and_str {
    ($($text:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<'a> ComparesTo<&'a str, Text> for $text {
            fn equals(&self, operand: &&'a str) -> Option<bool> {
                let text: &str = self;
                Some(text == *operand)
            }
        }
    )*};
}
shared_text_and_str!(Box<str>, Arc<str>);
