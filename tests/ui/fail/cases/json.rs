#![expect(unused_variables, reason = "only the rows count")]

use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[choreo::scenario(orders)]
#[cases(from = "data/many.json")]
async fn many_mistakes(_s: Scenario<'_>, count: u32) {}

#[choreo::scenario(orders)]
#[cases(from = "data/nested-types.json")]
async fn nested_types(_s: Scenario<'_>, limit: Option<u8>, codes: Option<Vec<u8>>) {}

#[choreo::scenario(orders)]
#[cases(from = "data/cut.json")]
async fn a_file_that_ends(_s: Scenario<'_>, count: u32) {}

#[choreo::scenario(orders)]
#[cases(from = "data/deep.json")]
async fn too_deep(_s: Scenario<'_>, list: Vec<u8>) {}

#[choreo::scenario(orders)]
#[cases(from = "data/zeros.json")]
async fn leading_zeros(_s: Scenario<'_>, count: u32) {}

#[choreo::scenario(orders)]
#[cases(from = "data/point.json")]
async fn no_digit(_s: Scenario<'_>, ratio: f64) {}

#[choreo::scenario(orders)]
#[cases(from = "data/open-text.json")]
async fn a_quote_that_stays_open(_s: Scenario<'_>, region: String) {}

#[choreo::scenario(orders)]
#[cases(from = "data/escape.json")]
async fn an_unknown_escape(_s: Scenario<'_>, region: String) {}

#[choreo::scenario(orders)]
#[cases(from = "data/code-point.json")]
async fn a_short_code_point(_s: Scenario<'_>, region: String) {}

#[choreo::scenario(orders)]
#[cases(from = "data/surrogate.json")]
async fn half_a_pair(_s: Scenario<'_>, region: String) {}

#[choreo::scenario(orders)]
#[cases(from = "data/word.json")]
async fn not_a_value(_s: Scenario<'_>, region: String) {}

#[choreo::scenario(orders)]
#[cases(from = "data/key.json")]
async fn a_key_without_quotes(_s: Scenario<'_>, region: String) {}

#[choreo::scenario(orders)]
#[cases(from = "data/colon.json")]
async fn no_colon(_s: Scenario<'_>, region: String) {}

#[choreo::scenario(orders)]
#[cases(from = "data/twice-field.json")]
async fn a_field_twice(_s: Scenario<'_>, region: String) {}

#[choreo::scenario(orders)]
#[cases(from = "data/behind.json")]
async fn more_than_a_list(_s: Scenario<'_>, count: u32) {}

#[choreo::scenario(orders)]
#[cases(from = "data/comma.json")]
async fn a_comma_too_many(_s: Scenario<'_>, count: u32) {}

fn main() {}
