//! Every form of rows that the documentation shows, without a warning.
#![deny(warnings)]
#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use choreo::prelude::*;

#[choreo::harness]
async fn orders() -> Result<Harness> {
    Harness::builder(Memory::new()).connect().await
}

#[derive(Stage)]
struct Bridge {
    left: Harness,
    right: Harness,
}

#[choreo::stage]
async fn bridge() -> Result<Stage<Bridge>> {
    Stage::builder(BridgeBuilder {
        left: Harness::builder(Memory::new()),
        right: Harness::builder(Memory::new()),
    })
    .connect()
    .await
}

const REGION: &str = "US";

fn skus(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("SKU-{at}")).collect()
}

#[choreo::scenario(orders, timeout = 1s, name = "an order", tags("a"), should_fail = "shows the form")]
#[case(1, "EU", None, &[])]
#[case::empty_order(0, REGION, Some(1.5), &["a", "b"])]
#[case(2 * 2, { let eu = "EU"; eu }, None, &[],)]
#[expect(clippy::unused_async, reason = "an attribute of the user's")]
async fn values(s: Scenario<'_>, mut count: u32, region: &str, _: Option<f64>, tags: &[&str]) {
    count += 1;
    expect!(s, "orders", { count: (count), region: (region), tags: (tags) });
    begin!(s);
}

#[choreo::scenario(bridge, ignore = "shows the form")]
#[case((1, 2), skus(2))]
pub(crate) async fn on_a_stage(
    s: Scenario<'_, Bridge>,
    (low, high): (u8, u8),
    skus: Vec<String>,
) -> std::result::Result<(), std::fmt::Error> {
    expect!(s.left, "orders", { count: (low)..(high), skus: (skus) });
    publish!(s.right, "orders", {});
    Ok(())
}

/// Rows of several sources are numbered through.
#[choreo::scenario(orders)]
#[cases(from = "data/right.json")]
#[case::written(3, String::from("EU"), BTreeMap::new())]
#[cases(from = "data/right.csv")]
async fn files(s: Scenario<'_>, count: u32, region: String, stock: BTreeMap<String, u32>) {
    expect!(s, "orders", { count: (count), region: (region), stock: (stock) });
    begin!(s);
}

mod inner {
    #[choreo::scenario(super::orders)]
    #[case(1)]
    #[case(2)]
    async fn r#match(s: choreo::Scenario<'_>, count: u32) {
        choreo::expect!(s, "orders");
        choreo::publish!(s, "orders", count);
    }
}

fn main() {
    // Compiled, not run: these scenarios show forms.
    let _run: fn() = || choreo::main!();
}
