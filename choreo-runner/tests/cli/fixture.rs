//! The program under test: scenarios that end in all ways, and brokers that open in all ways.

use std::io::Write;
use std::time::Duration;

use choreo_runner::{
    BoxFuture, Case, HandleRecord, OpenError, Opened, Outcome, Resource, Row, RunContext,
    ScenarioRecord, SlowPolicy,
};

/// What a resource does when it is opened.
enum Open {
    Works,
    Fails,
    Panics,
    Missing,
}

struct Broker(&'static str, Open);

impl Resource for Broker {
    fn name(&self) -> &str {
        self.0
    }

    fn open(&'static self) -> BoxFuture<'static, Result<Opened, OpenError>> {
        Box::pin(async {
            say("opens", self.0);
            match self.1 {
                Open::Works => Ok(Opened { isolated: true }),
                Open::Fails => Err(OpenError::Failed("no route\nto the broker".to_owned())),
                Open::Panics => panic!("the broker is haunted"),
                Open::Missing => Err(OpenError::Skip(
                    "broker-server is not installed\ninstall it, or set BROKER_URL".to_owned(),
                )),
            }
        })
    }

    fn close(&'static self) -> BoxFuture<'static, ()> {
        Box::pin(async {
            say("closes", self.0);
            assert_ne!(self.0, "sticky", "it does not close");
        })
    }
}

/// On the standard error, as the checks count it.
fn say(what: &str, resource: &str) {
    writeln!(std::io::stderr(), "{what} {resource}").expect("the checks read this");
}

static BROKER: Broker = Broker("broker", Open::Works);
static STICKY: Broker = Broker("sticky", Open::Works);
static GONE: Broker = Broker("gone", Open::Fails);
static HAUNTED: Broker = Broker("haunted", Open::Panics);
static MISSING: Broker = Broker("missing", Open::Missing);

const CASE: Case = Case {
    name: "",
    module: "cli",
    file: file!(),
    line: 0,
    row: None,
    tags: &[],
    ignore: None,
    should_fail: None,
    slow: None,
    resource: || &BROKER,
    run: passes,
};

fn handle(topic: &str, outcome: Outcome, latency_us: Option<u64>, budget_ms: u64) -> HandleRecord {
    HandleRecord::new(topic, outcome)
        .with_latency(latency_us.map(Duration::from_micros))
        .with_budget(Duration::from_millis(budget_ms))
}

fn ends(
    outcome: Outcome,
    handles: Vec<HandleRecord>,
    failure: Option<&str>,
) -> BoxFuture<'static, ScenarioRecord> {
    let failure = failure.map(str::to_owned);
    let duration = Duration::from_millis(500);
    Box::pin(async move { ScenarioRecord::new(outcome, handles, duration, failure) })
}

fn passes(_: RunContext) -> BoxFuture<'static, ScenarioRecord> {
    let first = handle("orders.accepted", Outcome::Pass, Some(3_000), 50);
    let second = handle("orders.processed", Outcome::Pass, Some(12_345), 50);
    ends(Outcome::Pass, vec![first, second], None)
}

fn is_slow(_: RunContext) -> BoxFuture<'static, ScenarioRecord> {
    let handle = handle("orders.processed", Outcome::Slow, Some(73_000), 50);
    ends(Outcome::Slow, vec![handle], None)
}

fn fails(_: RunContext) -> BoxFuture<'static, ScenarioRecord> {
    let handle = handle("orders.processed", Outcome::Fail, None, 50);
    ends(
        Outcome::Fail,
        vec![handle],
        Some("one near miss\n  - count: 3"),
    )
}

fn times_out(_: RunContext) -> BoxFuture<'static, ScenarioRecord> {
    let first = handle("orders.accepted", Outcome::Pass, Some(3_000), 50);
    let second = handle("orders.processed", Outcome::Timeout, None, 50);
    ends(Outcome::Timeout, vec![first, second], Some("nothing came"))
}

