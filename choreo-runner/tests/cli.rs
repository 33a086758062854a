//! The runner as users see it: command line in, exit status and output out.

#[path = "cli/fixture.rs"]
mod fixture;
mod support;

use serde_json::{Value, json};
use support::{Ran, run, run_with};

fn every_outcome_has_its_line_and_its_count() {
    run(&["mixed"])
        .exits(101)
        .has_lines(&[
            "running 9 tests",
            "test mixed::a_passes ... ok (12.3 ms of 50 ms)",
            "test mixed::b_slow ... ok SLOW (73 ms, budget 50 ms, orders.processed)",
            "test mixed::c_fails ... FAILED (fail: orders.processed)",
            "test mixed::d_times_out ... FAILED (timeout after 500 ms: orders.processed; slowest 3 ms of 50 ms)",
            "test mixed::e_errs ... FAILED (error)",
            "test mixed::f_panics_later ... FAILED (error)",
            "test mixed::g_panics_at_once ... FAILED (error)",
            "test mixed::h_ignored ... ignored, not yet",
            "test mixed::i_ignored ... ignored",
            "---- mixed::c_fails ----",
            "one near miss",
            "  - count: 3",
            "    mixed::g_panics_at_once",
            "choreo summary",
            "    1 pass · 1 slow · 1 fail · 1 timeout · 3 error · 2 ignored",
            "      146 %    73 ms of 50 ms  orders.processed  mixed::b_slow",
            "       25 %  12.3 ms of 50 ms  orders.processed  mixed::a_passes",
            "        6 %     3 ms of 50 ms  orders.accepted   mixed::a_passes",
        ])
        .says(
            1,
            "test result: FAILED. 2 passed; 5 failed; 2 ignored; 0 measured; 18 filtered out; \
             finished in ",
        )
        .says(1, "the ice is thin")
        .says(1, "no ice at all")
        .says(0, "\x1b")
        // Panics belong to their scenario, not between the lines of others.
        .warns(0, "panicked")
        // And whatever fails, the broker is closed, once.
        .warns(1, "opens broker")
        .warns(1, "closes broker");
}

fn a_run_of_passing_scenarios_succeeds() {
    run(&["a_passes"])
        .exits(0)
        .says(1, "test result: ok. 1 passed; 0 failed; 0 ignored;");
}

fn each_kind_of_failure_alone_fails_the_run() {
    for name in [
        "c_fails",
        "d_times_out",
        "e_errs",
        "f_panics_later",
        "g_panics_at_once",
    ] {
        for format in ["pretty", "terse", "json"] {
            run(&[name, "--format", format, "-Zunstable-options"]).exits(101);
        }
    }
}

fn a_panic_is_shown_with_its_place_and_with_a_backtrace_on_request() {
    run(&["f_panics_later"])
        .says(1, "panicked at choreo-runner/tests/cli/fixture.rs:")
        .says(0, "stack backtrace");
    run_with(&["f_panics_later"], &[("RUST_BACKTRACE", "1")]).says(1, "stack backtrace");
}

fn slow_is_a_warning_unless_denied() {
    run(&["b_slow"]).exits(0).says(1, "ok SLOW");
    let denied = |ran: Ran| {
        ran.exits(101)
            .has_lines(&[
                "test mixed::b_slow ... FAILED (slow: 73 ms, budget 50 ms, orders.processed)",
                "    orders.processed: 73 ms, budget 50 ms",
            ])
            .says(1, "--slow=deny or CHOREO_SLOW=deny");
    };
    denied(run(&["b_slow", "--slow=deny"]));
    denied(run(&["--slow", "deny", "b_slow"]));
    denied(run_with(&["b_slow"], &[("CHOREO_SLOW", "deny")]));
    run_with(&["b_slow", "--slow=warn"], &[("CHOREO_SLOW", "deny")]).exits(0);
    run(&["b_slow", "--slow=deny", "--format=json"]).exits(101);
}

fn the_policy_of_a_scenario_overrides_that_of_the_run() {
    run(&["j_denies"])
        .exits(101)
        .says(1, "this scenario (slow = deny)");
    run(&["k_warns", "--slow=deny"]).exits(0);
}

