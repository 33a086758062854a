//! The cases of the attributes, of `derive(Message)`, and of the steps that send, answer and
//! settle; how to read and rewrite them is in `ui.rs`.

#[test]
fn items() {
    let cases = trybuild::TestCases::new();
    cases.pass("pass/items/*.rs");
    for folder in [
        "scenario", "harness", "stage", "message", "publish", "reply", "settle", "next_act",
    ] {
        cases.compile_fail(format!("fail/{folder}/*.rs"));
    }
}
