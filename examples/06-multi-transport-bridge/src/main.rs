//! Stands between the office, which talks NATS, and the building, which talks over Redis.
//!
//! | | from | to |
//! |---|---|---|
//! | readings | `meter:reading` in the building | `energy.readings` in the office |
//! | questions | `climate.get`, a request of the office | `climate:read`; the answer comes on `climate:state` |
//! | commands | `lights.off` in the office | `lamp:switch` for each lamp; each says `lamp:switched` |
//!
//! `multi-transport-bridge <NATS URL> <Redis URL>`
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it talks to whoever started it"
)]

use std::collections::{HashMap, HashSet};
use std::error::Error;

use async_nats::{Client, Message, Subject};
use futures_util::StreamExt as _;
use futures_util::stream::select_all;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, Msg};
use serde_json::{Value, json};

type Done = Result<(), Box<dyn Error>>;

/// What the ids of the office begin with when they travel in the building.
const PREFIX: &str = "office-";

#[tokio::main]
async fn main() -> Done {
    let mut arguments = std::env::args().skip(1);
    let (Some(nats), Some(redis)) = (arguments.next(), arguments.next()) else {
        return Err("usage: multi-transport-bridge <NATS URL> <Redis URL>".into());
    };
    let office = async_nats::connect(nats).await?;
    let mut from_office = select_all([
        office.subscribe("climate.get").await?,
        office.subscribe("lights.off").await?,
    ]);
    let building = redis::Client::open(redis)?;
    let mut from_building = building.get_async_pubsub().await?;
    for channel in ["meter:reading", "climate:state", "lamp:switched"] {
        from_building.subscribe(channel).await?;
    }
    let mut from_building = from_building.into_on_message();
    // The server has the subscriptions before anyone hears that the service is ready.
    office.flush().await?;
    let mut bridge = Bridge {
        office,
        building: building.get_multiplexed_async_connection().await?,
        askers: HashMap::new(),
        commands: HashMap::new(),
    };
    println!("ready");

    loop {
        let handled = tokio::select! {
            Some(message) = from_office.next() => bridge.on_office(message).await,
            Some(message) = from_building.next() => bridge.on_building(&message).await,
            else => return Ok(()),
        };
        if let Err(error) = handled {
            eprintln!("a message was dropped: {error}");
        }
    }
}

struct Bridge {
    office: Client,
    building: MultiplexedConnection,
    /// Who waits for an answer of the building, by correlation id.
    askers: HashMap<String, Subject>,
    /// Commands that not every lamp has carried out, by correlation id.
    commands: HashMap<String, Command>,
}

struct Command {
    lamps: usize,
    waiting: HashSet<String>,
}

impl Bridge {
    async fn on_office(&mut self, message: Message) -> Done {
        let body: Value = serde_json::from_slice(&message.payload)?;
        let id = text(&body, "correlation_id")?;
        let tag = format!("{PREFIX}{id}");
        if message.subject.as_str() == "climate.get" {
            let asker = message.reply.ok_or("it asks for no answer")?;
            self.askers.insert(id, asker);
            let question = json!({ "room": body["room"], "tag": tag });
            return self.tell_building("climate:read", &question).await;
        }
        let lamps = body["lamps"].as_array().ok_or("it names no lamps")?;
        let lamps: Vec<&str> = lamps.iter().filter_map(Value::as_str).collect();
        let command = Command {
            lamps: lamps.len(),
            waiting: lamps.iter().map(|lamp| (*lamp).to_owned()).collect(),
        };
        self.commands.insert(id, command);
        for lamp in lamps {
            let order = json!({ "lamp": lamp, "on": false, "tag": tag });
            self.tell_building("lamp:switch", &order).await?;
        }
        Ok(())
    }

    async fn on_building(&mut self, message: &Msg) -> Done {
        let body: Value = serde_json::from_slice(message.get_payload_bytes())?;
        let tag = text(&body, "tag")?;
        let id = tag.strip_prefix(PREFIX).ok_or("its tag is not ours")?;
        match message.get_channel_name() {
            "meter:reading" => {
                let kwh = body["kwh"].as_f64().ok_or("it has no figure")?;
                let reading =
                    json!({ "meter": body["meter"], "wh": kwh * 1000.0, "correlation_id": id });
                self.tell_office("energy.readings".into(), &reading).await
            }
            "climate:state" => {
                let asker = self.askers.remove(id).ok_or("nobody asked")?;
                let answer = json!({ "celsius": body["celsius"], "correlation_id": id });
                self.tell_office(asker, &answer).await
            }
            _ => self.lamp_is_off(id, &text(&body, "lamp")?).await,
        }
    }

    async fn lamp_is_off(&mut self, id: &str, lamp: &str) -> Done {
        let command = self.commands.get_mut(id).ok_or("nobody asked")?;
        if !command.waiting.remove(lamp) {
            return Ok(());
        }
        let (lamps, waiting) = (command.lamps, command.waiting.len());
        let progress = json!({ "off": lamps - waiting, "of": lamps, "correlation_id": id });
        self.tell_office("lights.progress".into(), &progress)
            .await?;
        if waiting == 0 {
            self.commands.remove(id);
            let done = json!({ "lamps": lamps, "correlation_id": id });
            self.tell_office("lights.done".into(), &done).await?;
        }
        Ok(())
    }

    async fn tell_office(&self, subject: Subject, message: &Value) -> Done {
        let payload = message.to_string().into();
        Ok(self.office.publish(subject, payload).await?)
    }

    async fn tell_building(&mut self, channel: &str, message: &Value) -> Done {
        let () = self.building.publish(channel, message.to_string()).await?;
        Ok(())
    }
}

fn text(body: &Value, field: &str) -> Result<String, String> {
    let text = body[field].as_str().map(str::to_owned);
    text.ok_or_else(|| format!("it has no `{field}`"))
}