fn a_scenario_that_should_fail_passes_by_failing() {
    run(&["expected::", "--skip", "un"])
        .exits(0)
        .has_lines(&[
            "test expected::l_fails ... ok (failed as expected: fail — bug 17)",
            "test expected::m_times_out ... ok (failed as expected: timeout; slowest 3 ms of 50 ms)",
            "    2 failed as expected",
        ])
        .says(0, "one near miss");
    run(&["l_fails", "--show-output"])
        .exits(0)
        .says(1, "one near miss");
    run(&["l_fails", "--nocapture"])
        .exits(0)
        .says(1, "one near miss");
}

fn a_scenario_that_should_fail_fails_by_passing() {
    run(&["n_passes"])
        .exits(101)
        .has_lines(&["test unexpected::n_passes ... FAILED (should fail but passed — bug 18; slowest 12.3 ms of 50 ms)"])
        .says(
            1,
            "\ncase: row 3 of tests/orders.csv, line 4\nshould fail (bug 18) but passed (outcome: pass)",
        );
    run(&["o_slow"])
        .exits(101)
        .says(1, "but passed (outcome: slow)");
    run(&["o_slow", "--slow=deny"])
        .exits(0)
        .says(1, "failed as expected: slow");
}

fn a_failed_opening_is_explained_once_and_fails_all_its_scenarios() {
    run(&["gone::"])
        .exits(101)
        .says(1, "no route\nto the broker")
        .says(
            2,
            "`gone` could not be opened: the cause is shown at gone::",
        )
        .says(1, "test gone::s_other ... ok")
        .says(1, "1 passed; 3 failed;")
        .warns(1, "opens gone")
        .warns(0, "closes gone")
        .warns(1, "closes broker");
    run(&["gone::", "--format=json"])
        .exits(101)
        .says(1, "no route");
    run(&["haunted"])
        .exits(101)
        .says(1, "the broker is haunted")
        .warns(0, "panicked");
}

