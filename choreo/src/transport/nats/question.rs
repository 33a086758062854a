//! Questions that wait for the server's answer: an echo, or a complaint.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::link::Link;

/// The questions of one connection.
#[derive(Default)]
pub(super) struct Questions {
    by_subject: HashMap<String, oneshot::Sender<()>>,
    /// Answered in order, as the server's words name no subject.
    by_complaint: VecDeque<(String, oneshot::Sender<()>)>,
}

impl Questions {
    pub(super) fn add(&mut self, subject: String, sender: oneshot::Sender<()>) {
        self.by_subject.insert(subject, sender);
    }

    pub(super) fn add_by_complaint(&mut self, subject: String, sender: oneshot::Sender<()>) {
        self.by_complaint.push_back((subject, sender));
    }

    /// Answers the question with this subject.
    pub(super) fn answer(&mut self, subject: &str) -> bool {
        let sender = self.by_subject.remove(subject).or_else(|| {
            let index = self
                .by_complaint
                .iter()
                .position(|(other, _)| other == subject)?;
            self.by_complaint.remove(index).map(|(_, sender)| sender)
        });
        let Some(sender) = sender else { return false };
        // Who asked may have given up.
        let _ = sender.send(());
        true
    }

    /// Answers the question that has waited longest for a complaint.
    ///
    /// Right also when two were sent in another order than they were added: whoever is first here was
    /// added, and what he asks about was sent, before the other question was.
    pub(super) fn answer_oldest(&mut self) {
        if let Some((_, sender)) = self.by_complaint.pop_front() {
            // Who asked may have given up; the server's answer was for him all the same.
            let _ = sender.send(());
        }
    }

    /// Takes a question back.
    fn forget(&mut self, subject: &str) {
        self.by_subject.remove(subject);
        self.by_complaint.retain(|(other, _)| other != subject);
    }

    /// The connection is gone, and with it all answers.
    pub(super) fn clear(&mut self) {
        self.by_subject.clear();
        self.by_complaint.clear();
    }
}

/// A question that is being asked; taken back when dropped.
pub(super) struct Question {
    link: Arc<Link>,
    subject: String,
    answer: Option<oneshot::Receiver<()>>,
    /// The server will answer: taking it back would shift the answers of all that come after it.
    sure_of_answer: bool,
}

impl Question {
    pub(super) fn new(link: Arc<Link>, subject: String, answer: oneshot::Receiver<()>) -> Self {
        Self {
            link,
            subject,
            answer: Some(answer),
            sure_of_answer: false,
        }
    }

    /// A question by complaint is on its way.
    pub(super) fn is_sent(&mut self) {
        self.sure_of_answer = true;
    }

    /// Waits for the answer; none when the connection is lost first.
    pub(super) async fn answer(mut self) -> Option<()> {
        self.answer.take()?.await.ok()
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        if !self.sure_of_answer {
            self.link
                .questions(|questions| questions.forget(&self.subject));
        }
    }
}
