//! What went wrong, in the broker's words where it gave any.

use lapin::{Error, ErrorKind};

/// The broker's reply text, or the client's own words.
pub(super) fn of(error: &Error) -> String {
    match error.kind() {
        ErrorKind::ProtocolError(error) => error.get_message().to_string(),
        ErrorKind::IOError(error) | ErrorKind::RuntimeShutdownError(error) => error.to_string(),
        ErrorKind::MissingHeartbeatError => {
            "the server does not answer any more (no heartbeat)".into()
        }
        _ => error.to_string(),
    }
}

/// AMQP's reply code, when the broker gave one.
pub(super) fn code(error: &Error) -> Option<u16> {
    match error.kind() {
        ErrorKind::ProtocolError(error) => Some(error.get_id()),
        _ => None,
    }
}

/// ACCESS_REFUSED: wrong credentials, or a missing permission.
pub(super) const ACCESS_REFUSED: u16 = 403;
/// NOT_FOUND: no such exchange, queue or virtual host.
pub(super) const NOT_FOUND: u16 = 404;
/// PRECONDITION_FAILED: it is there and is different.
pub(super) const PRECONDITION_FAILED: u16 = 406;
/// NO_ROUTE: a mandatory message that no queue takes.
pub(super) const NO_ROUTE: u16 = 312;
