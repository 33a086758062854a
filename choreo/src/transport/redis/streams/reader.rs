//! The reader of one stream: reads on after the last entry that it has seen, on each new session too.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{Cmd, RedisError, RedisResult, Value};
use tokio::sync::{oneshot, watch};
use tokio::time::{sleep_until, timeout};

use super::entry::entries;
use super::{BEFORE_ALL, Options};
use crate::ids::CorrelationId;
use crate::transport::redis::dial::{Dialer, Wire, ask, is_loss, words};
use crate::transport::redis::link::{Link, broken};
use crate::transport::redis::session::{PING_BOUND, Session, answered};
use crate::transport::{Delivery, TransportError};

/// How long the server lets a reader wait for entries. After it the reader asks anew, and so learns when
/// its own connection hangs.
const BLOCK: Duration = Duration::from_secs(1);

/// How many entries are read at once.
const BATCH: usize = 256;

/// Between two attempts to read what the server refuses.
const REFUSED_PAUSE: Duration = Duration::from_millis(250);

/// How long leaving a group may take.
const LEAVE_BOUND: Duration = Duration::from_secs(1);

/// Where a reader is.
pub(super) struct Place {
    pub(super) key: String,
    /// The id of the last entry seen.
    pub(super) after: String,
}

/// Reads one stream.
pub(super) struct Reader {
    dialer: Arc<Dialer>,
    link: Arc<Link>,
    options: Arc<Options>,
    place: Place,
    topic: Arc<str>,
    member: Option<Member>,
    delivery: Delivery,
    /// What the server refused last; each refusal is reported once.
    refusal: Option<String>,
}

/// Reads on behalf of a group.
struct Member {
    group: String,
    consumer: String,
    /// Entries may have been handed to this member and not been seen: those come first.
    has_pending: bool,
}

impl Reader {
    pub(super) fn new(
        dialer: Arc<Dialer>,
        link: Arc<Link>,
        options: Arc<Options>,
        place: Place,
        delivery: Delivery,
    ) -> Self {
        let member = options.group.clone().map(|group| Member {
            group,
            consumer: CorrelationId::random("choreo-").as_str().to_owned(),
            has_pending: false,
        });
        Self {
            topic: place.key.as_str().into(),
            dialer,
            link,
            options,
            place,
            member,
            delivery,
            refusal: None,
        }
    }

    /// Opens the reader's own connection, and makes its group.
    pub(super) async fn open(&mut self, session: &Session) -> Result<Wire, TransportError> {
        self.make_group(session).await.map_err(|error| {
            self.link.error(&error, |reason| TransportError::Subscribe {
                topic: self.place.key.clone(),
                reason,
            })
        })?;
        let login = self.dialer.login().await?;
        self.dialer.commands(&login).await
    }

    async fn make_group(&mut self, session: &Session) -> RedisResult<()> {
        let Some(member) = &mut self.member else {
            return Ok(());
        };
        member.has_pending = true;
        let mut create = redis::cmd("XGROUP");
        create
            .arg("CREATE")
            .arg(&self.place.key)
            .arg(&member.group)
            .arg(&self.place.after)
            .arg("MKSTREAM");
        match ask(&mut session.commands.clone(), &create).await {
            Err(error) if error.code() != Some("BUSYGROUP") => Err(error),
            _ => Ok(()),
        }
    }

    /// Reads until nobody wants it any more, or the connection is closed.
    pub(super) async fn run(
        mut self,
        mut session: Arc<Session>,
        mut wire: Wire,
        unwanted: oneshot::Receiver<()>,
        mut closing: watch::Receiver<bool>,
    ) {
        let reading = async {
            loop {
                let reason = self.read_on(&session, &mut wire).await;
                session.fail(reason);
                let reopened = self.reopen(session.epoch).await;
                let Some(next) = reopened else { return };
                (session, wire) = next;
            }
        };
        tokio::select! {
            () = reading => {}
            _ = unwanted => {}
            _ = closing.wait_for(|closing| *closing) => {}
        }
        // Ends the read that the server still holds: it would give the next entry to the member that has left.
        drop(wire);
        self.leave().await;
    }

