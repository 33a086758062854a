//! Fills every field of a report from arbitrary material.

use std::collections::BTreeMap;

use choreo_report::model::*;
use proptest::prelude::*;
use serde_json::{Map, Number, Value};

/// Between two `@`, a value stands for one of these words of the Python tool.
pub(crate) const WORDS: [&str; 3] = ["NaN", "Infinity", "-Infinity"];

/// Stands for half of a surrogate pair.
pub(crate) const HALF: &str = "@half@";

/// What reports are filled with.
#[derive(Debug, Clone)]
pub(crate) struct Material {
    choices: u64,
    texts: Vec<String>,
    values: Vec<Value>,
    numbers: Vec<u32>,
    times: Vec<f64>,
}

/// Arbitrary material.
pub(crate) fn material() -> impl Strategy<Value = Material> {
    let text = prop_oneof![
        any::<String>(),
        "[a-z.]{0,12}",
        Just("__proto__".to_owned()),
        Just("</script>".to_owned()),
        Just("\0|`\n#<b>".to_owned()),
        Just(format!("{HALF} a pair")),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e300..1e300).prop_map(Value::from),
        text.clone().prop_map(Value::from),
        prop::sample::select(&WORDS[..]).prop_map(|word| Value::from(format!("@{word}@"))),
    ];
    let value = leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    });
    (
        any::<u64>(),
        prop::collection::vec(text, 1..12),
        prop::collection::vec(value, 1..6),
        prop::collection::vec(prop_oneof![0..300u32, any::<u32>()], 1..8),
        prop::collection::vec(prop_oneof![Just(0.0), 0.0..1e5, 0.0..1e18], 1..8),
    )
        .prop_map(|(choices, texts, values, numbers, times)| Material {
            choices,
            texts,
            values,
            numbers,
            times,
        })
}

/// Takes from the material in turn.
pub(crate) struct Filler {
    material: Material,
    taken: usize,
    depth: usize,
    /// Whether each optional thing is there, and once.
    full: bool,
}

impl Filler {
    pub(crate) fn new(material: Material) -> Self {
        Self {
            material,
            taken: 0,
            depth: 0,
            full: false,
        }
    }

    /// All fields are there, and all texts are this one.
    pub(crate) fn of_text(text: &str) -> Self {
        let fields = [(text.to_owned(), Value::from(text))];
        let material = Material {
            choices: 7,
            texts: vec![text.to_owned()],
            values: vec![Value::Object(fields.into_iter().collect())],
            numbers: vec![3],
            times: vec![1.5],
        };
        Self {
            full: true,
            ..Self::new(material)
        }
    }

    /// A report whose totals are those of its tests.
    pub(crate) fn report(&mut self) -> Report {
        let mut run: Run = self.make();
        let tests: Vec<Test> = self.make();
        run.totals = Totals::default();
        tests.iter().for_each(|test| run.totals.add(test.outcome));
        let mut report = Report::new(run, tests);
        report.extra = self.make();
        report
    }

    fn make<T: Make>(&mut self) -> T {
        T::make(self)
    }

    /// A number below `end`.
    fn choose(&mut self, end: usize) -> usize {
        // Steps of a congruential generator: any seed gives a long row of different choices.
        let state = &mut self.material.choices;
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) as usize % end
    }

    fn id(&mut self, letter: char) -> String {
        format!("{letter}{}", self.choose(300) + 1)
    }

    fn maybe_id(&mut self, letter: char) -> Option<String> {
        let there: Option<()> = self.make();
        there.map(|()| self.id(letter))
    }

    fn ids(&mut self, letter: char) -> Vec<String> {
        let there: Vec<()> = self.make();
        there.into_iter().map(|()| self.id(letter)).collect()
    }

    fn maybe_hash(&mut self) -> Option<String> {
        let number: Option<u32> = self.make();
        number.map(|number| format!("sha256:{number:016x}"))
    }
}

/// What the material can be made into.
trait Make {
    fn make(f: &mut Filler) -> Self;
}

