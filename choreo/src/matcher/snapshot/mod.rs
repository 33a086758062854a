//! `snapshot`: a whole message is as it was when somebody approved of it. The only place that names `insta`.
//!
//! While messages come, the stored snapshot is only read; `insta` itself has the last word once, at the end of
//! the scenario, on the one message that matched or came closest. So no near miss leaves a file behind, and what
//! happens then (a new file, an update in place, a forced pass, the removal of a stale file) is what the user's
//! settings and environment ask `insta` for.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use choreo_runner::catch_panic;
use insta::Settings;
use serde_json::Value;

pub use self::selector::SnapshotStep;
use self::selector::redact;
use super::functions::eq;
use super::{Matcher, MessagePattern, Mismatch, MismatchKind, Subject};

mod selector;
#[cfg(test)]
mod tests;

/// Where a snapshot is asserted, and how `insta` is called there: its macros look at the place of their call.
#[derive(Debug, Clone, Copy)]
pub struct SnapshotSite {
    /// `file!()`
    pub file: &'static str,
    /// `module_path!()`
    pub module: &'static str,
    /// `CARGO_MANIFEST_DIR` of the test's package.
    pub manifest: &'static str,
    /// `INSTA_WORKSPACE_ROOT`, when it was set at compile time.
    pub root: Option<&'static str>,
    /// `insta::assert_json_snapshot!` with a name and a value.
    pub assert: fn(&str, &Value),
}

/// A message that equals a stored snapshot. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Snapshot {
    inner: Arc<Inner>,
}

struct Inner {
    site: SnapshotSite,
    settings: Settings,
    /// Given by the test, or by the scenario that it is registered in.
    name: OnceLock<String>,
    redactions: Vec<(Vec<SnapshotStep>, Value)>,
    stored: OnceLock<Stored>,
    review: Mutex<Option<Review>>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner")
            .field("site", &self.site)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What is on disk when the first message comes.
#[derive(Debug)]
enum Stored {
    Nothing,
    Json(Value),
    /// Why it is none.
    Unreadable(String),
}

/// What `insta` said at the end of the scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Review {
    /// The message is as it should be, or the environment wants it to pass.
    pub(crate) passed: bool,
    /// For people: what became of the snapshot's file.
    pub(crate) note: Option<String>,
}

impl Snapshot {
    /// With the settings of `insta` that are bound on this thread.
    pub fn new(site: SnapshotSite, name: Option<&str>) -> Self {
        let given = OnceLock::new();
        if let Some(name) = name {
            given.get_or_init(|| name.to_owned());
        }
        Self {
            inner: Arc::new(Inner {
                site,
                settings: Settings::clone_current(),
                name: given,
                redactions: Vec::new(),
                stored: OnceLock::new(),
                review: Mutex::new(None),
            }),
        }
    }

    /// With a value in the place of what the selector leads to.
    ///
    /// # Panics
    ///
    /// When the snapshot is in use already.
    #[must_use]
    pub fn redact(
        mut self,
        selector: impl IntoIterator<Item = SnapshotStep>,
        replacement: impl Into<Value>,
    ) -> Self {
        let inner = Arc::get_mut(&mut self.inner).expect("redactions come before the first clone");
        let selector = selector.into_iter().collect();
        inner.redactions.push((selector, replacement.into()));
        self
    }

    /// Whether the test gave its name, or a scenario has.
    pub(crate) fn is_named(&self) -> bool {
        self.inner.name.get().is_some()
    }

    /// Names it after its scenario, of which it is the `number`th, unless the test did.
    pub(crate) fn name_after(&self, scenario: &str, number: u32) {
        self.inner.name.get_or_init(|| {
            let name = own_name(scenario, self.inner.site.module);
            match number {
                1 => name,
                number => format!("{name}-{number}"),
            }
        });
    }

    fn name(&self) -> &str {
        self.inner.name.get().map_or("snapshot", String::as_str)
    }

    /// What the snapshot of a message holds.
    fn redacted(&self, value: &Value) -> Value {
        let mut redacted = value.clone();
        for (selector, replacement) in &self.inner.redactions {
            redact(&mut redacted, selector, replacement);
        }
        redacted
    }

    /// The folder of the snapshot, as `insta` finds it: beside the source, unless the settings say another one.
    fn folder(&self) -> PathBuf {
        let Inner { site, settings, .. } = &*self.inner;
        let beside = Path::new(site.file).parent().unwrap_or(Path::new(""));
        root(site).join(beside).join(settings.snapshot_path())
    }

    fn path(&self) -> PathBuf {
        let Inner { site, settings, .. } = &*self.inner;
        let name = self.name().replace(['/', '\\'], "__");
        let suffix = settings.snapshot_suffix();
        let suffix = suffix
            .map(|suffix| format!("@{suffix}"))
            .unwrap_or_default();
        let module = if settings.prepend_module_to_snapshot() {
            format!("{}__", site.module.replace("::", "__"))
        } else {
            String::new()
        };
        self.folder().join(format!("{module}{name}{suffix}.snap"))
    }

