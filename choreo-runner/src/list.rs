//! `--list`: nothing but the names on the standard output, since nextest reads it.

use std::io::{self, Write};

use libtest_mimic::FormatSetting;

use crate::args::Options;
use crate::select::Selection;
use crate::text::count;

/// Prints the selected tests as libtest does.
///
/// # Errors
///
/// Those of the output: a caller that reads a list that was cut short would miss tests.
pub(crate) fn print(
    out: &mut dyn Write,
    selection: &Selection,
    options: &Options,
) -> io::Result<()> {
    for selected in &selection.tests {
        writeln!(out, "{}: test", selected.test.name)?;
    }
    let terse = options.libtest.quiet || options.libtest.format == Some(FormatSetting::Terse);
    if !terse {
        if !selection.tests.is_empty() {
            writeln!(out)?;
        }
        writeln!(
            out,
            "{}, 0 benchmarks",
            count(selection.tests.len(), "test")
        )?;
    }
    out.flush()
}
