//! Panics of scenarios, kept as data instead of being printed between other tests' lines.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::pin::pin;
use std::sync::Once;
use std::task::Poll;

/// A panic that ended a future.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaughtPanic {
    /// What the panic said.
    pub message: String,
    /// Where it happened, as `file:line:column`, where that is known.
    pub location: Option<String>,
    /// How the panic was reached, if the environment asks for it (`RUST_BACKTRACE`).
    pub backtrace: Option<String>,
}

impl fmt::Display for CaughtPanic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.location {
            Some(location) => write!(f, "panicked at {location}:\n{}", self.message)?,
            None => write!(f, "panicked: {}", self.message)?,
        }
        if let Some(backtrace) = &self.backtrace {
            write!(f, "\n{backtrace}")?;
        }
        Ok(())
    }
}

/// Runs a future and turns a panic in it into a value. The panic is not printed.
///
/// Only panics inside of this future count: those of tasks that it spawned are reported by
/// whoever joins them, and printed as usual. The location is missing if something else replaced
/// the process's panic hook after the first call. Under `panic = "abort"` nothing can be caught.
///
/// # Errors
///
/// The panic, if there was one. The future is dropped then.
pub async fn catch_panic<F: Future>(future: F) -> Result<F::Output, CaughtPanic> {
    install_hook();
    let mut future = pin!(future);
    std::future::poll_fn(move |context| {
        let watch = Watch::begin();
        // The future is not polled again after a panic, so a state that the panic left broken is
        // never seen.
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        let seen = watch.end();
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(payload) => Poll::Ready(Err(describe(payload.as_ref(), seen))),
        }
    })
    .await
}

/// The same for what needs no waiting, such as a function of the user's that must not take its caller with it.
///
/// # Errors
///
/// The panic, if there was one.
pub fn catch_panic_now<T>(work: impl FnOnce() -> T) -> Result<T, CaughtPanic> {
    install_hook();
    let watch = Watch::begin();
    // What the work has left broken is the caller's affair: all of them drop it or hand on the panic.
    let done = catch_unwind(AssertUnwindSafe(work));
    let seen = watch.end();
    done.map_err(|payload| describe(payload.as_ref(), seen))
}

thread_local! {
    /// Whether a watched future is being polled on this thread.
    static WATCHING: Cell<bool> = const { Cell::new(false) };
    /// The last panic since the watch began.
    static SEEN: RefCell<Option<CaughtPanic>> = const { RefCell::new(None) };
}

/// The span of one poll of a watched future on this thread; nests.
struct Watch {
    outer_watching: bool,
    outer_seen: Option<CaughtPanic>,
}

impl Watch {
    fn begin() -> Self {
        Self {
            outer_watching: WATCHING.replace(true),
            outer_seen: SEEN.take(),
        }
    }

    fn end(self) -> Option<CaughtPanic> {
        WATCHING.set(self.outer_watching);
        SEEN.replace(self.outer_seen)
    }
}

fn install_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if WATCHING.get() {
                let seen = observe(info);
                SEEN.set(Some(seen));
            } else {
                previous(info);
            }
        }));
    });
}

fn observe(info: &PanicHookInfo<'_>) -> CaughtPanic {
    let backtrace = Backtrace::capture();
    CaughtPanic {
        message: message_of(info.payload()),
        location: info.location().map(ToString::to_string),
        backtrace: (backtrace.status() == BacktraceStatus::Captured)
            .then(|| format!("stack backtrace:\n{backtrace}")),
    }
}

fn describe(payload: &(dyn Any + Send), seen: Option<CaughtPanic>) -> CaughtPanic {
    let message = message_of(payload);
    // What the hook saw may be an earlier panic that the body itself had caught, if this one was
    // resumed and so passed no hook.
    match seen {
        Some(seen) if seen.message == message => seen,
        _ => CaughtPanic {
            message,
            location: None,
            backtrace: None,
        },
    }
}

fn message_of(payload: &dyn Any) -> String {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a value that is not a text".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime without drivers can be built")
            .block_on(future)
    }

    #[test]
    fn a_panic_after_an_await_is_caught_with_its_location() {
        let caught = block_on(catch_panic(async {
            tokio::task::yield_now().await;
            assert_eq!(1, 2, "numbers differ");
        }))
        .expect_err("the future panics");
        assert!(caught.message.contains("numbers differ"), "{caught}");
        let location = caught.location.expect("the hook is installed");
        assert!(location.contains("panics.rs:"), "{location}");
    }

    #[test]
    fn a_value_passes_through() {
        assert_eq!(block_on(catch_panic(async { 7 })), Ok(7));
        assert_eq!(catch_panic_now(|| 7), Ok(7));
    }

    #[test]
    fn a_panic_of_work_is_caught_with_its_location() {
        let caught = catch_panic_now(|| panic!("at once")).expect_err("it panics");
        assert_eq!(caught.message, "at once");
        let location = caught.location.expect("the hook is installed");
        assert!(location.contains("panics.rs:"), "{location}");
        assert!(!WATCHING.get());
    }

    #[test]
    fn a_nested_catch_keeps_its_panic_to_itself() {
        let outer = block_on(catch_panic(async {
            catch_panic(async { panic!("inner") })
                .await
                .expect_err("the inner future panics")
                .message
        }));
        assert_eq!(outer.as_deref(), Ok("inner"));
    }

    #[test]
    fn a_resumed_panic_does_not_get_the_location_of_another() {
        let caught = block_on(catch_panic(async {
            let _ = catch_unwind(|| panic!("first"));
            std::panic::resume_unwind(Box::new("second"));
        }))
        .expect_err("the future panics");
        assert_eq!((caught.message.as_str(), caught.location), ("second", None));
    }

    #[test]
    fn a_payload_that_is_not_a_text_is_named() {
        let caught = block_on(catch_panic(async { std::panic::panic_any(3) }))
            .expect_err("the future panics");
        assert!(caught.message.contains("not a text"));
    }
}
