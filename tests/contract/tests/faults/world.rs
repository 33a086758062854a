//! Scenarios before, during and after a fault.

use std::sync::Arc;
use std::time::{Duration, Instant};

use choreo::prelude::*;
use choreo::transport::Transport;
use choreo::{ScenarioErrorKind, ScenarioResult};
use choreo_test_brokers::{Proxy, TestError};
use choreo_test_contract::TestBroker;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::fault::Fault;
use super::left::Left;

/// Of scenarios that are to pass.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Of the scenarios that run into the fault: less than any heartbeat takes.
const WAIT: Duration = Duration::from_secs(1);
/// What an end may come later than that.
const GRACE: Duration = Duration::from_secs(1);
/// How long a scenario waits for a connection to come back.
const READY: Duration = Duration::from_secs(3);
const RUNNING: usize = 5;
/// How long the connection may take to be whole again.
const RECOVERY: Duration = Duration::from_secs(40);
/// For everything that has no bound of its own.
const BOUND: Duration = Duration::from_secs(30);
/// Of a whole trial.
const TRIAL_BOUND: Duration = Duration::from_secs(115);
/// Idle threads of the runtime end soon, so that they are not taken for leaks.
const KEEP_ALIVE: Duration = Duration::from_millis(50);

pub(crate) fn run<B: TestBroker>(fault: Fault) -> Result<(), TestError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_keep_alive(KEEP_ALIVE)
        .enable_all()
        .build()?;
    let ended = runtime.block_on(async { timeout(TRIAL_BOUND, trial::<B>(fault)).await });
    runtime.shutdown_timeout(GRACE);
    ended.unwrap_or_else(|_| Err(format!("the trial did not end within {TRIAL_BOUND:?}").into()))
}

async fn trial<B: TestBroker>(fault: Fault) -> Result<(), TestError> {
    let proxy = fault.needs_proxy().then(Proxy::start).transpose()?;
    let address = proxy.as_ref().map(Proxy::address);
    let mut broker = B::start(address.as_deref())?;
    if let Some(proxy) = &proxy {
        proxy.lead_to(broker.port());
    }
    let port = proxy.as_ref().map_or(broker.port(), Proxy::port);
    let before = Left::now()?;
    let harness = harness::<B>(port).await?;
    let closed_meanwhile = harness_to_close::<B>(port).await?;
    passes(&harness, "contract.before").await?;
    if fault == Fault::Slow {
        fault.strike(&mut broker, proxy.as_ref())?;
        passes(&harness, "contract.before").await?;
        passes(&harness, "contract.new").await?;
    } else {
        struck(fault, &mut broker, proxy.as_ref(), &harness, port).await?;
        if fault.lasts() {
            errs(&harness).await?;
        }
    }
    timeout(BOUND, closed_meanwhile.close())
        .await
        .map_err(|_| format!("a close during the fault did not end within {BOUND:?}"))?;
    drop(closed_meanwhile);
    fault.mend(&mut broker, proxy.as_ref())?;
    recovers(&harness).await?;
    timeout(BOUND, harness.close())
        .await
        .map_err(|_| format!("the close did not end within {BOUND:?}"))?;
    drop(harness);
    before.again(B::threads_for_good()).await
}

async fn harness<B: TestBroker>(port: u16) -> Result<Harness, TestError> {
    let connect = Harness::builder(B::at(port))
        .correlation(FieldCorrelation::new("correlation_id"))
        .timeout(TIMEOUT)
        .ready_timeout(READY)
        .connect();
    Ok(timeout(BOUND, connect).await??)
}

/// One that has subscriptions.
async fn harness_to_close<B: TestBroker>(port: u16) -> Result<Harness, TestError> {
    let harness = harness::<B>(port).await?;
    passes(&harness, "contract.other").await?;
    Ok(harness)
}

/// A message to itself.
async fn echo(harness: &Harness, topic: &str) -> Result<Arc<ScenarioResult>, TestError> {
    let scenario = async {
        let mut scope = harness.scenario("echo").open();
        let s = scope.arrange();
        expect!(s, topic.to_owned(), { number: 7 });
        publish!(s, topic.to_owned(), { number: 7 });
        settle!(s)
    };
    let ended = timeout(TIMEOUT + READY * 3, scenario).await;
    ended.map_err(|_| format!("a scenario on `{topic}` hangs").into())
}

