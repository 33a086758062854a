//! One scenario sees both brokers: what goes in on the one comes out on the other.
//!
//! ```sh
//! cargo test -p multi-transport-bridge
//! ```

use choreo::broker::Broker;
use choreo::prelude::*;

/// The two sides of the bridge.
#[derive(Stage)]
struct House {
    office: Harness,
    building: Harness,
}

/// Two private brokers, or those in `CHOREO_NATS_URL` and `CHOREO_REDIS_URL`, and the service between them.
///
/// The office has its ids in `correlation_id`, the building in `tag`, where they begin with `office-`.
#[choreo::stage]
async fn house() -> Result<Stage<House>> {
    let nats = Broker::nats().start().await?;
    let redis = Broker::redis().start().await?;
    let service = env!("CARGO_BIN_EXE_multi-transport-bridge");
    let service = example_support::start(service, &[nats.url(), redis.url()]).await?;
    Stage::builder(HouseBuilder {
        office: Harness::builder(Nats::new(nats.url()))
            .correlation(FieldCorrelation::new("correlation_id"))
            .keep(service)
            .keep(nats),
        building: Harness::builder(Redis::new(redis.url()))
            .correlation(FieldCorrelation::new("tag"))
            .keep(redis),
    })
    .bridge(
        MappedBridge::new()
            .map("office", str::to_owned)
            .map("building", |id| format!("office-{id}")),
    )
    .connect()
    .await
}

/// Adapter: a message on one broker becomes one on the other.
#[choreo::scenario(house, timeout = 5s)]
async fn a_reading_reaches_the_office(s: Scenario<'_, House>) {
    expect!(s.office, "energy.readings", { meter: "M-1", wh: 1_500 }, within 50ms);
    publish!(s.building, "meter:reading", { meter: "M-1", kwh: 1.5 });
}

/// Round trip: the office asks, the test plays the thermostat in the building, and the answer comes to the
/// inbox of whoever asked.
#[choreo::scenario(house, timeout = 5s)]
async fn the_office_asks_how_warm_it_is(s: Scenario<'_, House>) {
    reply!(s.building, "climate:read", { room: "hall" } => s.building, "climate:state", { room: "hall", celsius: 20.5 });
    let asked = expect!(s.building, "climate:read", { room: "hall" });
    let answered = expect!(s.office, s.inbox_on(&s.office), { celsius: approx 20 +- 1 }, within 50ms, since asked);
    in_order!(s, asked, answered);
    request!(s.office, "climate.get", { room: "hall" });
}

/// Orchestrator: one command of the office, a message for each device, and what they say back.
#[choreo::scenario(house, timeout = 5s)]
async fn all_lamps_go_off(s: Scenario<'_, House>) {
    lamps(&s);
    expect!(s.building, "lamp:switch", unordered [
        { lamp: "desk", on: false },
        { lamp: "door", on: false },
        { lamp: "shelf", on: false },
    ]);
    let progress = expect!(s.office, "lights.progress", { of: 3 }, times 3, ordered_by off);
    let done = expect!(s.office, "lights.done", { lamps: 3 }, exactly_once);
    in_order!(s, progress, done);

    publish!(s.office, "lights.off", { lamps: ["desk", "door", "shelf"] });

    let result = settle!(s);
    assert_eq!(result.replies()[0].reply_count, 3);
    assert_eq!(result[progress].messages()[2]["off"], 3);
}

/// A lamp that does not answer: the command is never done, and the office hears of the others.
#[choreo::scenario(house, timeout = 5s)]
async fn a_broken_lamp_is_not_taken_for_switched_off(s: Scenario<'_, House>) {
    reply!(s.building, "lamp:switch", { lamp: "desk" } => s.building, "lamp:switched", { lamp: "desk" });
    let progress = expect!(s.office, "lights.progress", { off: 1, of: 2 }, exactly_once);
    never!(s.office, "lights.done", for 100ms, since progress);
    publish!(s.office, "lights.off", { lamps: ["desk", "door"] });
}

/// The lamps of the building, as long as they work.
fn lamps(s: &Scenario<'_, House>) {
    reply!(s.building, "lamp:switch" => s.building, "lamp:switched", |order| {
        json!({ "lamp": order["lamp"] })
    }, always);
}

fn main() {
    choreo::main!()
}