    /// A connection of the next session in which one can be opened.
    async fn reopen(&mut self, mut epoch: u64) -> Option<(Arc<Session>, Wire)> {
        loop {
            let session = self.link.session_after(epoch).await?;
            epoch = session.epoch;
            let opened = timeout(self.dialer.bound, self.open(&session)).await;
            match opened {
                Ok(Ok(wire)) => return Some((session, wire)),
                Ok(Err(error)) => session.fail(error.to_string()),
                Err(_) => session.fail(broken(self.link.address())),
            }
        }
    }

    /// Reads in one session; gives the reason of its end.
    async fn read_on(&mut self, session: &Session, wire: &mut Wire) -> String {
        let Wire {
            connection,
            driver,
            record,
        } = wire;
        let mut connection = connection.clone();
        let address = self.link.address().to_owned();
        let reading = async {
            loop {
                let bound = BLOCK + PING_BOUND;
                let sockets = std::slice::from_ref(&*record);
                match answered(sockets, bound, self.read(&mut connection)).await {
                    None => return format!("{address} did not answer a reader within {bound:?}"),
                    Some(Ok(())) => self.refusal = None,
                    Some(Err(error)) if is_loss(&error) => return broken(&address),
                    Some(Err(error)) => self.refused(&error, session).await,
                }
            }
        };
        tokio::select! {
            reason = reading => reason,
            () = driver => broken(&address),
        }
    }

    /// Reads once, and hands over what has come.
    async fn read(
        &mut self,
        connection: &mut redis::aio::MultiplexedConnection,
    ) -> RedisResult<()> {
        let answer = ask(connection, &self.question()).await?;
        let received_at = Instant::now();
        let Some(found) = entries(answer) else {
            return Err(RedisError::from((
                redis::ErrorKind::UnexpectedReturnType,
                "an answer that is no list of entries",
            )));
        };
        if found.is_empty() {
            if let Some(member) = &mut self.member {
                member.has_pending = false;
            }
            return Ok(());
        }
        let mut seen = redis::cmd("XACK");
        if let Some(member) = &self.member {
            seen.arg(&self.place.key).arg(&member.group);
        }
        for entry in found {
            self.place.after.clone_from(&entry.id);
            seen.arg(&entry.id);
            let form = &self.options.form;
            self.delivery
                .deliver(entry.into_envelope(&self.topic, form, received_at));
        }
        if self.member.is_some() {
            ask(connection, &seen).await?;
        }
        Ok(())
    }

    fn question(&self) -> Cmd {
        let mut question = Cmd::new();
        let after = match &self.member {
            None => {
                question.arg("XREAD");
                &*self.place.after
            }
            Some(member) => {
                question
                    .arg("XREADGROUP")
                    .arg("GROUP")
                    .arg(&member.group)
                    .arg(&member.consumer);
                if member.has_pending { "0" } else { ">" }
            }
        };
        let block = u64::try_from(BLOCK.as_millis()).unwrap_or(u64::MAX);
        question
            .arg("COUNT")
            .arg(BATCH)
            .arg("BLOCK")
            .arg(block)
            .arg("STREAMS")
            .arg(&self.place.key)
            .arg(after);
        question
    }

    /// The server does not let us read. What can be mended is: a group goes with its stream.
    async fn refused(&mut self, error: &RedisError, session: &Session) {
        if error.code() == Some("UNBLOCKED") {
            // The stream was deleted: all that a new one holds is new.
            BEFORE_ALL.clone_into(&mut self.place.after);
        }
        let gone = matches!(error.code(), Some("NOGROUP" | "UNBLOCKED"));
        if gone && self.make_group(session).await.is_ok() {
            return;
        }
        let words = words(error);
        if self.refusal.as_ref() != Some(&words) {
            self.link
                .refused(&format!("cannot read `{}`: {words}", self.place.key));
            self.refusal = Some(words);
        }
        sleep_until(tokio::time::Instant::now() + REFUSED_PAUSE).await;
    }

    /// Takes the member out of its group.
    async fn leave(&self) {
        let (Some(member), Ok(session)) = (&self.member, self.link.session()) else {
            return;
        };
        let mut leave = redis::cmd("XGROUP");
        leave
            .arg("DELCONSUMER")
            .arg(&self.place.key)
            .arg(&member.group)
            .arg(&member.consumer);
        let mut commands = session.commands.clone();
        // Without the server there is nothing to leave.
        let left: Result<RedisResult<Value>, _> =
            timeout(LEAVE_BOUND, ask(&mut commands, &leave)).await;
        drop(left);
    }
}
