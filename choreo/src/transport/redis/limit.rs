//! The largest payload that the server takes. It ends a connection on which a larger one comes, and with
//! it everything else that is under way there; so it is asked before.

use redis::Value;
use redis::aio::MultiplexedConnection;

use super::dial::ask;

/// No server has a limit below.
const ALWAYS_ALLOWED: usize = 1024 * 1024;

/// An error if the server would not take so many bytes. Who may not ask for the limit learns it from the
/// server's refusal.
pub(super) async fn check(
    bytes: usize,
    commands: &mut MultiplexedConnection,
) -> Result<(), String> {
    if bytes <= ALWAYS_ALLOWED {
        return Ok(());
    }
    let question = redis::cmd("CONFIG")
        .arg("GET")
        .arg("proto-max-bulk-len")
        .clone();
    match ask(commands, &question).await.ok().and_then(limit) {
        Some(limit) if bytes > limit => Err(format!(
            "the payload has {bytes} bytes and the server takes {limit}: send less, or raise its \
             `proto-max-bulk-len`"
        )),
        _ => Ok(()),
    }
}

/// `[name, value]`.
fn limit(answer: Value) -> Option<usize> {
    match answer {
        Value::Array(answer) => match answer.get(1)? {
            Value::BulkString(digits) => std::str::from_utf8(digits).ok()?.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}
