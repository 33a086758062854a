//! Two scenarios of one name: nothing runs.

mod support;

use std::time::Duration;

use choreo_runner::{
    BoxFuture, Case, OpenError, Opened, Outcome, Resource, RunContext, ScenarioRecord,
};
use support::run;

struct Nothing;

impl Resource for Nothing {
    fn name(&self) -> &str {
        "nothing"
    }

    fn open(&'static self) -> BoxFuture<'static, Result<Opened, OpenError>> {
        Box::pin(async { Ok(Opened { isolated: true }) })
    }

    fn close(&'static self) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
}

fn passes(_: RunContext) -> BoxFuture<'static, ScenarioRecord> {
    Box::pin(async { ScenarioRecord::new(Outcome::Pass, Vec::new(), Duration::ZERO, None) })
}

const fn twin(line: u32) -> Case {
    Case {
        name: "twin",
        module: module_path!(),
        file: file!(),
        line,
        row: None,
        tags: &[],
        ignore: None,
        should_fail: None,
        slow: None,
        resource: || &Nothing,
        run: passes,
    }
}

inventory::submit! { twin(10) }
inventory::submit! { twin(20) }

fn two_scenarios_of_one_name_are_refused() {
    for args in [&[][..], &["--list"]] {
        let ran = run(args).exits(2).has_lines(&[]).warns(1, "`twin`");
        assert!(ran.stderr.contains("duplicate.rs:10"), "{ran}");
        assert!(ran.stderr.contains("duplicate.rs:20"), "{ran}");
        assert_eq!(ran.names(), [""; 0]);
        ran.says(0, "twin");
    }
}

fn main() {
    let check: fn() = two_scenarios_of_one_name_are_refused;
    support::main(
        module_path!(),
        &[("two_scenarios_of_one_name_are_refused", check)],
    );
}
