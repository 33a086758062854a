use super::*;

fn with(args: &[&str], variables: &[(&str, &str)]) -> Result<Options, Refusal> {
    parse(["program"].iter().chain(args).map(OsString::from), |name| {
        variables
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn the_command_is_consistent() {
    command().debug_assert();
}

#[test]
fn the_command_line_wins_over_the_environment() {
    let options = with(
        &["--slow=deny", "--skipped", "deny", "--concurrency", "7"],
        &[
            ("CHOREO_SLOW", "warn"),
            ("CHOREO_SKIP", "warn"),
            ("CHOREO_CONCURRENCY", "9"),
        ],
    )
    .expect("the options are valid");
    assert_eq!(options.slow, SlowPolicy::Deny);
    assert_eq!(options.skipped, SkipPolicy::Deny);
    assert_eq!(options.concurrency, 7);
}

#[test]
fn the_environment_decides_where_the_command_line_is_silent() {
    let options = with(
        &[],
        &[
            ("CHOREO_SLOW", "DENY"),
            ("CHOREO_SKIP", "deny"),
            ("CHOREO_CONCURRENCY", "9"),
        ],
    )
    .expect("the options are valid");
    assert_eq!(options.slow, SlowPolicy::Deny);
    assert_eq!(options.skipped, SkipPolicy::Deny);
    assert_eq!(options.concurrency, 9);
}

#[test]
fn the_seed_comes_from_the_nearest_place_that_states_one() {
    let seed = |args: &[&str], variables: &[(&str, &str)]| {
        with(args, variables).expect("the options are valid").seed
    };
    let most = u64::MAX.to_string();
    assert_eq!(seed(&[], &[]), None);
    assert_eq!(seed(&[], &[("CHOREO_SEED", "")]), None);
    assert_eq!(seed(&[], &[("CHOREO_SEED", &most)]), Some(u64::MAX));
    assert_eq!(seed(&["--seed=3"], &[("CHOREO_SEED", "4")]), Some(3));
}

#[test]
fn under_nextest_a_skip_must_be_allowed_to_pass() {
    let skipped = |args: &[&str], variables: &[(&str, &str)]| {
        with(args, variables)
            .expect("the options are valid")
            .skipped
    };
    let nextest = ("NEXTEST", "1");
    assert_eq!(skipped(&[], &[]), SkipPolicy::Warn);
    assert_eq!(skipped(&[], &[nextest]), SkipPolicy::DenyUnseen);
    let allowed = [nextest, ("CHOREO_SKIP", "warn")];
    assert_eq!(skipped(&[], &allowed), SkipPolicy::Warn);
    assert_eq!(skipped(&["--skipped=deny"], &allowed), SkipPolicy::Deny);
}

#[test]
fn the_limit_comes_from_the_nearest_place_that_states_one() {
    let limit = |args: &[&str], variables: &[(&str, &str)]| {
        with(args, variables)
            .expect("the options are valid")
            .concurrency
    };
    let both = [("CHOREO_CONCURRENCY", "5"), ("RUST_TEST_THREADS", "4")];
    assert_eq!(limit(&[], &[]), DEFAULT_CONCURRENCY);
    assert_eq!(limit(&[], &[("RUST_TEST_THREADS", "4")]), 4);
    assert_eq!(limit(&[], &both), 5);
    assert_eq!(limit(&["--test-threads=3"], &both), 3);
    assert_eq!(limit(&["--test-threads=3", "--concurrency=2"], &both), 2);
    assert_eq!(
        limit(&[], &[("CHOREO_CONCURRENCY", "")]),
        DEFAULT_CONCURRENCY
    );
}

#[test]
fn the_report_goes_where_the_nearest_place_says() {
    let wish = |args: &[&str], variables: &[(&str, &str)]| {
        with(args, variables).expect("the options are valid").report
    };
    let at = |folder: &str| ReportWish::At(folder.into());
    let folder = ("CHOREO_REPORT_DIR", "out");
    assert_eq!(wish(&[], &[]), ReportWish::Unsaid);
    assert_eq!(wish(&[], &[("CHOREO_REPORT_DIR", "")]), ReportWish::Unsaid);
    assert_eq!(wish(&[], &[folder]), at("out"));
    assert_eq!(wish(&["--report", "here"], &[folder]), at("here"));
    assert_eq!(wish(&["--report=off"], &[folder]), ReportWish::Off);
    let off = ("CHOREO_REPORT", "off");
    assert_eq!(wish(&[], &[folder, off]), ReportWish::Off);
    assert_eq!(wish(&["--report=./off"], &[off]), at("./off"));
    let error = with(&[], &[("CHOREO_REPORT", "html")]).expect_err("it is no switch");
    assert!(error.to_string().contains("`on` or `off`"), "{error}");
}

#[test]
fn secrets_are_shown_on_request_and_never_in_a_file() {
    let shows = |args: &[&str], value: &str| {
        with(args, &[("CHOREO_SHOW_SECRETS", value)])
            .expect("the options are valid")
            .show_secrets
    };
    assert!(shows(&[], "1"));
    assert!(!shows(&[], "0"));
    assert!(!shows(&[], ""));
    assert!(!shows(&["--logfile", "log.txt"], "1"));
}

#[test]
fn bad_values_are_refused_by_name() {
    let bad = |args: &[&str], variables: &[(&str, &str)]| {
        with(args, variables)
            .expect_err("the value is bad")
            .to_string()
    };
    let text = bad(&[], &[("CHOREO_SLOW", "never")]);
    for part in ["CHOREO_SLOW", "`never`", "`warn` or `deny`"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(bad(&[], &[("CHOREO_CONCURRENCY", "0")]).contains("at least 1"));
    assert!(bad(&[], &[("CHOREO_SEED", "x")]).contains("a whole number"));
    assert!(bad(&[], &[("CHOREO_SHOW_SECRETS", "yes")]).contains("`1` or `0`"));
    assert!(bad(&["--seed=x"], &[]).contains("--seed"));
    assert!(bad(&["--slow=never"], &[]).contains("--slow"));
    assert!(bad(&["--concurrency=0"], &[]).contains("--concurrency"));
    assert!(bad(&["--test-threads=0"], &[]).contains("--test-threads"));
    assert!(bad(&["--shuffle-seed=x"], &[]).contains("--shuffle-seed"));
}

#[test]
fn what_only_libtest_has_is_refused_with_what_there_is_instead() {
    let table = [
        (&["--ensure-time"][..], "--slow deny"),
        (&["--ensure-time=a"], "--slow deny"),
        (&["--exclude-should-panic"], "--skip NAME"),
        (&["--format=junit"], "CHOREO_REPORT_JUNIT=on"),
        (&["--format", "junit"], "CHOREO_REPORT_JUNIT=on"),
    ];
    for (args, instead) in table {
        let refusal = with(args, &[])
            .expect_err("scenarios have none")
            .to_string();
        let option = args[0].split('=').next().unwrap_or_default();
        assert!(refusal.contains(option), "{refusal}");
        assert!(refusal.contains(instead), "{refusal}");
    }
}

#[test]
fn a_seed_for_the_order_asks_for_that_order() {
    let of = |args: &[&str]| {
        let options = with(args, &[]).expect("the options are valid");
        (options.shuffle, options.shuffle_seed)
    };
    assert_eq!(of(&[]), (false, None));
    assert_eq!(of(&["--shuffle"]), (true, None));
    assert_eq!(of(&["--shuffle-seed=3"]), (true, Some(3)));
}

#[test]
fn what_editors_and_cargo_pass_is_accepted() {
    let options = with(
        &[
            "-Z",
            "unstable-options",
            "--format=json",
            "--report-time",
            "--no-capture",
            "--force-run-in-process",
            "--show-output",
            "one",
            "two",
        ],
        &[],
    )
    .expect("the options are valid");
    assert!(options.libtest.nocapture);
    assert_eq!(options.filters, ["one", "two"]);
}

#[test]
fn help_shows_both_sets_of_options() {
    let help = with(&["--help"], &[])
        .expect_err("help ends the program")
        .to_string();
    for part in [
        "--exact",
        "--slow",
        "--skipped",
        "--tag",
        "CHOREO_CONCURRENCY",
    ] {
        assert!(help.contains(part), "{part} is missing in:\n{help}");
    }
}