impl Make for () {
    fn make(_: &mut Filler) {}
}

impl Make for String {
    fn make(f: &mut Filler) -> Self {
        f.taken += 1;
        f.material.texts[f.taken % f.material.texts.len()].clone()
    }
}

impl Make for Value {
    fn make(f: &mut Filler) -> Self {
        f.taken += 1;
        f.material.values[f.taken % f.material.values.len()].clone()
    }
}

impl Make for u32 {
    fn make(f: &mut Filler) -> Self {
        f.taken += 1;
        f.material.numbers[f.taken % f.material.numbers.len()]
    }
}

impl Make for u64 {
    fn make(f: &mut Filler) -> Self {
        u32::make(f).into()
    }
}

impl Make for Number {
    fn make(f: &mut Filler) -> Self {
        u64::make(f).into()
    }
}

impl Make for bool {
    fn make(f: &mut Filler) -> Self {
        f.full || f.choose(2) == 0
    }
}

impl Make for Millis {
    fn make(f: &mut Filler) -> Self {
        f.taken += 1;
        Self::new(f.material.times[f.taken % f.material.times.len()]).unwrap()
    }
}

impl Make for Timestamp {
    fn make(f: &mut Filler) -> Self {
        let millis: Millis = f.make();
        Self::UNIX_EPOCH.after(millis.into())
    }
}

impl<T: Make> Make for Option<T> {
    fn make(f: &mut Filler) -> Self {
        bool::make(f).then(|| f.make())
    }
}

impl<T: Make> Make for Vec<T> {
    fn make(f: &mut Filler) -> Self {
        // Deeper down less, so that it ends.
        let most = [3, 3, 2, 2, 1][f.depth.min(4)];
        let length = match f.full {
            true => usize::from(f.depth < 6),
            false if f.depth >= 6 => 0,
            false => f.choose(most + 1),
        };
        f.depth += 1;
        let items = (0..length).map(|_| f.make()).collect();
        f.depth -= 1;
        items
    }
}

impl<T: Make> Make for BTreeMap<String, T> {
    fn make(f: &mut Filler) -> Self {
        let there: Option<()> = f.make();
        there.map(|()| (f.make(), f.make())).into_iter().collect()
    }
}

/// Unknown fields, by names that no known field has.
impl Make for Map<String, Value> {
    fn make(f: &mut Filler) -> Self {
        let there: Option<()> = f.make();
        let field = there.map(|()| (format!("x-{}", String::make(f)), f.make()));
        field.into_iter().collect()
    }
}

macro_rules! words {
    ($( $name:ident )+) => {
        $(
            impl Make for $name {
                fn make(f: &mut Filler) -> Self {
                    $name::ALL[f.choose($name::ALL.len())].clone()
                }
            }
        )+
    };
}

words! {
    Action CauseKind DiagnosisKind Direction Encoding HandleKind HandleOutcome MismatchKind NoticeKind Outcome
    ReplyState ReplyStep ScenarioOutcome SlowPolicy Source TestOutcome
}

/// Fills the fields of a new value, and then those that are ids.
macro_rules! structs {
    ($( $name:ident = $new:expr, { $( $field:ident )+ } $( { $( $id:ident = $how:ident $(($letter:literal))? )+ } )?; )+) => {
        $(
            impl Make for $name {
                fn make(f: &mut Filler) -> Self {
                    let mut made = $new;
                    $( made.$field = f.make(); )+
                    $( $( made.$id = f.$how($( $letter )?); )+ )?
                    made
                }
            }
        )+
    };
}

