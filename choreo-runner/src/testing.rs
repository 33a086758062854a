//! What the unit tests of this crate share.

use std::ffi::OsString;
use std::time::Duration;

use choreo_report::model::{Outcome, ScenarioRecord};

use crate::args::{Options, parse};
use crate::case::{BoxFuture, Case};
use crate::resource::{OpenError, Opened, Resource};

/// A case that passes at once, without flags.
pub(crate) const fn case(
    name: &'static str,
    module: &'static str,
    file: &'static str,
    line: u32,
) -> Case {
    Case {
        name,
        module,
        file,
        line,
        row: None,
        tags: &[],
        ignore: None,
        should_fail: None,
        slow: None,
        resource: || &READY,
        run: |_| {
            Box::pin(async { ScenarioRecord::new(Outcome::Pass, Vec::new(), Duration::ZERO, None) })
        },
    }
}

/// The options that a command line gives in an empty environment.
pub(crate) fn options(args: &[&str]) -> Options {
    let command_line = ["program"].iter().chain(args).map(OsString::from);
    parse(command_line, |_| None).expect("the test's options are valid")
}

static READY: Broker = Broker {
    name: "ready",
    isolated: true,
};

/// A resource that opens and closes at once.
pub(crate) struct Broker {
    pub(crate) name: &'static str,
    pub(crate) isolated: bool,
}

impl Resource for Broker {
    fn name(&self) -> &str {
        self.name
    }

    fn open(&'static self) -> BoxFuture<'static, Result<Opened, OpenError>> {
        Box::pin(async {
            Ok(Opened {
                isolated: self.isolated,
            })
        })
    }

    fn close(&'static self) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
}
