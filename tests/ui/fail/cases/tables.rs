#![expect(unused_variables, reason = "only the rows count")]

use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[choreo::scenario(orders)]
#[cases(from = "data/slips.json")]
async fn values(_s: Scenario<'_>, ratio: f32, letter: char, items: Vec<u8>) {}

#[choreo::scenario(orders)]
#[cases(from = "data/no-list.json")]
async fn no_list(_s: Scenario<'_>, count: u32) {}

#[choreo::scenario(orders)]
#[cases(from = "data/no-rows.json")]
async fn no_rows(_s: Scenario<'_>, count: u32) {}

#[choreo::scenario(orders)]
#[cases(from = "data/empty.csv")]
async fn no_header(_s: Scenario<'_>, region: String) {}

#[choreo::scenario(orders)]
#[cases(from = "data/nameless.csv")]
async fn a_column_without_a_name(_s: Scenario<'_>, region: String) {}

#[choreo::scenario(orders)]
#[cases(from = "data/twice.csv")]
async fn a_column_twice(_s: Scenario<'_>, region: String) {}

#[choreo::scenario(orders)]
#[cases(from = "data/short.csv")]
async fn too_few_values(_s: Scenario<'_>, count: u32, urgent: bool) {}

#[choreo::scenario(orders)]
#[cases(from = "data/quote.csv")]
async fn a_quote_inside(_s: Scenario<'_>, region: String) {}

#[choreo::scenario(orders)]
#[cases(from = "data/open-quote.csv")]
async fn a_quote_that_stays_open(_s: Scenario<'_>, region: String) {}

#[choreo::scenario(orders)]
#[cases(from = "data/latin.csv")]
async fn not_utf_8(_s: Scenario<'_>, region: String) {}

#[choreo::scenario(orders)]
#[cases(from = "data/after-quote.csv")]
async fn a_text_behind_the_quotes(_s: Scenario<'_>, region: String) {}

#[choreo::scenario(orders)]
#[cases(from = "data/nothing.csv")]
async fn a_number_or_nothing(_s: Scenario<'_>, limit: Option<u8>) {}

fn main() {}