    fn stored(&self) -> &Stored {
        self.inner.stored.get_or_init(|| {
            let path = self.path();
            if !path.exists() {
                return Stored::Nothing;
            }
            let snapshot = match insta::Snapshot::from_file(&path) {
                Ok(snapshot) => snapshot,
                Err(error) => return Stored::Unreadable(error.to_string()),
            };
            let text = snapshot.as_text().map(ToString::to_string);
            match serde_json::from_str(&text.unwrap_or_default()) {
                Ok(value) => Stored::Json(value),
                Err(error) => Stored::Unreadable(format!("it is no JSON: {error}")),
            }
        })
    }

    fn shown_path(&self) -> String {
        let path = self.path();
        let root = root(&self.inner.site);
        path.strip_prefix(&root)
            .unwrap_or(&path)
            .display()
            .to_string()
    }

    /// Has `insta` judge the message that matched or came closest, and keeps what it says. It reads and writes
    /// files, and asks cargo for the workspace once in a process: this is no work for a task of the runtime.
    pub(crate) async fn review(&self, value: &Value, matched: bool) {
        let value = self.redacted(value);
        let mut settings = self.inner.settings.clone();
        settings.set_snapshot_path(self.folder());
        // The order of an object's fields is the broker's business.
        settings.set_sort_maps(true);
        let assert = self.inner.site.assert;
        let judged = catch_panic(async { settings.bind(|| assert(self.name(), &value)) }).await;
        let said = judged.as_ref().err().map(|panic| panic.message.as_str());
        let review = Review {
            passed: said.is_none(),
            note: self.note(said, matched),
        };
        *self
            .inner
            .review
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(review);
    }

    pub(crate) fn reviewed(&self) -> Option<Review> {
        let review = self.inner.review.lock();
        review.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, said: Option<&str>, matched: bool) -> Option<String> {
        let path = self.shown_path();
        let said = match (said, matched) {
            (None, true) => return None,
            (None, false) => return Some(format!("`insta` took the closest message as `{path}`")),
            (Some(said), true) => {
                return Some(format!(
                    "`insta` does not take the message as `{path}`: {said}"
                ));
            }
            (Some(said), false) => said,
        };
        if !said.starts_with("snapshot assertion") {
            return Some(format!(
                "`insta` could not store the closest message: {said}"
            ));
        }
        let is_written = self.path().with_extension("snap.new").exists();
        Some(if is_written {
            format!(
                "the closest message is in `{path}.new`: `cargo insta review` shows and accepts it"
            )
        } else {
            format!(
                "`insta` stored no `{path}.new` (`INSTA_UPDATE`, `INSTA_PENDING_DIR` and `CI` decide \
                 whether and where it does)"
            )
        })
    }

    /// How a redacted message differs, if it does.
    fn difference(&self, actual: &Value) -> Option<Mismatch> {
        let describe = || MessagePattern::describe(self);
        let expected = match self.stored() {
            Stored::Json(expected) if expected == actual => return None,
            Stored::Json(expected) => expected,
            Stored::Nothing => {
                let expected = format!("{}, which is not stored yet", describe());
                let subject = Subject::present(actual);
                return Some(Mismatch::new(MismatchKind::Mismatch, expected, subject));
            }
            Stored::Unreadable(why) => {
                let expected = format!("{}, which cannot be read: {why}", describe());
                let subject = Subject::present(actual);
                return Some(Mismatch::new(MismatchKind::Mismatch, expected, subject));
            }
        };
        match Matcher::check(&eq(expected), Subject::present(actual)) {
            Err(mismatch) => Some(mismatch),
            // `1` is `1.0` elsewhere; the text of a snapshot tells them apart.
            Ok(()) => Some(Mismatch::new(
                MismatchKind::Mismatch,
                format!("{expected}, with numbers written in the same way"),
                Subject::present(actual),
            )),
        }
    }
}

impl MessagePattern for Snapshot {
    type Message = Value;

    fn describe(&self) -> String {
        format!("the snapshot `{}`", self.shown_path())
    }

    fn check(&self, subject: Subject<'_>) -> Result<Value, Mismatch> {
        let Some(value) = subject.value() else {
            return Err(Mismatch::type_mismatch(
                MessagePattern::describe(self),
                subject,
            ));
        };
        match self.difference(&self.redacted(value)) {
            None => Ok(value.clone()),
            Some(difference) => Err(difference),
        }
    }

    fn check_kept(&self, subject: Subject<'_>) -> Result<Option<Value>, Mismatch> {
        self.check(subject).map(|_| None)
    }

    fn as_snapshot(&self) -> Option<&Snapshot> {
        Some(self)
    }
}

/// The name of a scenario without the module that the file's name has already.
fn own_name(scenario: &str, module: &str) -> String {
    let inner = module.split_once("::").map_or("", |(_, inner)| inner);
    let own = [module, inner]
        .into_iter()
        .filter(|prefix| !prefix.is_empty())
        .find_map(|prefix| scenario.strip_prefix(prefix)?.strip_prefix("::"));
    own.unwrap_or(scenario).replace("::", "__")
}

/// The folder that `file!()` counts from: the workspace's, which is above the package or its own.
fn root(site: &SnapshotSite) -> PathBuf {
    if let Some(root) = std::env::var_os("INSTA_WORKSPACE_ROOT") {
        return root.into();
    }
    if let Some(root) = site.root {
        return root.into();
    }
    let manifest = Path::new(site.manifest);
    let above = manifest
        .ancestors()
        .find(|folder| folder.join(site.file).exists());
    above.unwrap_or(manifest).to_owned()
}