fn scenarios_without_their_broker_are_skipped_loudly() {
    run(&["missing"])
        .exits(0)
        .has_lines(&[
            "test missing::u_first ... skipped, broker-server is not installed",
            "    2 skipped",
            "SKIPPED 2 scenarios: broker-server is not installed",
            "    install it, or set BROKER_URL",
        ])
        .says(1, "test result: ok. 0 passed; 0 failed; 2 ignored;");
    run(&["u_first"]).exits(0).says(1, "SKIPPED 1 scenario:");
    run(&["missing", "--format=json"])
        .exits(0)
        .says(2, r#""event": "ignored""#)
        .warns(1, "SKIPPED 2 scenarios: broker-server is not installed");
}

fn skipping_can_be_denied() {
    run_with(&["missing"], &[("CHOREO_SKIP", "deny")])
        .exits(101)
        .says(2, "... FAILED (skipped)")
        .says(2, "--skipped=deny or CHOREO_SKIP=deny");
    run(&["missing", "--skipped=deny"]).exits(101);
    run_with(&["u_first"], &[("NEXTEST", "1")])
        .exits(101)
        .says(1, "nextest would count it as passed (CHOREO_SKIP=warn");
    run_with(&["u_first"], &[("NEXTEST", "1"), ("CHOREO_SKIP", "warn")]).exits(0);
    run_with(&["missing", "--skipped=warn"], &[("CHOREO_SKIP", "deny")]).exits(0);
}

fn what_reports_do_not_show_is_hidden_from_people_too() {
    for color in ["always", "never"] {
        let ran = run(&["secret::", "--color", color]).exits(101);
        let plain = anstream::adapter::strip_str(&ran.stdout).to_string();
        let ran = Ran {
            stdout: plain,
            ..ran
        };
        ran.says(0, "s3same42")
            .says(
                1,
                "... FAILED (fail: logout?token=<redacted:assignment>; slowest 3 ms of 50 ms)\n",
            )
            .says(
                1,
                "... ignored, until api_key=<redacted:assignment> works\n",
            )
            .has_lines(&[
                "  password: <redacted:assignment>",
                "      6 %  3 ms of 50 ms  login?token=<redacted:assignment>  secret::y_leaks",
                "4 values were hidden; CHOREO_SHOW_SECRETS=1 shows them here",
            ]);
    }
    run(&["z_ignored"]).says(1, "1 value was hidden; CHOREO_SHOW_SECRETS=1 shows it here");
    run(&["secret::", "--format=json"]).says(0, "s3same42");
    run(&["mixed"]).says(0, "hidden");
}

fn people_may_ask_for_what_is_hidden_and_files_never_have_it() {
    let show = [("CHOREO_SHOW_SECRETS", "1")];
    run_with(&["secret::"], &show)
        .exits(101)
        .says(4, "s3same42")
        .says(0, "hidden");
    run_with(&["secret::", "--format=json"], &show).says(0, "s3same42");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let log = folder.path().join("log.txt");
    let log = log.to_str().expect("the path is text");
    run_with(&["secret::", "--logfile", log], &show).exits(101);
    let log = std::fs::read_to_string(log).expect("the log is written");
    assert!(log.contains("\n4 values were hidden\n"), "{log}");
    assert!(!log.contains("s3same42"), "{log}");
    run_with(&["secret::"], &[("CHOREO_SHOW_SECRETS", "yes")])
        .exits(2)
        .warns(1, "CHOREO_SHOW_SECRETS is `yes`: it must be `1` or `0`");
}

fn listing_prints_names_and_opens_nothing() {
    let terse = run(&["--list", "--format", "terse", "mixed"])
        .exits(0)
        .warns(0, "opens");
    let names: Vec<&str> = terse.stdout.lines().collect();
    assert_eq!(names.len(), 9, "{terse}");
    assert_eq!(names.first(), Some(&"mixed::a_passes: test"), "{terse}");
    assert!(names.iter().all(|line| line.ends_with(": test")), "{terse}");

    let ignored = run(&["--list", "--format", "terse", "--ignored"]).exits(0);
    assert_eq!(
        ignored.stdout,
        "mixed::h_ignored: test\nmixed::i_ignored: test\nsecret::z_ignored: test\n"
    );

    run(&["--list", "a_passes"])
        .exits(0)
        .has_lines(&["1 test, 0 benchmarks"]);
}

fn names_are_paths_below_the_crate_in_the_order_of_the_source() {
    let list = run(&["--list", "--format=terse"]).exits(0);
    assert!(list.stdout.starts_with("mixed::a_passes: test\n"), "{list}");
    // At the root of the crate, the name alone. Its line is that of its first letter, `r`.
    assert!(
        list.stdout
            .contains("gone::r_third: test\nroot: test\ngone::s_other"),
        "{list}"
    );
}

fn filters_choose_and_exact_means_exactly() {
    assert_eq!(
        run(&["mixed::a_passes", "--exact"]).exits(0).names(),
        ["mixed::a_passes"]
    );
    run(&["a_passes", "--exact"])
        .exits(0)
        .says(1, "0 passed; 0 failed; 0 ignored;");
    assert_eq!(run(&["a_passes", "k_warns"]).exits(0).names().len(), 2);
    assert_eq!(
        run(&["--tag", "quick"]).exits(0).names(),
        ["mixed::a_passes"]
    );
    assert_eq!(
        run(&["policy", "--skip", "denies"]).exits(0).names(),
        ["policy::k_warns"]
    );
    run(&["h_ignored", "--ignored"]).exits(101);
    run(&["h_ignored", "--include-ignored"]).exits(101);
    run(&["h_ignored"]).exits(0).says(1, "1 ignored");
}

fn one_thread_keeps_the_order() {
    let args = ["mixed", "--skip", "ignored", "--test-threads=1"];
    let ran = run(&args).exits(101);
    let names = ran.names();
    assert_eq!(names.len(), 7, "{ran}");
    assert!(names.is_sorted(), "{ran}");
    let from_environment = run_with(&args[..3], &[("CHOREO_CONCURRENCY", "1")]);
    assert!(from_environment.names().is_sorted(), "{from_environment}");
}

fn a_shuffled_run_says_its_seed_and_repeats_with_it() {
    let args = ["mixed", "--test-threads=1"];
    let shuffled = |options: &[&str]| run(&[&args[..], options].concat()).exits(101);
    let first = shuffled(&["--shuffle-seed", "5"]).says(1, "running 9 tests (shuffle seed: 5)\n");
    assert!(!first.names().is_sorted(), "{first}");
    assert_eq!(first.names(), shuffled(&["--shuffle-seed=5"]).names());
    // Without one of its own it follows from the seed of the run.
    shuffled(&["--shuffle", "--seed=7"]).says(1, "(shuffle seed: 7)");
    shuffled(&["--shuffle"]).says(1, "(shuffle seed: ");
    shuffled(&["--shuffle-seed=5", "--format=json"])
        .says(1, r#""test_count": 9, "shuffle_seed": 5 }"#);
    // Failures are told in the order of the source.
    let told = [
        "---- mixed::c_fails",
        "---- mixed::d_times_out",
        "---- mixed::e_errs",
    ];
    assert!(told.map(|it| first.stdout.find(it)).is_sorted(), "{first}");
}

fn after_the_first_failure_nothing_starts_if_so_asked() {
    let args = ["mixed", "--fail-fast", "--test-threads=1"];
    run(&args)
        .exits(101)
        .has_lines(&[
            "test mixed::b_slow ... ok SLOW (73 ms, budget 50 ms, orders.processed)",
            "test mixed::c_fails ... FAILED (fail: orders.processed)",
            "test mixed::d_times_out ... not run",
            "test mixed::h_ignored ... ignored, not yet",
            "    1 pass · 1 slow · 1 fail · 4 not run · 2 ignored",
            "STOPPED by --fail-fast: 4 scenarios did not run",
        ])
        .says(1, "2 passed; 1 failed; 6 ignored;");
    // What is slow is no failure, unless the run says so.
    run(&[&args[..], &["--slow=deny"]].concat()).says(1, "1 passed; 1 failed; 7 ignored;");
    run(&[&args[..], &["--format=json"]].concat())
        .says(
            4,
            "\"message\": \"not run: another scenario failed before (--fail-fast)\"",
        )
        .says(4, r#""outcome":"not_run""#);
    run(&["a_passes", "b_slow", "--fail-fast"])
        .exits(0)
        .says(0, "STOPPED");
}

fn json_is_one_event_for_each_line() {
    let ran = run(&["mixed", "--format=json"]).exits(101);
    let events: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is an event"))
        .collect();
    let number = |kind: &str, event: &str| {
        let found = |value: &&Value| value["type"] == kind && value["event"] == event;
        events.iter().filter(found).count()
    };
    assert_eq!(number("suite", "started"), 1, "{ran}");
    assert_eq!(number("test", "started"), 9, "{ran}");
    assert_eq!(number("test", "ok"), 2, "{ran}");
    assert_eq!(number("test", "failed"), 5, "{ran}");
    assert_eq!(number("test", "ignored"), 2, "{ran}");
    // Programs exist that look for libtest's events with nothing but their eyes.
    ran.says(
        1,
        r#"{ "type": "suite", "event": "started", "test_count": 9 }"#,
    )
    .says(
        1,
        r#"{ "type": "test", "event": "started", "name": "mixed::a_passes" }"#,
    )
    .says(
        1,
        r#"{ "type": "test", "name": "mixed::h_ignored", "event": "ignored", "message": "not yet""#,
    )
    .says(
        1,
        r#""passed": 2, "failed": 5, "ignored": 2, "measured": 0, "filtered_out": 18"#,
    );
    let slow = events
        .iter()
        .find(|value| value["name"] == "mixed::b_slow" && value["event"] == "ok")
        .expect("it ended");
    assert_eq!(slow["choreo"]["outcome"], "slow");
    assert_eq!(slow["choreo"]["duration_ms"], 500.0);
    assert_eq!(
        slow["choreo"]["handles"],
        json!([{ "topic": "orders.processed", "outcome": "slow", "latency_ms": 73.0, "budget_ms": 50.0 }])
    );
    let fails = events
        .iter()
        .find(|value| value["event"] == "failed" && value["name"] == "mixed::c_fails")
        .expect("it ended");
    assert_eq!(fails["stdout"], "one near miss\n  - count: 3");
    assert!(fails["exec_time"].is_f64(), "{fails}");
}

fn terse_prints_one_character_for_each_test() {
    let ran = run(&["mixed", "-q", "--test-threads=1"]).exits(101);
    assert!(ran.stdout.contains("\nrunning 9 tests\n"), "{ran}");
    let dots = ran.stdout.lines().nth(2).map(|line| {
        let mut dots: Vec<char> = line.chars().collect();
        dots.sort_unstable();
        dots.into_iter().collect::<String>()
    });
    assert_eq!(dots.as_deref(), Some(".FFFFFiis"), "{ran}");
    ran.says(1, "test result: FAILED. 2 passed; 5 failed; 2 ignored;");
}

fn a_log_file_takes_the_output() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("log");
    let path = path.to_str().expect("the path is text");
    for format in ["pretty", "json"] {
        let ran = run(&["a_passes", "--format", format, "--logfile", path]).exits(0);
        assert_eq!(ran.stdout, "", "{ran}");
        let log = std::fs::read_to_string(path).expect("the log was written");
        assert!(log.contains("mixed::a_passes"), "{log}");
    }
    run(&["a_passes", "--logfile", "/nowhere/at/all"])
        .exits(2)
        .warns(1, "`/nowhere/at/all`");
}

fn colours_are_used_when_asked_for() {
    let colored = run(&["context", "--color=always"]).exits(101);
    let colored = colored.says(1, "context::x_context 120 true");
    assert!(
        colored.stdout.contains("\x1b[1;31mFAILED\x1b[0m"),
        "{colored}"
    );
    run(&["context"])
        .exits(101)
        .says(1, "context::x_context 120 false")
        .says(0, "\x1b");
}

fn mistakes_are_explained_with_status_2() {
    run(&["--slow=maybe"]).exits(2).warns(1, "--slow");
    run(&["--concurrency=0"]).exits(2).warns(1, "--concurrency");
    run(&["--no-such-option"])
        .exits(2)
        .warns(1, "unexpected argument '--no-such-option'");
    run(&["--ensure-time"]).exits(2).warns(1, "--slow deny");
    run(&["--format=junit"])
        .exits(2)
        .warns(1, "CHOREO_REPORT_JUNIT=on");
    run_with(&[], &[("CHOREO_SLOW", "maybe")])
        .exits(2)
        .warns(1, "CHOREO_SLOW is `maybe`: it must be `warn` or `deny`");
    run_with(&["--list"], &[("CHOREO_CONCURRENCY", "many")])
        .exits(2)
        .warns(1, "CHOREO_CONCURRENCY");
}

fn help_goes_to_the_output_with_status_0() {
    let help = run(&["--help"]).exits(0).warns(0, "error");
    for part in [
        "--exact",
        "--test-threads",
        "--slow",
        "--skipped",
        "--concurrency",
        "--tag",
    ] {
        assert!(help.stdout.contains(part), "{part}: {help}");
    }
}

fn a_resource_that_does_not_close_is_reported_without_changing_the_result() {
    run(&["sticky"])
        .exits(0)
        .warns(1, "warning: closing `sticky` panicked at");
}

macro_rules! checks {
    ($($check:ident),* $(,)?) => { &[$((stringify!($check), $check as fn())),*] };
}

fn main() {
    support::main(
        module_path!(),
        checks![
            every_outcome_has_its_line_and_its_count,
            a_run_of_passing_scenarios_succeeds,
            each_kind_of_failure_alone_fails_the_run,
            a_panic_is_shown_with_its_place_and_with_a_backtrace_on_request,
            slow_is_a_warning_unless_denied,
            the_policy_of_a_scenario_overrides_that_of_the_run,
            a_scenario_that_should_fail_passes_by_failing,
            a_scenario_that_should_fail_fails_by_passing,
            a_failed_opening_is_explained_once_and_fails_all_its_scenarios,
            scenarios_without_their_broker_are_skipped_loudly,
            skipping_can_be_denied,
            what_reports_do_not_show_is_hidden_from_people_too,
            people_may_ask_for_what_is_hidden_and_files_never_have_it,
            listing_prints_names_and_opens_nothing,
            names_are_paths_below_the_crate_in_the_order_of_the_source,
            filters_choose_and_exact_means_exactly,
            one_thread_keeps_the_order,
            a_shuffled_run_says_its_seed_and_repeats_with_it,
            after_the_first_failure_nothing_starts_if_so_asked,
            json_is_one_event_for_each_line,
            terse_prints_one_character_for_each_test,
            a_log_file_takes_the_output,
            colours_are_used_when_asked_for,
            mistakes_are_explained_with_status_2,
            help_goes_to_the_output_with_status_0,
            a_resource_that_does_not_close_is_reported_without_changing_the_result,
        ],
    );
}
