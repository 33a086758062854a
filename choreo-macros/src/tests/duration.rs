//! Durations, as literals and as expressions.

use syn::parse::Parser;

use crate::model::DurationArg;
use crate::parse::duration;

fn parse(source: &str) -> Result<Option<(u64, u32)>, String> {
    let parsed = duration::parse
        .parse_str(source)
        .map_err(|error| error.to_string())?;
    Ok(match parsed {
        DurationArg::Literal { secs, nanos, .. } => Some((secs, nanos)),
        DurationArg::Expr(_) => None,
    })
}

#[test]
fn literals_have_a_unit() {
    for (source, secs, nanos) in [
        ("1ns", 0, 1),
        ("7us", 0, 7_000),
        ("50ms", 0, 50_000_000),
        ("1_500ms", 1, 500_000_000),
        ("2s", 2, 0),
        ("1.5s", 1, 500_000_000),
        ("0.1ms", 0, 100_000),
        ("1.1s", 1, 100_000_000),
        ("3min", 180, 0),
        ("2h", 7_200, 0),
        ("18446744073709551615ns", 18_446_744_073, 709_551_615),
    ] {
        assert_eq!(parse(source), Ok(Some((secs, nanos))), "{source}");
    }
}

#[test]
fn anything_else_is_an_expression() {
    for source in [
        "BUDGET",
        "Duration::from_millis(50)",
        "(BUDGET)",
        "2 * TICK",
        "budget()",
        "config.budget",
    ] {
        assert_eq!(parse(source), Ok(None), "{source}");
    }
}

#[test]
fn mistakes_say_what_to_write() {
    for (source, words) in [
        ("50", "write `50ms`"),
        ("50 ms", "write `50ms`"),
        (
            "50sec",
            "`sec` is not a unit of time; the units are `ns`, `us`, `ms`, `s`, `min`, `h`",
        ),
        ("50u32", "`u32` is not a unit"),
        ("0s", "above zero"),
        ("0.0000000001s", "above zero"),
        ("-5ms", "remove the `-`"),
        ("18446744073709551616ns", "too long"),
        ("1e300h", "too long"),
        ("\"50ms\"", "such as `50ms`"),
        ("'5'", "not a duration"),
    ] {
        let message = parse(source).expect_err(source);
        assert!(message.contains(words), "{source}: {message}");
    }
}
