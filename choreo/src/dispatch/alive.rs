//! Signs of life of a broker. One question serves every scenario that waits for an answer to it.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use choreo_runner::{CaughtPanic, catch_panic};
use tokio::sync::watch;
use tokio::time::error::Elapsed;

use super::{Router, lock};
use crate::clock;
use crate::transport::TransportError;

/// How long a broker may take for a sign of life: a scenario whose broker hangs ends within a second of its
/// time.
const ANSWER_BOUND: Duration = Duration::from_millis(700);

#[derive(Clone)]
enum Answer {
    Awaited,
    Alive,
    /// Why there is none.
    Silent(String),
}

/// What was asked, and what comes of it.
#[derive(Clone)]
pub(crate) struct Question {
    asked: Instant,
    answer: watch::Receiver<Answer>,
}

/// The question that was asked last on a connection.
#[derive(Default)]
pub(super) struct LastQuestion(Mutex<Option<Question>>);

impl Router {
    /// Asks the broker for a sign of life that proves something about all the time before `since`: the
    /// question goes out after it. One that another scenario asked after it does as well.
    pub(crate) fn ask(&self, since: Instant) -> Question {
        let mut last = lock(&self.last_question.0);
        match &*last {
            Some(question) if question.asked >= since && !question.is_silent() => question.clone(),
            _ => last.insert(self.ask_anew()).clone(),
        }
    }

    fn ask_anew(&self) -> Question {
        // Before it can go out, so that it never looks later than it was.
        let asked = clock::now();
        let (sender, answer) = watch::channel(Answer::Awaited);
        let connection = self.connection().cloned();
        let address = self.config.address.clone();
        let address = address.unwrap_or_else(|| "the broker".to_owned());
        let mut lost = self.lost.subscribe();
        // A task of its own: who asked first may be gone before the answer comes.
        self.runtime.spawn(async move {
            // Who asks later would get this question again, and never an answer.
            let ping = catch_panic(async { connection?.ping().await });
            let answer = tokio::select! {
                biased;
                // The broker's end, or the harness's.
                lost = lost.wait_for(Option::is_some) => {
                    let reason = lost.ok().and_then(|reason| reason.clone());
                    Answer::Silent(reason.unwrap_or_else(|| "the harness was closed".to_owned()))
                }
                answer = tokio::time::timeout(ANSWER_BOUND, ping) => judged(answer, &address),
            };
            sender.send_replace(answer);
        });
        Question { asked, answer }
    }
}

fn judged(
    answer: Result<Result<Result<(), TransportError>, CaughtPanic>, Elapsed>,
    address: &str,
) -> Answer {
    let why = match answer {
        Ok(Ok(Ok(()))) => return Answer::Alive,
        Ok(Ok(Err(TransportError::Lost { reason }))) => {
            format!("{address} does not answer: {reason}")
        }
        Ok(Ok(Err(error))) => format!("{address} does not answer: {error}"),
        Ok(Err(panic)) => format!("asking it for a sign of life panicked: {}", panic.message),
        Err(_) => format!("{address} did not answer within {ANSWER_BOUND:?}"),
    };
    Answer::Silent(why)
}

impl Question {
    /// Why there is no sign of life, when there is none.
    pub(crate) async fn answer(mut self) -> Result<(), String> {
        let answer = self
            .answer
            .wait_for(|answer| !matches!(answer, Answer::Awaited));
        match answer.await.as_deref() {
            Ok(Answer::Alive) => Ok(()),
            Ok(Answer::Silent(reason)) => Err(reason.clone()),
            // The runtime that asked is gone.
            Ok(Answer::Awaited) | Err(_) => Err("asking it for a sign of life failed".to_owned()),
        }
    }

    fn is_silent(&self) -> bool {
        matches!(*self.answer.borrow(), Answer::Silent(_))
    }
}
