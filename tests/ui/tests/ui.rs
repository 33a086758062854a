//! Every rule that holds at compile time has a case: what is written, and what the compiler says.
//!
//! The texts are those of one compiler version, the newest stable one; `TRYBUILD=overwrite` writes
//! them anew. Read each: it has to point at the user's own token and to say what to write instead.

#[test]
fn expect() {
    let cases = trybuild::TestCases::new();
    cases.pass("pass/expect/*.rs");
    for folder in ["expect", "never", "in_order"] {
        cases.compile_fail(format!("fail/{folder}/*.rs"));
    }
}
