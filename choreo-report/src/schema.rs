//! The schemas of reports, as JSON Schema (draft 2020-12).

/// The schema of version 1.4: what this crate writes. It is made from the types of [`model`](crate::model).
///
/// It forbids no unknown fields, because a later minor version may add some; it does say which fields there must
/// be, of which type, and which words they may hold.
pub const V1_4: &str = include_str!("../schemas/test-report-v1.4.json");

/// The schema of version 1.3, strict: it forbids unknown fields. The export to 1.3 keeps to it.
pub const V1_3: &str = include_str!("../schemas/test-report-v1.3.json");

#[cfg(test)]
mod tests;
