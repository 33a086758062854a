use choreo::prelude::*;

async fn body(text: &str, number: u32) {
    let result = settle!(text);
    result.assert_passed();
    settle!(number).assert_passed();
}

fn main() {}
