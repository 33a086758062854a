//! A worker of the consumer group `printers`: it takes jobs from the stream `jobs` and says on `jobs.done`
//! what it has printed. Jobs that another worker took and never acknowledged it takes over.
//!
//! `redis-consumer-group <Redis URL> <name>`
#![expect(clippy::print_stdout, reason = "it talks to whoever started it")]

use std::error::Error;

use redis::aio::MultiplexedConnection;
use redis::streams::{StreamAutoClaimReply, StreamId, StreamReadReply};
use redis::{AsyncCommands as _, RedisResult, cmd};

const STREAM: &str = "jobs";
const GROUP: &str = "printers";

/// A worker that keeps a job for longer than this has died.
const ABANDONED_AFTER_MS: usize = 100;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments
        .next()
        .unwrap_or_else(|| "redis://127.0.0.1:6379".to_owned());
    let name = arguments.next().unwrap_or_else(|| "worker".to_owned());
    let mut connection = redis::Client::open(url)?
        .get_multiplexed_async_connection()
        .await?;
    let created: RedisResult<()> = connection.xgroup_create_mkstream(STREAM, GROUP, "$").await;
    // Another worker was first.
    if let Err(error) = created
        && error.code() != Some("BUSYGROUP")
    {
        return Err(error.into());
    }
    println!("ready");

    loop {
        for job in abandoned(&mut connection, &name).await? {
            print(&mut connection, &name, &job, "yes").await?;
        }
        for job in new(&mut connection, &name).await? {
            // Stands for a worker that dies over a job.
            if job.get::<String>("jams").is_some() {
                continue;
            }
            print(&mut connection, &name, &job, "no").await?;
        }
    }
}

async fn abandoned(
    connection: &mut MultiplexedConnection,
    name: &str,
) -> RedisResult<Vec<StreamId>> {
    let mut command = cmd("XAUTOCLAIM");
    command.arg(STREAM).arg(GROUP).arg(name);
    command.arg(ABANDONED_AFTER_MS).arg("0-0");
    let reply: StreamAutoClaimReply = command.query_async(connection).await?;
    Ok(reply.claimed)
}

/// Waits for jobs, but not for long: there may be abandoned ones.
async fn new(connection: &mut MultiplexedConnection, name: &str) -> RedisResult<Vec<StreamId>> {
    let mut command = cmd("XREADGROUP");
    command.arg("GROUP").arg(GROUP).arg(name);
    command.arg("COUNT").arg(1).arg("BLOCK").arg(50);
    command.arg("STREAMS").arg(STREAM).arg(">");
    let reply: Option<StreamReadReply> = command.query_async(connection).await?;
    let keys = reply.map(|reply| reply.keys).unwrap_or_default();
    Ok(keys.into_iter().flat_map(|key| key.ids).collect())
}

async fn print(
    connection: &mut MultiplexedConnection,
    name: &str,
    job: &StreamId,
    taken_over: &str,
) -> RedisResult<()> {
    let field = |name| job.get::<String>(name).unwrap_or_default();
    let fields = [
        ("document", field("document")),
        ("printed_by", name.to_owned()),
        ("taken_over", taken_over.to_owned()),
        ("correlation_id", field("correlation_id")),
    ];
    let _: String = connection.xadd("jobs.done", "*", &fields).await?;
    let _: u64 = connection.xack(STREAM, GROUP, &[&job.id]).await?;
    Ok(())
}
