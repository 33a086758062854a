//! The fronts of the macros: documentation, and `$crate` for the engines.

mod steps;

/// x
#[macro_export]
macro_rules! expect {
    ($($tokens:tt)*) => { $crate::__private::__expect!([$crate] $($tokens)*) };
}

/// x
#[macro_export]
macro_rules! pattern {
    ($($tokens:tt)*) => { $crate::__private::__pattern!([$crate] $($tokens)*) };
}
