//! Secret text, and credentials that are asked for at connect. Nothing here shows a secret.
//!
//! A [`Secret`] is wiped from memory when it is dropped. What a broker's client library makes of it
//! is the library's own copy: some keep it to connect anew, and it is dropped but not wiped.
//!
//! While a run writes a report, its secrets are remembered beside that, so that the report shows none of
//! them wherever it turns up (see [`report`](crate::report)); they are wiped when the report is written.

use std::any::type_name;
use std::env;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

#[cfg(any(
    feature = "nats",
    feature = "kafka",
    feature = "rabbitmq",
    feature = "redis",
    feature = "broker"
))]
use choreo_report::redact::forget_secret;
use choreo_report::redact::remember_secret;
use secrecy::{ExposeSecret, SecretString};

/// A password, token or key. `Debug` hides it, and there is no `Display`.
///
/// ```
/// use choreo::secret::Secret;
///
/// let secret = Secret::from("hunter2");
/// assert_eq!(format!("{secret:?}"), "Secret(<redacted>)");
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

/// An environment variable that should hold a secret does not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("environment variable `{name}` {problem}; it should hold a credential")]
pub struct MissingVariable {
    name: String,
    problem: &'static str,
}

impl Secret {
    /// Takes a secret from an environment variable.
    ///
    /// # Errors
    ///
    /// When the variable is not set, is empty or is not Unicode. The error names the variable only.
    pub fn from_env(name: &str) -> Result<Self, MissingVariable> {
        let missing = |problem| MissingVariable {
            name: name.into(),
            problem,
        };
        match env::var(name) {
            Ok(value) if value.is_empty() => Err(missing("is empty")),
            Ok(value) => Ok(Self::from(value)),
            Err(env::VarError::NotPresent) => Err(missing("is not set")),
            Err(env::VarError::NotUnicode(_)) => Err(missing("is not Unicode")),
        }
    }

    /// Takes a secret from a part of a URL, percent-encoded; none when the encoding is malformed.
    #[cfg(any(
        feature = "nats",
        feature = "rabbitmq",
        feature = "redis",
        feature = "broker"
    ))]
    pub(crate) fn from_url(text: &str) -> Option<Self> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            if *first != b'%' {
                bytes.push(*first);
                continue;
            }
            let (digits, after) = rest.split_at_checked(2)?;
            let high = char::from(digits[0]).to_digit(16)?;
            let low = char::from(digits[1]).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
            rest = after;
        }
        String::from_utf8(bytes).ok().map(Self::from)
    }

    /// The same as a name, of a user for example: whoever may not know it, reports may show it.
    #[cfg(any(
        feature = "nats",
        feature = "kafka",
        feature = "rabbitmq",
        feature = "redis",
        feature = "broker"
    ))]
    pub(crate) fn into_name(self) -> Self {
        forget_secret(self.expose());
        self
    }

    /// The secret itself. Hand it to whom it is for, and keep no copy.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::from(SecretString::from(text))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::from(SecretString::from(text))
    }
}

impl From<SecretString> for Secret {
    fn from(text: SecretString) -> Self {
        remember_secret(text.expose_secret());
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(<redacted>)")
    }
}

type Answer<A> = Result<A, ResolveError>;
type Resolver<A> = dyn Fn() -> Pin<Box<dyn Future<Output = Answer<A>> + Send>> + Send + Sync;

/// Where credentials come from: a value, or a resolver that is asked at every connect.
///
/// Made by [`IntoCredentials`]; cheap to clone; `Debug` shows neither value nor resolver.
pub struct Credentials<A>(Source<A>);

enum Source<A> {
    Value(Arc<A>),
    Resolver(Arc<Resolver<A>>),
}

/// Why a resolver gave no credentials.
///
/// Of the resolver's own error only the type is named: its text could hold the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// It returned an error.
    #[error(
        "the resolver of the credentials failed with a `{type_name}` (its text is not shown: it could hold a secret)"
    )]
    Failed {
        /// The type of its error.
        type_name: &'static str,
    },
    /// It panicked.
    #[error("the resolver of the credentials panicked")]
    Panicked,
}

