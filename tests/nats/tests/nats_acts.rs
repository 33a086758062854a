//! Scenarios of several acts over a real nats-server, with captured values and the patterns that
//! begin with a word.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use choreo::prelude::*;
use choreo::{Outcome, Value};
use choreo_test_brokers::{BrokerTests, NatsServer, broker_test_main};
use futures_util::StreamExt as _;

type TestError = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    broker_test_main(
        BrokerTests::needing("nats-server")
            .test("an_order_is_created_paid_and_sent", saga)
            .test("acts_of_many_scenarios_stay_apart", many),
    )
}

async fn harness(server: &NatsServer) -> choreo::Result<Harness> {
    Harness::builder(Nats::new(server.url()))
        .correlation(FieldCorrelation::new("correlation_id"))
        .timeout(Duration::from_secs(10))
        .connect()
        .await
}

/// A shop that makes up its own order ids and wants them back.
async fn shop(server: &NatsServer) -> Result<tokio::task::JoinHandle<()>, TestError> {
    let client = async_nats::connect(server.url()).await?;
    let mut requests = client.subscribe("shop.*").await?;
    client.flush().await?;
    Ok(tokio::spawn(async move {
        let mut orders = Vec::new();
        while let Some(request) = requests.next().await {
            let asked: Value = choreo::serde_json::from_slice(&request.payload).unwrap();
            let id = &asked["correlation_id"];
            let (topic, answer) = match request.subject.as_str() {
                "shop.order" => {
                    orders.push(id.clone());
                    let number = orders.len();
                    let lines = json!([{ "sku": "B", "count": 2 }, { "sku": "A", "count": 1 }]);
                    let order = format!("ORD-{number}");
                    (
                        "orders.created",
                        json!({ "id": order, "total": 9.99, "lines": lines }),
                    )
                }
                "shop.pay" => {
                    let number = asked["order"].as_str().unwrap().trim_start_matches("ORD-");
                    let known = orders.get(number.parse::<usize>().unwrap() - 1);
                    let state = if known == Some(id) { "Paid" } else { "Unknown" };
                    (
                        "orders.paid",
                        json!({ "order": asked["order"], "state": state, "at": "2026-01-31T12:00:01.5+01:00" }),
                    )
                }
                _ => continue,
            };
            let mut answer = answer;
            answer["correlation_id"] = id.clone();
            client
                .publish(topic, answer.to_string().into())
                .await
                .unwrap();
        }
    }))
}

async fn saga() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let shop = shop(&server).await?;
    let harness = harness(&server).await?;
    #[expect(
        clippy::disallowed_methods,
        reason = "the payload of the service says when, by the clock on the wall"
    )]
    let started = SystemTime::now();
    let mut scope = harness.scenario("an order").open();
    let s = scope.arrange();
    let created = expect!(s, "orders.created", {
        id: capture order_id: String & prefix "ORD-",
        total: approx 10 +- 0.05,
        lines: unordered [{ sku: "A" }, { sku: "B", count: capture count: u32 }],
    });
    publish!(s, "shop.order", {});
    let result = settle!(s);
    let order: String = result[created].captured("order_id");
    assert_eq!(result[created].captured::<u32>("count"), 2);

    let s = next_act!(s);
    let paid = expect!(s, "orders.paid", {
        order: (&order),
        state: ignore_case "PAID",
        at: before (started) & approx "2026-01-31T11:00:00Z" +- 5s,
    }, since created);
    publish!(s, "shop.pay", { order: &order });

    let s = next_act!(s);
    // An answer to whoever asks, in the act that begins without a message.
    reply!(s, "stock.get", { order: (&order) } => _, { level: 3 });
    let level = expect!(s, s.inbox(), at "/level" 3);
    request!(s, "stock.get", { order: &order });
    let result = settle!(s);
    result.assert_passed();
    assert_eq!(result.act(), 3);
    for outcome in [
        result[created].outcome(),
        result[paid].outcome(),
        result[level].outcome(),
    ] {
        assert_eq!(outcome, Outcome::Pass);
    }
    drop(scope);
    assert_eq!(harness.registration_count(), 0);
    assert_eq!(harness.open_scenario_count(), 0);
    harness.close().await;
    shop.abort();
    Ok(())
}

/// The shop checks that an order is paid under the id that it was made under.
async fn many() -> Result<(), TestError> {
    let server = NatsServer::builder().start()?;
    let shop = shop(&server).await?;
    let harness = harness(&server).await?;
    let scenarios = (0..200).map(|_| {
        let harness = harness.clone();
        tokio::spawn(async move {
            let mut scope = harness.scenario("one of many").open();
            let s = scope.arrange();
            let created = expect!(s, "orders.created", { id: capture order });
            publish!(s, "shop.order", {});
            let order: String = settle!(s)[created].captured("order");
            let s = next_act!(s);
            expect!(s, "orders.paid", { order: (&order), state: "Paid" });
            publish!(s, "shop.pay", { order: &order });
            settle!(s)
        })
    });
    for scenario in scenarios.collect::<Vec<_>>() {
        scenario.await?.assert_passed();
    }
    assert_eq!(harness.registration_count(), 0);
    harness.close().await;
    shop.abort();
    Ok(())
}
