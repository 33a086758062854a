//! Which scenarios run, and which are only shown as ignored.

use libtest_mimic::Arguments;

use crate::args::Options;
use crate::registry::Test;

/// A scenario that takes part in the run.
#[derive(Debug)]
pub(crate) struct Selected {
    pub(crate) test: Test,
    /// Shown in the output, not run.
    pub(crate) ignored: bool,
}

/// The scenarios of a run, and how many the filters left out.
#[derive(Debug)]
pub(crate) struct Selection {
    pub(crate) tests: Vec<Selected>,
    pub(crate) filtered_out: usize,
}

/// Applies the filters of the command line. The order of the tests is kept.
pub(crate) fn select(tests: Vec<Test>, options: &Options) -> Selection {
    let registered = tests.len();
    let tests: Vec<Selected> = tests
        .into_iter()
        .filter(|test| is_wanted(test, options))
        .map(|test| Selected {
            ignored: is_ignored(&test, &options.libtest),
            test,
        })
        .collect();
    Selection {
        filtered_out: registered - tests.len(),
        tests,
    }
}

fn is_wanted(test: &Test, options: &Options) -> bool {
    let args = &options.libtest;
    let matches = |pattern: &String| {
        if args.exact {
            test.name == *pattern
        } else {
            test.name.contains(pattern.as_str())
        }
    };
    (options.filters.is_empty() || options.filters.iter().any(matches))
        && !args.skip.iter().any(matches)
        && (options.tags.is_empty()
            || options
                .tags
                .iter()
                .any(|tag| test.case.tags.contains(&tag.as_str())))
        && (!args.ignored || test.case.ignore.is_some())
}

fn is_ignored(test: &Test, args: &Arguments) -> bool {
    // `cargo bench` runs every target with `--bench`: scenarios are tests, not benchmarks.
    args.bench || (test.case.ignore.is_some() && !args.ignored && !args.include_ignored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;
    use crate::testing::{case, options};

    static CASES: [Case; 4] = [
        case("created", "t", "a.rs", 1),
        case("created_twice", "t", "a.rs", 2),
        Case {
            tags: &["nightly", "kafka"],
            ..case("tagged", "t", "a.rs", 3)
        },
        Case {
            ignore: Some("later"),
            ..case("ignored", "t", "a.rs", 4)
        },
    ];

    /// The names selected, ignored ones with an `i:` in front, and the number filtered out.
    fn chosen(args: &[&str]) -> (Vec<String>, usize) {
        let tests = CASES
            .iter()
            .map(|case| Test {
                name: case.name.to_owned(),
                case,
            })
            .collect();
        let selection = select(tests, &options(args));
        let names = selection
            .tests
            .into_iter()
            .map(|selected| {
                let mark = if selected.ignored { "i:" } else { "" };
                format!("{mark}{}", selected.test.name)
            })
            .collect();
        (names, selection.filtered_out)
    }

    #[test]
    fn filters_select_as_those_of_libtest_do() {
        let table: [(&[&str], &[&str], usize); 9] = [
            (&[], &["created", "created_twice", "tagged", "i:ignored"], 0),
            (&["created"], &["created", "created_twice"], 2),
            (&["created", "--exact"], &["created"], 3),
            (&["tagged", "twice"], &["created_twice", "tagged"], 2),
            (&["--skip", "created"], &["tagged", "i:ignored"], 2),
            (
                &["--skip", "created", "--exact"],
                &["created_twice", "tagged", "i:ignored"],
                1,
            ),
            (&["--ignored"], &["ignored"], 3),
            (
                &["--include-ignored", "ed"],
                &["created", "created_twice", "tagged", "ignored"],
                0,
            ),
            (&["--bench", "created", "--exact"], &["i:created"], 3),
        ];
        for (args, names, filtered_out) in table {
            let names = names.iter().map(ToString::to_string).collect();
            assert_eq!(chosen(args), (names, filtered_out), "{args:?}");
        }
    }

    #[test]
    fn a_tag_selects_and_several_add_up() {
        assert_eq!(chosen(&["--tag", "kafka"]).0, ["tagged"]);
        assert_eq!(chosen(&["--tag", "none", "--tag", "nightly"]).0, ["tagged"]);
        assert_eq!(chosen(&["--tag", "kaf"]).0, Vec::<String>::new());
    }
}
