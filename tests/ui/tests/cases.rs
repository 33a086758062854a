//! The cases of rows; how to read and rewrite them is in `ui.rs`.

use std::fs;
use std::path::Path;

/// Files of rows are looked for below the folder of the package that names them. What trybuild
/// compiles belongs to a package that it makes up, so the files go there first.
fn provide(data: &str) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("cargo's folder for tests is in the target folder");
    let copy = target
        .join("tests/trybuild")
        .join(env!("CARGO_PKG_NAME"))
        .join(data);
    fs::create_dir_all(&copy).expect("the folder of the made-up package can be created");
    for file in fs::read_dir(data).expect("the data is in this package") {
        let file = file.expect("the data can be listed");
        fs::copy(file.path(), copy.join(file.file_name())).expect("the data can be copied");
    }
}

#[test]
fn cases() {
    provide("data");
    let cases = trybuild::TestCases::new();
    cases.pass("pass/cases/*.rs");
    cases.compile_fail("fail/cases/*.rs");
}
