//! What a report can be turned into for those who do not read version 1.4.

#[cfg(feature = "junit")]
pub mod junit;
pub mod markdown;
pub mod v1_3;
