//! What a report costs: 1 000, 10 000 and 50 000 scenarios with five events each, from the end of the first
//! scenario to the last file, in one process and in as many processes as scenarios. Where Chromium is installed, also
//! how long it takes from opening the page, a file, to its first paint and to the first failure in full. Where a
//! target is missed it ends with an error.
//!
//! `cargo bench -p choreo-benches --bench report`
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot run should say so and stop"
)]

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use choreo_benches::{median, peak_bytes, resident_bytes};
use choreo_report::folder::Folder;
use choreo_report::merge::{self, Options, When};
use choreo_report::model::{
    Action, Diagnosis, Direction, Encoding, Event, Handle, Message, Millis, Outcome, Run, Scenario,
    Test, TestOutcome, Timestamp, TransportUse,
};
use choreo_report::partial::{Ending, Header, PartialWriter, Planned, RunId};
use choreo_report::redact::Redactor;
use choreo_test_page::{Browser, Screen, missing_program};
use tokio::runtime::Runtime;

const SCENARIOS: [usize; 3] = [1_000, 10_000, 50_000];
/// Of these the targets are.
const TARGETED: usize = 10_000;
const ROUNDS: usize = 5;
/// The target for 10 000 scenarios in one process: both files, and the memory that they take.
const TARGET: (Duration, u64) = (Duration::from_secs(1), 50 * 1024 * 1024);
/// And the page.
const PAGE: u64 = 8 * 1024 * 1024;
/// The target for the first paint of 10 000 scenarios.
const PAINT: Duration = Duration::from_secs(1);

/// Makes this program merge one report and print the memory that it took.
const CHILD: &str = "merge-and-measure";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, folder] = &arguments[..]
        && word == CHILD
    {
        measure(Path::new(folder));
        return ExitCode::SUCCESS;
    }
    println!("a report of scenarios with five events each; medians of {ROUNDS} rounds\n");
    println!(
        "{:>9}  {:>11}  {:>10}  {:>10}  {:>10}  {:>9}  {:>9}  {:>9}",
        "scenarios", "per end", "json", "json+page", "processes", "memory", "json", "page"
    );
    let mut is_met = true;
    for scenarios in SCENARIOS {
        is_met &= row(scenarios);
    }
    let (time, memory) = TARGET;
    println!(
        "\ntarget for 10 000: json+page below {time:?}, memory below {}, page below {}",
        mebibytes(memory),
        mebibytes(PAGE)
    );
    match missing_program() {
        None => Runtime::new()
            .expect("a runtime can be started")
            .block_on(async { is_met &= paints().await }),
        Some(program) => println!("\nno first paint: {program} is not installed"),
    }
    choreo_benches::ending(is_met)
}

/// Returns whether the target is met.
async fn paints() -> bool {
    let mut is_met = true;
    println!(
        "\n{:>9}  {:>11}  {:>13}",
        "scenarios", "first paint", "first failure"
    );
    for scenarios in SCENARIOS {
        let world = World::new();
        world.one_process(scenarios);
        world.merge(true);
        let (mut paints, mut failures) = (vec![], vec![]);
        for _ in 0..ROUNDS {
            // Each time another browser: one that knows the page has less to do.
            let browser = Browser::start(Screen::DESKTOP).await;
            browser.run_first(WATCH).await;
            browser.open_page(&world.folder.page(), "").await;
            paints.push(milliseconds_of(&browser, FIRST_PAINT).await);
            failures.push(milliseconds_of(&browser, "window.failure").await);
            browser.close().await;
        }
        let paint = median(paints);
        is_met &= scenarios != TARGETED || paint < PAINT;
        println!(
            "{scenarios:>9}  {:>11}  {:>13}",
            milliseconds(paint),
            milliseconds(median(failures)),
        );
    }
    println!("\ntarget for 10 000: first paint below {PAINT:?}");
    is_met
}