/// One secret in the topic, one in the text, in colours.
fn leaks(_: RunContext) -> BoxFuture<'static, ScenarioRecord> {
    let answered = handle("login?token=s3same42", Outcome::Pass, Some(3_000), 50);
    let open = handle("logout?token=s3same42", Outcome::Fail, None, 50);
    let text = "one near miss\n  \x1b[1mpassword\x1b[0m: \x1b[31ms3same42\x1b[0m";
    ends(Outcome::Fail, vec![answered, open], Some(text))
}

fn errs(_: RunContext) -> BoxFuture<'static, ScenarioRecord> {
    ends(Outcome::Error, Vec::new(), Some("publish refused"))
}

fn panics_later(_: RunContext) -> BoxFuture<'static, ScenarioRecord> {
    Box::pin(async { panic!("the ice is thin") })
}

fn panics_at_once(_: RunContext) -> BoxFuture<'static, ScenarioRecord> {
    panic!("no ice at all")
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "this is the signature of `Case::run`"
)]
fn tells_its_context(context: RunContext) -> BoxFuture<'static, ScenarioRecord> {
    let text = format!("{} {} {}", context.name, context.line, context.color);
    ends(Outcome::Error, Vec::new(), Some(&text))
}

const ROW: Row = Row {
    number: 5,
    in_file: Some(3),
    file: "tests/orders.csv",
    line: 4,
};

/// Registers cases, one for each line of the source.
macro_rules! cases {
    ($($name:literal { $($field:ident: $value:expr),* $(,)? })*) => {
        $(inventory::submit! { Case { name: $name, line: line_of($name), $($field: $value,)* ..CASE } })*
    };
}

/// The fixtures share one line of this file, so their order is made from their names.
const fn line_of(name: &str) -> u32 {
    name.as_bytes()[0] as u32
}

cases! {
    "a_passes" { module: "cli::mixed", tags: &["quick"] }
    "b_slow" { module: "cli::mixed", run: is_slow }
    "c_fails" { module: "cli::mixed", run: fails }
    "d_times_out" { module: "cli::mixed", run: times_out }
    "e_errs" { module: "cli::mixed", run: errs }
    "f_panics_later" { module: "cli::mixed", run: panics_later }
    "g_panics_at_once" { module: "cli::mixed", run: panics_at_once }
    "h_ignored" { module: "cli::mixed", run: fails, ignore: Some("not yet") }
    "i_ignored" { module: "cli::mixed", run: fails, ignore: Some("") }

    "j_denies" { module: "cli::policy", run: is_slow, slow: Some(SlowPolicy::Deny) }
    "k_warns" { module: "cli::policy", run: is_slow, slow: Some(SlowPolicy::Warn) }

    "l_fails" { module: "cli::expected", run: fails, should_fail: Some("bug 17") }
    "m_times_out" { module: "cli::expected", run: times_out, should_fail: Some("") }
    "n_passes" { module: "cli::unexpected", should_fail: Some("bug 18"), row: Some(ROW) }
    "o_slow" { module: "cli::unexpected", run: is_slow, should_fail: Some("") }

    "p_first" { module: "cli::gone", resource: || &GONE }
    "q_second" { module: "cli::gone", resource: || &GONE, should_fail: Some("") }
    "r_third" { module: "cli::gone", resource: || &GONE }
    "s_other" { module: "cli::gone" }
    "t_haunted" { module: "cli::haunted", resource: || &HAUNTED }

    "u_first" { module: "cli::missing", resource: || &MISSING }
    "v_second" { module: "cli::missing", resource: || &MISSING }

    "y_leaks" { module: "cli::secret", run: leaks }
    "z_ignored" { module: "cli::secret", ignore: Some("until api_key=s3same42 works") }

    "w_sticky" { module: "cli::sticky", resource: || &STICKY }
    "x_context" { module: "cli::context", run: tells_its_context }
    "root" {}
}
