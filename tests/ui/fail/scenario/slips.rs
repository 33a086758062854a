use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[choreo::scenario(5)]
async fn number(_s: Scenario<'_>) {}

#[choreo::scenario(orders; timeout = 500ms)]
async fn semicolon(_s: Scenario<'_>) {}

#[choreo::scenario(orders, name = 5)]
async fn named(_s: Scenario<'_>) {}

#[choreo::scenario(orders, timeout = )]
async fn without_a_duration(_s: Scenario<'_>) {}

#[choreo::scenario(orders)]
async fn without_a_body(_s: Scenario<'_>);

#[choreo::scenario(orders, timeout = ; name = "x")]
async fn nothing_before_the_semicolon(_s: Scenario<'_>) {}

fn main() {}
