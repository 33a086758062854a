//! What each process of a run leaves, so that a merge can make one report of all.
//!
//! Below the report folder, `partials/<run>/<process>.jsonl` is what a process wrote, one JSON value for each line:
//!
//! | line | when | what |
//! |---|---|---|
//! | `{"process": …}` | first | who writes, where, and which tests it is going to run ([`Header`]) |
//! | `{"started": …}` | a test begins | which one, and when |
//! | `{"test": …}` | a test ended | the whole test, as the report shows it |
//! | `{"end": …}` | last | when, and whether the process was stopped |
//!
//! While a process lives its file is in the folder `open` beside the others, and locked. A file there that is not
//! locked was left by a process that died, and its header tells which tests died with it. Nothing else needs to
//! work for that: no handler, no clean-up, no other process.

mod folder;
mod line;
mod plan;
mod read;
mod write;

pub use self::folder::RunId;
pub use self::line::{Git, Header};
pub use self::plan::{Planned, Runner};
pub use self::write::{Ending, PartialError, PartialWriter};

pub(crate) use self::folder::RunFolder;
#[cfg(test)]
pub(crate) use self::line::tests::header;
pub(crate) use self::line::{End, FORMAT, Line};
pub(crate) use self::read::{Lines, Place, read_at};
