//! No scenario at all: a warning, as a library that is not linked looks just like this.

mod support;

use support::{run, run_with};

fn zero_scenarios_succeed_with_a_warning() {
    run(&[])
        .exits(0)
        .has_lines(&["running 0 tests"])
        .says(1, "test result: ok. 0 passed; 0 failed;")
        .warns(1, "no scenario is registered");
    assert_eq!(run(&[]).names(), [""; 0]);
    let list = run_with(&["--list", "--format=terse"], &[]).exits(0);
    assert_eq!(list.stdout, "", "{list}");
}

fn main() {
    let check: fn() = zero_scenarios_succeed_with_a_warning;
    support::main(
        module_path!(),
        &[("zero_scenarios_succeed_with_a_warning", check)],
    );
}
