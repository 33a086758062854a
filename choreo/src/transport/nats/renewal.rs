//! What has to be made anew after a reconnect, before the connection counts as restored.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::watch;

/// The subscriptions of one connection that the client does not bring back by itself.
#[derive(Debug, Default)]
pub(super) struct Renewal(watch::Sender<State>);

#[derive(Debug, Default)]
struct State {
    /// The life of the connection in which they are to be made anew.
    epoch: u64,
    next: u64,
    members: HashSet<u64>,
    /// Those that are not back yet.
    behind: HashSet<u64>,
}

/// One subscription; leaves when dropped.
#[derive(Debug)]
pub(super) struct Member {
    renewal: Arc<Renewal>,
    calls: watch::Receiver<State>,
    number: u64,
    /// The epoch of the last call that it has heard.
    heard: u64,
}

impl Renewal {
    /// Calls everyone, and resolves when the last is back.
    pub(super) async fn renew(&self, epoch: u64) {
        self.0.send_modify(|state| {
            state.epoch = epoch;
            state.behind = state.members.clone();
        });
        let mut state = self.0.subscribe();
        let all_back = |state: &State| state.epoch != epoch || state.behind.is_empty();
        // Never an error: `self` has the sender.
        let _ = state.wait_for(all_back).await;
    }

    pub(super) fn join(self: &Arc<Self>) -> Member {
        let mut number = 0;
        let mut heard = 0;
        self.0.send_modify(|state| {
            number = state.next;
            heard = state.epoch;
            state.next += 1;
            state.members.insert(number);
        });
        Member {
            renewal: Arc::clone(self),
            calls: self.0.subscribe(),
            number,
            heard,
        }
    }
}

impl Member {
    /// Waits for the next call; gives its epoch.
    pub(super) async fn called(&mut self) -> u64 {
        let heard = self.heard;
        if let Ok(state) = self.calls.wait_for(|state| state.epoch != heard).await {
            self.heard = state.epoch;
        }
        self.heard
    }

    /// It is back, as the call of this epoch asked.
    pub(super) fn is_back(&self, epoch: u64) {
        self.renewal.0.send_if_modified(|state| {
            state.epoch == epoch && state.behind.remove(&self.number) && state.behind.is_empty()
        });
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.renewal.0.send_modify(|state| {
            state.members.remove(&self.number);
            state.behind.remove(&self.number);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::{Context, Poll, Waker};

    fn poll<T>(future: &mut std::pin::Pin<Box<impl Future<Output = T>>>) -> Poll<T> {
        future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn it_waits_for_everyone_who_has_not_left() {
        let renewal = Arc::new(Renewal::default());
        assert!(poll(&mut Box::pin(renewal.renew(1))).is_ready());
        let (mut one, two, three) = (renewal.join(), renewal.join(), renewal.join());
        assert!(
            poll(&mut Box::pin(one.called())).is_pending(),
            "called before it joined"
        );
        let mut all = Box::pin(renewal.renew(2));
        assert!(poll(&mut all).is_pending());
        assert_eq!(poll(&mut Box::pin(one.called())), Poll::Ready(2));
        one.is_back(2);
        two.is_back(1);
        assert!(poll(&mut all).is_pending());
        drop(three);
        assert!(poll(&mut all).is_pending());
        two.is_back(2);
        assert!(poll(&mut all).is_ready());
    }
}
