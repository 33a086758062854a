//! The contract suite over every transport: `nats::order_is_kept`, `kafka::keys_arrive`, …
//!
//! The cases of a transport share one broker, which is started by the first of them; those that want a
//! broker alone get another.

mod lent;
mod two_processes;

use std::process::ExitCode;

use choreo::transport::contract::{Case, Verdict, cases};
use choreo_test_brokers::TestError;
use choreo_test_contract::{
    JetStreamBroker, KafkaBroker, KafkaCluster, MemoryBroker, NatsBroker, RabbitBroker,
    RedisBroker, RedisStreamsBroker, TestBroker, judge,
};
use libtest_mimic::{Arguments, Completion, Trial};

use self::lent::{Lent, Shared};

/// All that does not apply, so that no case ceases to apply unnoticed.
const NOT_APPLICABLE: [(&str, &str); 16] = [
    ("memory", "a_payload_over_the_limit_is_an_error"),
    ("nats", "keys_arrive"),
    ("jetstream", "keys_arrive"),
    ("jetstream", "requests_are_answered"),
    ("kafka", "requests_are_answered"),
    // The broker cannot tell who reads a partition; `choreo` has a test of what its client reads.
    ("kafka", "sequential_scenarios_leave_no_subscription"),
    ("kafka_mock", "requests_are_answered"),
    ("kafka_mock", "sequential_scenarios_leave_no_subscription"),
    ("rabbitmq", "keys_arrive"),
    // Every text is a channel.
    ("redis", "a_refused_publish_is_an_error"),
    ("redis", "headers_arrive"),
    ("redis", "keys_arrive"),
    ("redis", "requests_are_answered"),
    ("redis_streams", "keys_arrive"),
    ("redis_streams", "requests_are_answered"),
    ("redis_streams", "wildcards_keep_concrete_topics"),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Most of a case is waiting.
    arguments.test_threads.get_or_insert(4);
    let mut trials = Vec::new();
    // Everything of its broker is on the runtime of one case.
    suite::<MemoryBroker>("memory", Sharing::None, &mut trials);
    suite::<NatsBroker>("nats", Sharing::OneBroker, &mut trials);
    suite::<JetStreamBroker>("jetstream", Sharing::OneBroker, &mut trials);
    suite::<KafkaBroker>("kafka", Sharing::OneBroker, &mut trials);
    suite::<KafkaCluster>("kafka_mock", Sharing::OneBroker, &mut trials);
    suite::<RabbitBroker>("rabbitmq", Sharing::OneBroker, &mut trials);
    suite::<RedisBroker>("redis", Sharing::OneBroker, &mut trials);
    suite::<RedisStreamsBroker>("redis_streams", Sharing::OneBroker, &mut trials);
    for (transport, case) in NOT_APPLICABLE {
        let name = format!("{transport}::{case}");
        assert!(
            trials.iter().any(|trial| trial.name() == name),
            "there is no case `{name}`"
        );
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Whether cases that do not want a broker alone get the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sharing {
    None,
    OneBroker,
}

fn suite<B: TestBroker>(name: &'static str, sharing: Sharing, trials: &mut Vec<Trial>) {
    let shared = Shared::<B>::default();
    for case in cases::<Lent<B>>() {
        let applies = !NOT_APPLICABLE.contains(&(name, case.name()));
        let shared = shared.clone();
        let alone = sharing == Sharing::None || case.wants_the_broker_alone();
        trials.push(Trial::ignorable_test(
            format!("{name}::{}", case.name()),
            move || {
                let lent = if alone { Lent::own() } else { shared.lend() };
                judge(
                    lent.map_err(TestError::from)
                        .and_then(|lent| run(&case, applies, &lent)),
                )
            },
        ));
    }
    if sharing == Sharing::OneBroker {
        trials.push(Trial::ignorable_test(
            format!("{name}::two_processes_do_not_see_each_other"),
            move || {
                let lent = shared.lend();
                judge(
                    lent.map_err(TestError::from)
                        .and_then(|lent| two_processes::run(name, &lent)),
                )
            },
        ));
    }
}

fn run<B: TestBroker>(
    case: &Case<Lent<B>>,
    applies: bool,
    lent: &Lent<B>,
) -> Result<Completion, TestError> {
    match case.run(lent)? {
        Verdict::Kept if applies => Ok(Completion::Completed),
        Verdict::Kept => Err("it applies, and `NOT_APPLICABLE` says that it does not".into()),
        Verdict::NotApplicable(why) if applies => {
            Err(format!("it does not apply, and `NOT_APPLICABLE` does not say so: {why}").into())
        }
        Verdict::NotApplicable(why) => {
            Ok(Completion::ignored_with(format!("not applicable: {why}")))
        }
    }
}