/// Keeps when the first failure was there in full.
const WATCH: &str = "new MutationObserver((_, self) => { if (document.querySelector('.test-detail .diff, .test-detail .card') === null) return; \
    self.disconnect(); requestAnimationFrame(() => { window.failure = performance.now(); }); }).observe(document, { childList: true, subtree: true });";

const FIRST_PAINT: &str = "performance.getEntriesByName('first-contentful-paint')[0].startTime";

async fn milliseconds_of(browser: &Browser, script: &str) -> Duration {
    let value = browser.run(script).await;
    Duration::from_secs_f64(value.as_f64().expect("a number") / 1e3)
}

/// Returns whether the target is met, if it has one.
fn row(scenarios: usize) -> bool {
    let (mut ends, mut json, mut both, mut many) = (vec![], vec![], vec![], vec![]);
    let (mut memory, mut sizes) = (0, (0, 0));
    for _ in 0..ROUNDS {
        let world = World::new();
        ends.push(world.one_process(scenarios));
        json.push(world.merge(false));
        both.push(world.merge(true));
        memory = memory.max(world.memory());
        sizes = world.sizes();
        if scenarios <= 10_000 {
            let world = World::new();
            world.many_processes(scenarios);
            many.push(world.merge(true));
        }
    }
    let both = median(both);
    let end = median(ends) / u32::try_from(scenarios).expect("a small number");
    println!(
        "{scenarios:>9}  {:>11}  {:>10}  {:>10}  {:>10}  {:>9}  {:>9}  {:>9}",
        format!("{:.1} µs", end.as_secs_f64() * 1e6),
        milliseconds(median(json)),
        milliseconds(both),
        if many.is_empty() {
            "-".to_owned()
        } else {
            milliseconds(median(many))
        },
        mebibytes(memory),
        mebibytes(sizes.0),
        mebibytes(sizes.1),
    );
    let (time, most) = TARGET;
    scenarios != TARGETED || (both < time && memory < most && sizes.1 < PAGE)
}

/// A report folder.
struct World {
    _scratch: tempfile::TempDir,
    folder: Folder,
    run: RunId,
}

impl World {
    fn new() -> Self {
        let scratch = tempfile::tempdir().expect("a temporary folder can be made");
        let folder = Folder::create(&scratch.path().join("report")).expect("it is missing");
        Self {
            _scratch: scratch,
            folder,
            run: RunId::new("bench"),
        }
    }

    fn writer(&self, header: &Header) -> PartialWriter {
        PartialWriter::create(&self.folder, &self.run, header, Redactor::of_process())
            .expect("the folder is ours")
    }

    /// The time of whoever runs the scenarios: without making the records, with waiting for the writer.
    fn one_process(&self, scenarios: usize) -> Duration {
        let header = header(0..scenarios);
        let writer = self.writer(&header);
        let mut spent = Duration::ZERO;
        for index in 0..scenarios {
            let test = test(&header, index);
            let start = Instant::now();
            writer.started(index, Timestamp::UNIX_EPOCH);
            writer.ended(index, test);
            spent += start.elapsed();
        }
        let start = Instant::now();
        writer.end(Ending::default()).expect("the folder is ours");
        spent + start.elapsed()
    }

    fn many_processes(&self, scenarios: usize) {
        for index in 0..scenarios {
            let mut header = header(index..index + 1);
            header.process = format!("{index:06}");
            let writer = self.writer(&header);
            writer.ended(0, test(&header, 0));
            writer.end(Ending::default()).expect("the folder is ours");
        }
    }

    fn merge(&self, page: bool) -> Duration {
        let mut options = Options::default();
        options.page = page;
        let start = Instant::now();
        merge::finish_process(&self.folder, &self.run, When::Now, &options)
            .expect("the parts can be merged")
            .expect("there are parts");
        start.elapsed()
    }

