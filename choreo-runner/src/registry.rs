//! The scenarios that are linked into this binary, named as libtest names tests.

use std::collections::HashMap;

use crate::case::Case;

/// A registered scenario under its full name.
#[derive(Debug, Clone)]
pub(crate) struct Test {
    pub(crate) name: String,
    pub(crate) case: &'static Case,
}

/// Two scenarios cannot be told apart by name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "two scenarios have the name `{name}`: one at {first}, one at {second}; \
     rename one of them, so that a filter can select it"
)]
pub(crate) struct DuplicateName {
    name: String,
    first: String,
    second: String,
}

/// Everything that was registered, in the order of the source.
pub(crate) fn registered(krate: &str) -> Result<Vec<Test>, DuplicateName> {
    name_all(inventory::iter::<Case>, krate)
}

/// Names and sorts cases: the linker gives them in any order.
fn name_all(
    cases: impl IntoIterator<Item = &'static Case>,
    krate: &str,
) -> Result<Vec<Test>, DuplicateName> {
    let mut tests: Vec<Test> = cases
        .into_iter()
        .map(|case| Test {
            name: full_name(case, krate),
            case,
        })
        .collect();
    tests.sort_by(|a, b| {
        (a.case.file, a.case.line, &a.name).cmp(&(b.case.file, b.case.line, &b.name))
    });

    let mut seen: HashMap<&str, &Case> = HashMap::with_capacity(tests.len());
    for test in &tests {
        if let Some(first) = seen.insert(&test.name, test.case) {
            return Err(DuplicateName {
                name: test.name.clone(),
                first: place(first),
                second: place(test.case),
            });
        }
    }
    Ok(tests)
}

/// The module path without the test's own crate, then the name. Scenarios that live in another
/// crate keep its name, so that they cannot collide with ours.
fn full_name(case: &Case, krate: &str) -> String {
    let module = match case.module.strip_prefix(krate) {
        Some("") => "",
        Some(rest) => rest.strip_prefix("::").unwrap_or(case.module),
        None => case.module,
    };
    if module.is_empty() {
        case.name.to_owned()
    } else {
        format!("{module}::{}", case.name)
    }
}

fn place(case: &Case) -> String {
    format!("{}:{}", case.file, case.line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::case;

    fn names(cases: &'static [Case]) -> Result<Vec<String>, DuplicateName> {
        name_all(cases, "orders").map(|tests| tests.into_iter().map(|test| test.name).collect())
    }

    #[test]
    fn names_are_module_paths_without_the_own_crate() {
        static CASES: [Case; 4] = [
            case("root", "orders", "a.rs", 1),
            case("nested", "orders::api::v1", "a.rs", 2),
            case("foreign", "plug::api", "a.rs", 3),
            case("prefix", "orders_extra", "a.rs", 4),
        ];
        assert_eq!(
            names(&CASES).expect("the names are unique"),
            [
                "root",
                "api::v1::nested",
                "plug::api::foreign",
                "orders_extra::prefix"
            ]
        );
    }

    #[test]
    fn the_order_is_that_of_the_source() {
        static CASES: [Case; 3] = [
            case("third", "orders", "b.rs", 1),
            case("second", "orders", "a.rs", 20),
            case("first", "orders", "a.rs", 3),
        ];
        assert_eq!(
            names(&CASES).expect("the names are unique"),
            ["first", "second", "third"]
        );
    }

    #[test]
    fn two_scenarios_of_one_name_are_refused_with_both_places() {
        static CASES: [Case; 2] = [
            case("twin", "orders", "a.rs", 3),
            case("twin", "orders", "b.rs", 9),
        ];
        let text = names(&CASES).expect_err("the names collide").to_string();
        for part in ["`twin`", "a.rs:3", "b.rs:9", "rename"] {
            assert!(text.contains(part), "{part} is missing in: {text}");
        }
    }
}
