//! Scenarios that all use the same two topics, run at once, and do not see each other.
//!
//! ```sh
//! cargo test -p parallel-isolation --test isolation
//! ```

use choreo::prelude::*;

/// The till as a task on a broker in memory.
async fn till() -> Result<Memory> {
    let broker = Memory::new();
    let client = broker.client();
    let mut baskets = client.subscribe("baskets").await?;
    tokio::spawn(async move {
        while let Some(basket) = baskets.next().await {
            if let Ok(total) = parallel_isolation::add_up(&basket.payload) {
                // The broker is gone only when the run is over.
                let _ = client.publish("totals", total).await;
            }
        }
    });
    Ok(broker)
}

/// Each scenario has an id of its own, and the till copies it: that keeps them apart.
#[choreo::harness]
async fn shop() -> Result<Harness> {
    Harness::builder(till().await?)
        .correlation(FieldCorrelation::new("correlation_id"))
        .connect()
        .await
}

/// No ids: every scenario would see every message, so the runner takes them one at a time.
#[choreo::harness]
async fn shop_without_ids() -> Result<Harness> {
    Harness::builder(till().await?).connect().await
}

/// Without isolation each of these would take the other's total for its own, and fail.
#[choreo::scenario(shop, timeout = 2s)]
async fn ann_pays_for_her_basket(s: Scenario<'_>) {
    let total = expect!(s, "totals", { cents: 300 });
    publish!(s, "baskets", { customer: 1, prices: [100, 200] });

    let result = settle!(s);
    assert_eq!(result[total].near_misses().len(), 0);
}

#[choreo::scenario(shop, timeout = 2s)]
async fn bob_pays_for_his_basket(s: Scenario<'_>) {
    let total = expect!(s, "totals", { cents: 50 });
    publish!(s, "baskets", { customer: 2, prices: [50] });

    let result = settle!(s);
    assert_eq!(result[total].near_misses().len(), 0);
}

/// Five hundred more, opened by hand inside one: each gets exactly its own total, and none is left over.
#[choreo::scenario(shop, timeout = 10s)]
async fn five_hundred_customers_pay_at_once(s: Scenario<'_>) {
    expect!(s, "totals", { customer: 0, cents: 1 });
    publish!(s, "baskets", { customer: 0, prices: [1] });

    let broker = till().await.expect("a broker in memory");
    let harness = Harness::builder(broker)
        .correlation(FieldCorrelation::new("correlation_id"))
        .connect()
        .await
        .expect("it is in memory");
    let customers: Vec<_> = (1..=500_u32)
        .map(|customer| {
            let harness = harness.clone();
            tokio::spawn(async move {
                let mut scope = harness.scenario(format!("customer {customer}")).open();
                let s = scope.arrange();
                expect!(s, "totals", { customer: (customer), cents: (customer * 3) });
                publish!(s, "baskets", { customer: (customer), prices: [(customer), (customer * 2)] });
                settle!(s)
            })
        })
        .collect();
    for customer in customers {
        customer.await.expect("no panic").assert_passed();
    }
    assert_eq!(harness.surprises().0, [], "a total that nobody waited for");
    harness.close().await;
}

/// One at a time: the total of the other scenario is over before this one begins.
#[choreo::scenario(shop_without_ids, timeout = 2s)]
async fn ann_pays_where_nobody_copies_ids(s: Scenario<'_>) {
    expect!(s, "totals", { customer: 1, cents: 300 });
    publish!(s, "baskets", { customer: 1, prices: [100, 200] });
}

#[choreo::scenario(shop_without_ids, timeout = 2s)]
async fn bob_pays_where_nobody_copies_ids(s: Scenario<'_>) {
    expect!(s, "totals", { customer: 2, cents: 50 });
    publish!(s, "baskets", { customer: 2, prices: [50] });
}

fn main() {
    choreo::main!()
}