    /// The memory that a merge takes, in a process that does nothing else.
    fn memory(&self) -> u64 {
        let program = std::env::current_exe().expect("a program knows itself");
        let output = Command::new(program)
            .args([OsStr::new(CHILD), self.folder.path().as_os_str()])
            .output()
            .expect("the program starts");
        let text = String::from_utf8(output.stdout).expect("it prints a number");
        text.trim().parse().expect("it prints a number")
    }

    /// Of the JSON and of the page.
    fn sizes(&self) -> (u64, u64) {
        let size = |path: &Path| path.metadata().map_or(0, |there| there.len());
        (size(&self.folder.results()), size(&self.folder.page()))
    }
}

fn measure(folder: &Path) {
    let folder = Folder::open(folder).expect("it is a report folder");
    let before = resident_bytes().unwrap_or_default();
    let run = RunId::new("bench");
    merge::finish_process(&folder, &run, When::Now, &Options::default()).expect("there are parts");
    println!(
        "{}",
        peak_bytes().unwrap_or_default().saturating_sub(before)
    );
}

fn header(numbers: std::ops::Range<usize>) -> Header {
    let at = Timestamp::UNIX_EPOCH;
    let tests = numbers
        .map(|number| {
            let line = u32::try_from(number).expect("a small number") + 1;
            Planned::new(
                format!("orders::scenario_{number}"),
                "tests/orders.rs",
                line,
            )
        })
        .collect();
    let mut header = Header::new(1, "orders", Run::new(at, at, Millis::ZERO), tests);
    header.package = Some("shop".to_owned());
    header
}

/// One expectation, two messages, five events. Every hundredth fails.
fn test(header: &Header, index: usize) -> Box<Test> {
    let fails = index % 100 == 99;
    let (outcome, shown) = match fails {
        true => (Outcome::Fail, TestOutcome::Failed),
        false => (Outcome::Pass, TestOutcome::Passed),
    };
    let took = Duration::from_micros(12_345);
    let mut test = header.test(index, shown, took).expect("it is in the plan");
    let mut scenario = Scenario::new(test.name.clone(), outcome, took);
    scenario.correlation_id = Some(format!("sha256:{index:016x}"));
    scenario.transports = vec![TransportUse::new("nats", "nats")];
    let payload =
        format!(r#"{{"order":{{"id":"ORD-{index}","count":{index}}},"status":"COMPLETED"}}"#);
    let size = payload.len() as u64;
    for (id, topic, direction) in [
        ("m1", "orders.created", Direction::Out),
        ("m2", "orders.processed", Direction::In),
    ] {
        let mut message = Message::new(id, topic, direction, took, size, Encoding::Json);
        message.payload = Some(payload.clone().into());
        scenario.messages.push(message);
    }
    let mut handle = Handle::new("orders.processed", outcome);
    handle.id = Some("h1".to_owned());
    handle.latency_ms = Some(took.into());
    handle.matcher_description = "{ status: \"COMPLETED\" }".to_owned();
    handle.diagnosis = match fails {
        true => Diagnosis::near_miss(1, took),
        false => Diagnosis::matched(),
    };
    scenario.handles.push(handle);
    let steps = [
        (Action::Ready, None),
        (Action::Published, Some("m1")),
        (Action::Received, Some("m2")),
        (Action::Matched, Some("m2")),
        (Action::Deadline, None),
    ];
    for (number, (action, message)) in (1..).zip(steps) {
        let mut event = Event::new(took, Timestamp::UNIX_EPOCH, action);
        event.id = Some(format!("e{number}"));
        event.message = message.map(str::to_owned);
        event.topic = Some("orders.processed".to_owned());
        scenario.timeline.push(event);
    }
    test.scenarios.push(scenario);
    if fails {
        test.traceback = Some("status: expected COMPLETED, found REJECTED".to_owned());
        test.failure_text.clone_from(&test.traceback);
    }
    Box::new(test)
}

fn milliseconds(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1e3)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / (1024.0 * 1024.0))
}
