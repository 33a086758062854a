//! Tests whose broker is missing: none of them passes unseen.
//!
//! Only a process of its own has an exit status and a machine without brokers, so this program starts itself again,
//! as one that has such tests.

use std::env;
use std::process::{Command, ExitCode};

use choreo_test_brokers::{BrokerTests, StartError, broker_test_main};
use libtest_mimic::{Arguments, Trial};

/// Set for the program that has the tests.
const FIXTURE: &str = "CHOREO_TEST_FIXTURE";

fn main() -> ExitCode {
    if env::var_os(FIXTURE).is_some() {
        return fixture();
    }
    let checks: [(&str, fn()); 3] = [
        ("a_run_without_the_broker_says_so", says_so),
        ("where_skips_are_denied_they_fail", fails_where_denied),
        ("a_list_says_nothing", lists),
    ];
    let trials = checks.map(|(name, check)| {
        Trial::test(name, move || {
            check();
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

fn fixture() -> ExitCode {
    let tests = BrokerTests::needing("no-such-broker")
        .test("needs_the_program", || async { Err("it ran".into()) })
        .embedded_test("finds_out_later", || async {
            let (program, remedy) = ("no-such-broker", "write it");
            Err(StartError::NotInstalled { program, remedy }.into())
        })
        .embedded_test("needs_nothing", || async { Ok(()) });
    broker_test_main(tests)
}

/// The exit status, the output and the messages of the fixture, where no broker is installed.
fn run(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let output = Command::new(env::current_exe().expect("a test knows its own program"))
        .args(arguments)
        .env_clear()
        .env(FIXTURE, "1")
        .envs(variables.iter().copied())
        .output()
        .expect("the fixture starts");
    let text = |bytes| String::from_utf8(bytes).expect("it is text");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn says_so() {
    let (status, output, messages) = run(&[], &[]);
    assert_eq!(status, Some(0), "{output}");
    assert!(output.contains("1 passed; 0 failed; 2 ignored"), "{output}");
    assert_eq!(
        messages,
        "\n2 TESTS DID NOT RUN: no-such-broker is not installed on this machine. CHOREO_SKIP=deny makes that a \
         failure.\n\n"
    );
    let (_, _, messages) = run(&["--exact", "needs_the_program"], &[]);
    assert!(messages.contains("\n1 TEST DID NOT RUN: "), "{messages}");
    let (_, _, messages) = run(&["--exact", "needs_nothing"], &[]);
    assert_eq!(messages, "");
}

fn fails_where_denied() {
    let (status, output, messages) = run(&[], &[("CHOREO_SKIP", "deny")]);
    assert_eq!(status, Some(101), "{output}");
    assert!(output.contains("1 passed; 2 failed; 0 ignored"), "{output}");
    assert!(output.contains("it ran"), "{output}");
    assert!(!messages.contains("DID NOT RUN"), "{messages}");
}

fn lists() {
    let (status, output, messages) = run(&["--list"], &[]);
    assert_eq!(status, Some(0), "{output}");
    assert!(output.contains("needs_the_program: test"), "{output}");
    assert_eq!(messages, "");
}