impl<A: Send + Sync + 'static> Credentials<A> {
    /// Credentials that are the same at every connect.
    pub fn value(value: A) -> Self {
        Self(Source::Value(Arc::new(value)))
    }

    /// Gives the credentials; asks the resolver each time. Needs a tokio runtime.
    ///
    /// A synchronous resolver runs on a thread for blocking work, so it may read a file or call a
    /// keychain. When the future is dropped, an asynchronous resolver is cancelled.
    ///
    /// # Errors
    ///
    /// When the resolver fails or panics.
    pub async fn resolve(&self) -> Result<Arc<A>, ResolveError> {
        match &self.0 {
            Source::Value(value) => Ok(Arc::clone(value)),
            Source::Resolver(resolver) => {
                // In a task of its own: a panic of user code must not take the connection along.
                let mut task = Cancelled(tokio::spawn(resolver()));
                match (&mut task.0).await {
                    Ok(answer) => answer.map(Arc::new),
                    Err(_) => Err(ResolveError::Panicked),
                }
            }
        }
    }
}

/// Cancels the task when it is dropped.
struct Cancelled<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for Cancelled<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<A> Clone for Credentials<A> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Source::Value(value) => Source::Value(Arc::clone(value)),
            Source::Resolver(resolver) => Source::Resolver(Arc::clone(resolver)),
        })
    }
}

impl<A> fmt::Debug for Credentials<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::Value(_) => "Credentials(<redacted>)",
            Source::Resolver(_) => "Credentials(<resolver>)",
        })
    }
}

/// What can be given as credentials of type `A`: the value itself, a closure that returns
/// `Result<A, E>`, or one that returns a future of it. `Kind` tells them apart and is inferred.
#[diagnostic::on_unimplemented(
    message = "this gives no credentials of type `{A}`",
    label = "neither a `{A}` nor a closure that returns a `Result` of one",
    note = "give a `{A}`, a closure `Fn() -> Result<{A}, E>` or an async closure that returns `Result<{A}, E>`"
)]
pub trait IntoCredentials<A, Kind> {
    /// Wraps it.
    fn into_credentials(self) -> Credentials<A>;
}

/// A value, for [`IntoCredentials`].
#[derive(Debug)]
pub enum ByValue {}

/// A closure with error type `E`, for [`IntoCredentials`].
#[derive(Debug)]
pub struct ByClosure<E>(std::marker::PhantomData<fn() -> E>);

/// An async closure with error type `E`, for [`IntoCredentials`].
#[derive(Debug)]
pub struct ByAsyncClosure<Fut, E>(std::marker::PhantomData<fn() -> (Fut, E)>);

impl<A: Send + Sync + 'static> IntoCredentials<A, ByValue> for A {
    fn into_credentials(self) -> Credentials<A> {
        Credentials::value(self)
    }
}

impl<A, F, E> IntoCredentials<A, ByClosure<E>> for F
where
    A: Send + Sync + 'static,
    F: Fn() -> Result<A, E> + Send + Sync + 'static,
{
    fn into_credentials(self) -> Credentials<A> {
        let resolver = Arc::new(self);
        Credentials(Source::Resolver(Arc::new(move || {
            let resolver = Arc::clone(&resolver);
            Box::pin(async move {
                // The error is turned into its type's name on that thread: it need not be `Send`.
                match tokio::task::spawn_blocking(move || {
                    resolver().map_err(|error| failed(&error))
                })
                .await
                {
                    Ok(answer) => answer,
                    Err(_) => Err(ResolveError::Panicked),
                }
            })
        })))
    }
}

impl<A, F, Fut, E> IntoCredentials<A, ByAsyncClosure<Fut, E>> for F
where
    A: Send + Sync + 'static,
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<A, E>> + Send + 'static,
{
    fn into_credentials(self) -> Credentials<A> {
        Credentials(Source::Resolver(Arc::new(move || {
            let answer = self();
            Box::pin(async move { answer.await.map_err(|error| failed(&error)) })
        })))
    }
}