structs! {
    Run = Run::new(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH, Millis::ZERO), { started_at finished_at
        duration_ms totals project_name transport transports allowlist_path python_version
        harness_version reporter_version git_sha git_branch environment hostname xdist truncated
        redactions os arch cpus toolchain command_line ci git_dirty interrupted seed processes notices
        slow_policy extra };
    Totals = Totals::default(), { passed failed errored skipped slow total extra };
    Xdist = Xdist::new(1), { workers incomplete_workers extra };
    Redactions = Redactions::default(), { fields stream_matches redaction_version rules extra };
    Ci = Ci::new(""), { provider url run_id job attempt extra };
    Processes = Processes::new(0, 0), { merged lost shards extra };
    Notice = Notice::new(NoticeKind::Cut, "", 0), { kind text count extra };
    Test = Test::new("", "", "", TestOutcome::Passed, Millis::ZERO), { nodeid file name class markers
        choreo_meta outcome duration_ms traceback stdout stderr log skip_reason worker_id scenarios
        package target location case tags rerun failure_text started_at process flaky attempts extra };
    ChoreoMeta = ChoreoMeta::default(), { timeout_ms tags extra };
    Location = Location::new("", 1, None), { file line column extra };
    CaseRow = CaseRow::new(1, "", 1), { number row file line extra };
    ProcessRef = ProcessRef::new(""), { id extra };
    Scenario = Scenario::new("", Outcome::Pass, Millis::ZERO), { name outcome duration_ms
        completed_normally handles timeline timeline_dropped replies summary_text stage verdict
        started_ms timeout_ms error body_error transports acts messages messages_dropped surprises
        surprises_dropped order_violations cause extra correlation_id };
    Stage = Stage::new("", Vec::new()), { bridge_class transports correlation_ids extra };
    ScenarioError = ScenarioError::new("", ""), { kind text extra };
    TransportUse = TransportUse::new("", ""), { name kind endpoint extra };
    Act = Act::new(1, Outcome::Pass, Millis::ZERO, Millis::ZERO), { index outcome start_ms trigger_ms
        end_ms timeout_ms extra };
    Surprise = Surprise::new("", 0, ""), { topic transport size class extra } { id = maybe_hash };
    OrderViolation = OrderViolation::new("", "", Millis::ZERO), { by_ms location extra } { first =
        id('h') second = id('h') };
    Handle = Handle::new("", Outcome::Pass), { topic outcome latency_ms budget_ms matcher_description
        expected actual attempts reason truncated failure failures failures_dropped diagnosis transport
        act location verdict kind wants count deadline_ms window_ms near_misses near_miss_count
        pattern_truncated violation traffic cause extra } { correlation_id = maybe_hash id = maybe_id('h') since = maybe_id('h') matched =
        ids('m') };
    Diagnosis = Diagnosis::matched(), { kind latency_ms budget_ms attempts topic deadline_ms extra };
    Wants = Wants::default(), { least most window_ms missing extra };
    Violation = Violation::new(""), { text extra } { message = maybe_id('m') };
    Traffic = Traffic::new(0), { received other_ids without_id late undecodable extra };
    Cause = Cause::new(CauseKind::Other, ""), { kind text extra };
    NearMiss = NearMiss::new(Vec::new()), { offset_ms score differences differences_dropped extra } { message = maybe_id('m') };
    Difference = Difference::new("", MismatchKind::Missing), { path kind expected actual extra };
    MatchFailure = MatchFailure::new(MismatchKind::Missing, "", Value::Null, Value::Null), { kind path
        expected actual children extra };
    Message = Message::new("", "", Direction::In, Millis::ZERO, 0, Encoding::Json), { topic transport
        direction offset_ms key headers metadata reply_to size encoding payload truncated extra } { id =
        id('m') };
    Event = Event::new(Millis::ZERO, Timestamp::UNIX_EPOCH, Action::Ready), { offset_ms wall_clock action
        detail topic transport logical_topic source act extra } { id = maybe_id('e') parent =
        maybe_id('e') message = maybe_id('m') handle = maybe_id('h') reply = maybe_id('r') };
    Reply = Reply::new("", "", ReplyState::Replied), { trigger_topic reply_topic state
        matcher_description candidate_count match_count reply_published builder_error
        correlation_overridden trigger_transport response_transport act location transport answers
        failed_at error_text required near_misses near_miss_count cause extra } { id = maybe_id('r') trigger_messages = ids('m')
        response_messages = ids('m') };
}