async fn passes(harness: &Harness, topic: &str) -> Result<(), TestError> {
    let result = echo(harness, topic).await?;
    match result.outcome() {
        Outcome::Pass => Ok(()),
        _ => Err(result.failure_text().into()),
    }
}

/// Scenarios that wait when the fault strikes end as error, in time, with the cause.
async fn struck<B: TestBroker>(
    fault: Fault,
    broker: &mut B,
    proxy: Option<&Proxy>,
    harness: &Harness,
    port: u16,
) -> Result<(), TestError> {
    let (triggered, mut triggers) = mpsc::channel(RUNNING);
    let mut running = JoinSet::new();
    for number in 0..RUNNING {
        running.spawn(waits(harness.clone(), number, triggered.clone()));
    }
    drop(triggered);
    let all_wait = async { while triggers.recv().await.is_some() {} };
    timeout(BOUND, all_wait)
        .await
        .map_err(|_| "the scenarios did not begin")?;
    fault.strike(broker, proxy)?;
    let results = timeout(BOUND, running.join_all())
        .await
        .map_err(|_| format!("scenarios have not ended {BOUND:?} after the fault"))?;
    for (result, took) in results {
        let text = result.failure_text();
        if took > WAIT + GRACE {
            return Err(format!("a scenario that waits {WAIT:?} took {took:?}:\n{text}").into());
        }
        let Some(error) = result.error() else {
            return Err(format!("a scenario saw no error:\n{text}").into());
        };
        if result.outcome() != Outcome::Error || error.kind != ScenarioErrorKind::Lost {
            return Err(format!("a scenario ended for another reason:\n{text}").into());
        }
        let error = error.to_string();
        let address = format!("127.0.0.1:{port}");
        let Some((whose, cause)) = error.split_once(&address) else {
            return Err(format!("the error does not say which broker was lost:\n{text}").into());
        };
        let transport = B::at(port);
        if !whose.contains(&format!("the connection to {} ", transport.name())) {
            return Err(format!("the error does not say which transport was lost:\n{text}").into());
        }
        if !fault.causes().iter().any(|words| cause.starts_with(words)) {
            return Err(format!("the error does not name the cause:\n{text}").into());
        }
    }
    Ok(())
}

/// Waits for a message that never comes, and tells how long: a strike may take longer than that.
async fn waits(
    harness: Harness,
    number: usize,
    triggered: mpsc::Sender<()>,
) -> (Arc<ScenarioResult>, Duration) {
    let mut scope = harness.scenario("waits").timeout(WAIT).open();
    let s = scope.arrange();
    expect!(s, format!("contract.silent-{number}"), { number: 7 });
    // Somebody has to get the trigger: RabbitMQ refuses what nobody gets.
    expect!(s, "contract.trigger", { number: 7 });
    publish!(s, "contract.trigger", { number: 7 });
    let since = Instant::now();
    // Nobody waits for the first one when the last one did not begin in time.
    let _ = triggered.send(()).await;
    drop(triggered);
    (settle!(s), since.elapsed())
}

/// A scenario that begins while the broker is away is an error, and not a timeout.
async fn errs(harness: &Harness) -> Result<(), TestError> {
    let result = echo(harness, "contract.during").await?;
    match result.outcome() {
        Outcome::Error => Ok(()),
        _ => Err(format!(
            "a scenario that began during the fault ended otherwise:\n{}",
            result.failure_text()
        )
        .into()),
    }
}

/// Scenarios pass again, on old topics and new ones; until then they are errors. A server that has just started
/// may drop a connection once more, and no more than once.
async fn recovers(harness: &Harness) -> Result<(), TestError> {
    let since = Instant::now();
    let (mut works, mut dropped) = (false, false);
    for topic in [
        "contract.before",
        "contract.before",
        "contract.during",
        "contract.after",
    ] {
        loop {
            let result = echo(harness, topic).await?;
            let in_time = since.elapsed() < RECOVERY;
            let error = result.error().map(|error| error.kind);
            match (result.outcome(), error) {
                (Outcome::Pass, _) => {
                    works = true;
                    break;
                }
                (Outcome::Error, _) if in_time && !works => {}
                (Outcome::Error, Some(ScenarioErrorKind::Lost)) if in_time && !dropped => {
                    (works, dropped) = (false, true);
                }
                _ => {
                    let text = result.failure_text();
                    let after = since.elapsed();
                    return Err(
                        format!("{after:?} after the repair a scenario ended so:\n{text}").into(),
                    );
                }
            }
        }
    }
    Ok(())
}