fn failed<E>(_error: &E) -> ResolveError {
    ResolveError::Failed {
        type_name: type_name::<E>(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const SENTINEL: &str = "s3ntinel";

    #[derive(Debug)]
    struct Auth(Secret);

    fn credentials<K>(from: impl IntoCredentials<Auth, K>) -> Credentials<Auth> {
        from.into_credentials()
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
    }

    #[test]
    fn nothing_shows_a_secret() {
        let secret = Secret::from(SENTINEL.to_owned());
        assert_eq!(secret.expose(), SENTINEL);
        let auth = credentials(Auth(secret.clone()));
        assert!(!format!("{secret:?} {auth:?} {:?}", Auth(secret.clone())).contains(SENTINEL));
    }

    #[test]
    fn a_value_a_closure_and_an_async_closure_give_credentials() {
        runtime().block_on(async {
            for source in [
                credentials(Auth(SENTINEL.into())),
                credentials(|| Ok::<_, std::io::Error>(Auth(SENTINEL.into()))),
                credentials(|| async { Ok::<_, std::io::Error>(Auth(SENTINEL.into())) }),
                credentials(async || Ok::<_, std::io::Error>(Auth(SENTINEL.into()))),
            ] {
                let auth = source.resolve().await.expect("credentials");
                assert_eq!(auth.0.expose(), SENTINEL, "{source:?}");
            }
        });
    }

    #[test]
    fn a_resolver_is_asked_each_time() {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let source = credentials(move || {
            let count = counter.fetch_add(1, Ordering::SeqCst);
            Ok::<_, std::io::Error>(Auth(format!("{count}").into()))
        });
        runtime().block_on(async {
            for expected in ["0", "1", "2"] {
                assert_eq!(
                    source.resolve().await.expect("credentials").0.expose(),
                    expected
                );
            }
        });
        assert_eq!(asked.load(Ordering::SeqCst), 3);
    }

    #[test]
    fn a_failing_resolver_is_named_by_type_and_its_text_is_withheld() {
        runtime().block_on(async {
            let sync = credentials(|| Err::<Auth, _>(std::io::Error::other(SENTINEL)));
            let not_sync = credentials(async || Err::<Auth, _>(std::io::Error::other(SENTINEL)));
            for source in [sync, not_sync] {
                let error = source.resolve().await.expect_err("no credentials");
                let shown = format!("{error} {error:?}");
                assert!(shown.contains("std::io::error::Error"), "{shown}");
                assert!(!shown.contains(SENTINEL), "{shown}");
            }
        });
    }

    #[test]
    fn a_panicking_resolver_is_an_error() {
        fn panicking() -> Result<Auth, std::io::Error> {
            panic!("on purpose")
        }
        runtime().block_on(async {
            for source in [credentials(panicking), credentials(async || panicking())] {
                let error = source.resolve().await.expect_err("no credentials");
                assert_eq!(error, ResolveError::Panicked);
            }
        });
    }

    /// Secrets are held by the process, not by a test: one test at a time has them held.
    fn alone() -> std::sync::MutexGuard<'static, ()> {
        static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
        ALONE
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    #[test]
    fn reports_show_secrets_of_the_run_nowhere() {
        use choreo_report::redact::{Redactor, hold_secrets};
        let _alone = alone();
        let redacted = |text: &str| {
            let mut text = text.to_owned();
            Redactor::of_process().text(&mut text);
            text
        };
        let text = "the service said: t0psecret-of-this-test";
        let _earlier = Secret::from("t0psecret-of-this-test");
        assert_eq!(redacted(text), text, "no report is wanted yet");
        let holding = hold_secrets();
        let _secret = Secret::from("t0psecret-of-this-test");
        assert_eq!(redacted(text), "the service said: <redacted:secret>");
        drop(holding);
        assert_eq!(redacted(text), text);
    }

    #[cfg(any(
        feature = "nats",
        feature = "kafka",
        feature = "rabbitmq",
        feature = "redis",
        feature = "broker"
    ))]
    #[test]
    fn reports_show_names_of_users() {
        use choreo_report::redact::{Redactor, hold_secrets};
        let _alone = alone();
        let holding = hold_secrets();
        let _user = Secret::from("bob-of-this-test").into_name();
        let mut text = "bob-of-this-test logs in".to_owned();
        Redactor::of_process().text(&mut text);
        assert_eq!(text, "bob-of-this-test logs in");
        drop(holding);
    }

    #[test]
    fn a_missing_variable_is_named() {
        let error = Secret::from_env("CHOREO_TEST_NO_SUCH_VARIABLE").expect_err("it is not set");
        assert_eq!(
            error.to_string(),
            "environment variable `CHOREO_TEST_NO_SUCH_VARIABLE` is not set; it should hold a credential"
        );
    }
}
