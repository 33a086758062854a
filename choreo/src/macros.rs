//! The fronts of the macros: documentation, and `$crate` for the engines in `choreo-macros`, so
//! that a renamed dependency and a re-export work.

#[doc = include_str!("../docs/expect.md")]
#[cfg_attr(feature = "insta", doc = "", doc = include_str!("../docs/snapshot.md"))]
#[macro_export]
macro_rules! expect {
    ($($arguments:tt)*) => {
        $crate::__private::__expect! { [$crate] $($arguments)* }
    };
}

#[doc = include_str!("../docs/never.md")]
#[macro_export]
macro_rules! never {
    ($($arguments:tt)*) => {
        $crate::__private::__never! { [$crate] $($arguments)* }
    };
}

#[doc = include_str!("../docs/in_order.md")]
#[macro_export]
macro_rules! in_order {
    ($($arguments:tt)*) => {
        $crate::__private::__in_order! { [$crate] $($arguments)* }
    };
}

#[doc = include_str!("../docs/pattern.md")]
#[macro_export]
macro_rules! pattern {
    ($($pattern:tt)*) => {
        $crate::__private::__pattern! { [$crate] $($pattern)* }
    };
}

/// Publishes a message and starts the scenario's clock.
///
/// ```text
/// publish!(s, topic, payload, options…);      the topic is an expression of type `&str` or `String`
/// publish!(s, message, options…);             the type of the message names the topic
/// ```
///
/// | payload | what goes out |
/// |---|---|
/// | `{ key: value, "odd key": value }` | a JSON object |
/// | `[value, value]` | a JSON list |
/// | `null` | JSON null |
/// | any other expression | the value as JSON, through `serde::Serialize` |
/// | `bytes b"…"`, `bytes "…"`, `bytes (expression)` | these bytes, unchanged, without a correlation id in them |
///
/// Each `value` inside is one of the above without `bytes`; a block goes into parentheses,
/// `({ let x = 1; x })`, as braces alone make an object.
///
/// | option | meaning |
/// |---|---|
/// | `headers { "x-source": "test", name: expression }` | headers, where the transport has them |
/// | `key expression` | the record key, where the transport has one |
/// | `metadata { partition: 2, name: value }` | what else the transport can set, by the names of its documentation; each `value` is one of those above |
///
/// What the transport cannot set ends the scenario as error, with what it can. On Kafka
/// `null, key "k", metadata { tombstone: true }` deletes a key: the message has no value at all, and an
/// expectation sees it as JSON null.
///
/// # What it does
///
/// The first `publish!` waits until the broker has confirmed every subscription of the scenario,
/// hands the message to the wire, and starts the clock for all latencies. It turns the variable
/// `s` from a `Scenario` that takes expectations into one that can settle; a later `publish!`
/// sends a further message. It is a statement: it rebinds `s`, so it ends with `;` and has no
/// value.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> choreo::Result<()> {
/// use choreo::prelude::*;
/// # let harness = Harness::builder(choreo::transport::Memory::new()).connect().await?;
/// # let mut scope = harness.scenario("doc").open();
/// # let s = scope.arrange();
/// expect!(s, "orders.created", { item: { id: "ITEM-42", price: null } });
///
/// let id = "ITEM-42";
/// publish!(s, "orders.created", {
///     item: { id: id, price: null },
///     "a key that is no word": [1, 2.5, (3 + 4)],
///     total: id.len(),
/// });
/// settle!(s).assert_passed();
/// # Ok(())
/// # }
/// ```
///
/// A type that names its topic:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> choreo::Result<()> {
/// use choreo::prelude::*;
/// use choreo::serde::Serialize;
///
/// #[derive(Serialize, Message)]
/// # #[serde(crate = "choreo::serde")]
/// #[message(topic = "orders.created")]
/// struct OrderCreated {
///     item_id: String,
/// }
/// # let harness = Harness::builder(choreo::transport::Memory::new()).connect().await?;
/// # let mut scope = harness.scenario("doc").open();
/// # let s = scope.arrange();
/// # expect!(s, "orders.created", { item_id: "ITEM-42" });
///
/// publish!(s, OrderCreated { item_id: "ITEM-42".into() }, headers { "x-source": "test" });
/// # settle!(s).assert_passed();
/// # Ok(())
/// # }
/// ```
///
/// Bytes that are no JSON, and a record key:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> choreo::Result<()> {
/// use choreo::prelude::*;
/// # let harness = Harness::builder(choreo::transport::Memory::new()).connect().await?;
/// # let mut scope = harness.scenario("doc").open();
/// # let s = scope.arrange();
/// # expect!(s, "frames");
/// let frame = vec![0x00, 0xff];
/// publish!(s, "frames", bytes (frame), key "device-7");
/// # settle!(s).assert_passed();
/// # Ok(())
/// # }
/// ```
///
/// # What does not compile
///
/// A key that is given twice, white space in a topic, an option that does not exist, a value that
/// does not implement `Serialize`; and, because an answer could come before it is registered, an
/// expectation after it:
///
/// ```compile_fail
/// # async fn example(s: choreo::Scenario<'_>) {
/// use choreo::prelude::*;
/// publish!(s, "orders.created", { count: 1 });
/// expect!(s, "orders.processed", { count: 1 }); // error: `expect!` or `reply!` after the scenario was triggered
/// # }
/// ```
///
/// **In a branch or a loop** the first `publish!` is a "use of moved value: `s`", as the variable
/// would have two types afterwards. Start the clock before the branch, with [`begin!`](crate::begin):
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> choreo::Result<()> {
/// use choreo::prelude::*;
/// # let harness = Harness::builder(choreo::transport::Memory::new()).connect().await?;
/// # let mut scope = harness.scenario("doc").open();
/// # let s = scope.arrange();
/// expect!(s, "orders.created", { count: 3 });
///
/// begin!(s);
/// for count in 1..=3 {
///     publish!(s, "orders.created", { count: count });
/// }
/// # settle!(s).assert_passed();
/// # Ok(())
/// # }
/// ```
///
/// # When it fails
///
/// A message that cannot be encoded or sent (too large, permission, broker gone) ends the scenario
/// at once with the outcome **error** and the cause in the broker's words. It never looks like a
/// timeout, and the body needs no `?`.
#[macro_export]
macro_rules! publish {
    ($($arguments:tt)*) => {
        $crate::__private::__publish! { [$crate] $($arguments)* }
    };
}

/// Sends a question whose answer comes to the scenario's inbox.
///
/// ```text
/// request!(s, topic, payload, options…);      as publish! does
/// request!(s, message, options…);             the type of the message names the topic
/// ```
///
/// It is [`publish!`], payloads and options included, with a reply address on the message: the topic
/// `s.inbox()`, which belongs to this scenario alone. Before it stands what is to come there. An answer
/// needs no correlation id, as its topic says whose it is.
///
/// The first one is the scenario's trigger, and it is a statement that rebinds `s`.
///
/// # Examples
///
/// A service answers a request:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> choreo::Result<()> {
/// use choreo::prelude::*;
/// # let broker = choreo::transport::Memory::new();
/// # let harness = Harness::builder(broker.clone()).connect().await?;
/// # let service = broker.client();
/// # let mut questions = service.subscribe("prices.get").await.expect("a topic");
/// # tokio::spawn(async move {
/// #     while let Some(question) = questions.next().await {
/// #         let asker = question.reply_to.expect("a request");
/// #         service.publish(asker, r#"{ "price": 7 }"#).await.expect("the broker is there");
/// #     }
/// # });
/// # let mut scope = harness.scenario("doc").open();
/// # let s = scope.arrange();
/// expect!(s, s.inbox(), { price: > 0 }, within 50ms);
/// request!(s, "prices.get", { item: "ITEM-42" });
/// # settle!(s).assert_passed();
/// # Ok(())
/// # }
/// ```
///
/// The test plays the service, and another part of the system asks: see [`reply!`](crate::reply).
///
/// # What does not compile
///
/// What does not compile with [`publish!`]; and an expectation after it, as the answer could come
/// before it is registered:
///
/// ```compile_fail
/// # async fn example(s: choreo::Scenario<'_>) {
/// use choreo::prelude::*;
/// request!(s, "prices.get", { item: "ITEM-42" });
/// expect!(s, s.inbox(), { price: > 0 }); // error: `expect!` or `reply!` after the scenario was triggered
/// # }
/// ```
///
/// # When it fails
///
/// As [`publish!`] does. A request without an expectation on the inbox ends the scenario as error
/// ("nobody waits for the answer"), and so does one on a transport that has no requests: there,
/// publish the question and expect the answer on the topic that the service sends it to.
#[macro_export]
macro_rules! request {
    ($($arguments:tt)*) => {
        $crate::__private::__request! { [$crate] $($arguments)* }
    };
}

/// Answers messages while the scenario runs: the test plays a service.
///
/// ```text
/// reply!(s, |question: Question| Answer { … }, times n)                    the types name both topics
/// reply!(s, Question { field: pattern, .. } => |question| Answer { … })    the same, for some messages
/// reply!(s, topic, pattern => topic of the answer, answer, option, …)      topics by name
/// reply!(s, topic, pattern => _, answer, times n)                          to whoever asked
/// ```
///
/// | part | forms |
/// |---|---|
/// | `pattern` | the pattern language of `expect!`; without one every message on the topic is answered |
/// | after the pattern | `headers { … }`, `key p`, `metadata { … }`, as in [`expect!`]: only such messages are answered |
/// | `_` | the reply address of each message, as a request has one; what ties an answer to its request (AMQP's correlation id) is copied |
/// | answer | `{ key: value }` and every other payload of [`publish!`]: the same each time |
/// | | `\|order\| …`: computed. The parameter is a [`Value`](crate::Value) unless it has a type, which is then decoded |
/// | | `\|order\| async move { … }` or `async \|order\| …`: computed, with time to wait |
/// | | `sequence [ …, … ]`: each message gets the next of these |
/// | topic | `["a", "b"]` answers several |
/// | option | `times n`, `always`, `required`, `delay 20ms`, `delay 10ms..50ms`, `delay \|share\| e`, `error_rate 0.2 => { … }`, `drop_rate 0.1`, `drop_first n`, `seed n`, `state e`, `headers { … }`, `key e`, `metadata { … }`: [below](#replies-that-behave-like-services) |
///
/// A closure is kept by the scenario: write `move` when it uses local variables. In
/// `async |order| …` the body owns what it uses, so clone there what a second answer needs.
///
/// # What it does
///
/// Registered before the trigger, like an expectation, and ready when the trigger goes out. The
/// answer carries the scenario's correlation id. One that has another id already, or no place for one (`7`
/// where the id is a field), goes out as it is, and the failure text says so. What became of a reply (never
/// asked, asked with messages that its pattern refused, answered, failed) is in the result and in the failure
/// text.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> choreo::Result<()> {
/// use choreo::prelude::*;
/// use choreo::serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Message)]
/// # #[serde(crate = "choreo::serde")]
/// #[message(topic = "fraud.check")]
/// struct FraudCheck { order_id: String, amount: u32 }
///
/// #[derive(Serialize, Deserialize, Message)]
/// # #[serde(crate = "choreo::serde")]
/// #[message(topic = "fraud.result")]
/// struct FraudResult { order_id: String, approved: bool }
/// # let harness = Harness::builder(choreo::transport::Memory::new()).connect().await?;
/// # let mut scope = harness.scenario("doc").open();
/// # let s = scope.arrange();
///
/// reply!(s, FraudCheck { amount: > 100, .. } => |check| FraudResult {
///     order_id: check.order_id,
///     approved: false,
/// });
/// # expect!(s, "fraud.result", { order_id: "ORD-1", approved: false });
/// # publish!(s, FraudCheck { order_id: "ORD-1".into(), amount: 101 });
/// # settle!(s).assert_passed();
/// # Ok(())
/// # }
/// ```
///
/// Topics by name, the answer computed from the message:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> choreo::Result<()> {
/// use choreo::json;
/// use choreo::prelude::*;
/// # let harness = Harness::builder(choreo::transport::Memory::new()).connect().await?;
/// # let mut scope = harness.scenario("doc").open();
/// # let s = scope.arrange();
/// reply!(s, "orders.new", { count: > 0 } => "orders.processed", |order| {
///     json!({ "id": order["id"], "status": "COMPLETED" })
/// }, times 2);
/// # expect!(s, "orders.processed", { id: 1 });
/// # expect!(s, "orders.processed", { id: 2 });
/// # publish!(s, "orders.new", { id: 1, count: 1 });
/// # publish!(s, "orders.new", { id: 2, count: 1 });
/// # settle!(s).assert_passed();
/// # Ok(())
/// # }
/// ```
///
/// Requests, answered to whoever asked:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> choreo::Result<()> {
/// use choreo::json;
/// use choreo::prelude::*;
/// # let harness = Harness::builder(choreo::transport::Memory::new()).connect().await?;
/// # let mut scope = harness.scenario("doc").open();
/// # let s = scope.arrange();
/// reply!(s, "prices.get", { item: _ } => _, |request| json!({ "of": request["item"], "price": 7 }));
/// # expect!(s, s.inbox(), { of: "ITEM-42", price: 7 });
/// # request!(s, "prices.get", { item: "ITEM-42" });
/// # settle!(s).assert_passed();
/// # Ok(())
/// # }
/// ```
///
/// The same answer each time, and one that takes its time:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> choreo::Result<()> {
/// use choreo::prelude::*;
/// # async fn price_of(_: &choreo::Value) -> u32 { 7 }
/// # let harness = Harness::builder(choreo::transport::Memory::new()).connect().await?;
/// # let mut scope = harness.scenario("doc").open();
/// # let s = scope.arrange();
/// reply!(s, "stock.get" => "stock.level", { level: 3 });
/// reply!(s, "price.get" => "price", async |item| price_of(&item).await);
/// # expect!(s, "stock.level", { level: 3 });
/// # expect!(s, "price", 7);
/// # publish!(s, "stock.get", {});
/// # publish!(s, "price.get", {});
/// # settle!(s).assert_passed();
/// # Ok(())
/// # }
/// ```
///
/// # What does not compile
///
/// A reply after the trigger, an answer without a topic, a type that does not derive `Message`, a
/// field that the type does not have:
///
/// ```compile_fail
/// # async fn example(s: choreo::Scenario<'_>) {
/// use choreo::prelude::*;
/// reply!(s, "stock.get" => { level: 3 }); // error: the topic of the answer is missing
/// # }
/// ```
///
/// # When it fails
///
/// An answer that cannot be built or sent makes the reply `failed`, with the name of the error's
/// type only, as its text may hold a payload. With `_`, so does a message that names no reply address.
#[doc = ""]
#[doc = include_str!("../docs/reply.md")]
#[macro_export]
macro_rules! reply {
    ($($arguments:tt)*) => {
        $crate::__private::__reply! { [$crate] $($arguments)* }
    };
}

/// Starts the scenario's clock without a message, when something else triggers the system.
///
/// ```text
/// begin!(s);
/// ```
///
/// Waits, like the first [`publish!`], until every subscription is confirmed; then latencies
/// count. Like `publish!` it rebinds `s`, so it is a statement and ends with `;`.
///
/// # Examples
///
/// An HTTP call triggers the system:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> choreo::Result<()> {
/// use choreo::prelude::*;
/// # let harness = Harness::builder(choreo::transport::Memory::new()).connect().await?;
/// # let mut scope = harness.scenario("doc").open();
/// # let s = scope.arrange();
/// # async fn post(_: &str) {}
/// expect!(s, "orders.processed", { status: "COMPLETED" });
///
/// begin!(s);
/// post("http://127.0.0.1:8080/orders").await;
/// # publish!(s, "orders.processed", { status: "COMPLETED" });
/// # settle!(s).assert_passed();
/// # Ok(())
/// # }
/// ```
///
/// Before a branch or a loop that publishes:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> choreo::Result<()> {
/// use choreo::prelude::*;
/// # let harness = Harness::builder(choreo::transport::Memory::new()).connect().await?;
/// # let mut scope = harness.scenario("doc").open();
/// # let s = scope.arrange();
/// # let express = true;
/// # expect!(s, "orders.express");
/// begin!(s);
/// if express {
///     publish!(s, "orders.express", { id: 1 });
/// } else {
///     publish!(s, "orders.standard", { id: 1 });
/// }
/// # settle!(s).assert_passed();
/// # Ok(())
/// # }
/// ```
///
/// # What does not compile
///
/// A second trigger:
///
/// ```compile_fail
/// # async fn example(s: choreo::Scenario<'_>) {
/// use choreo::prelude::*;
/// publish!(s, "orders.created", { count: 1 });
/// begin!(s); // error: `begin!` after the scenario was triggered
/// # }
/// ```
#[macro_export]
macro_rules! begin {
    ($($arguments:tt)*) => {
        $crate::__private::__begin! { [$crate] $($arguments)* }
    };
}

/// Waits until every expectation is decided, and gives the result.
///
/// ```text
/// let result = settle!(s);
/// ```
///
/// A scenario settles by itself at the end of its body. This gives the result earlier, to look at
/// what came: `result[handle]` is the report of the expectation that returned `handle`. It asserts
/// nothing; the runner judges the outcomes after the body, which goes on whatever they are.
///
/// It ends as soon as everything is decided, and at the scenario's timeout at the latest, or with the last quiet
/// window that has opened. Settling twice gives the same result.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> choreo::Result<()> {
/// use choreo::prelude::*;
/// # let harness = Harness::builder(choreo::transport::Memory::new()).connect().await?;
/// # let mut scope = harness.scenario("doc").open();
/// # let s = scope.arrange();
/// let created = expect!(s, "orders.created", { id: _ });
/// publish!(s, "orders.created", { id: "ORD-42" });
///
/// let result = settle!(s);
/// assert_eq!(result[created].message()["id"], "ORD-42");
/// # Ok(())
/// # }
/// ```
///
/// # What does not compile
///
/// Settling what was never triggered:
///
/// ```compile_fail
/// # async fn example(s: choreo::Scenario<'_>) {
/// use choreo::prelude::*;
/// expect!(s, "orders.created", { id: _ });
/// settle!(s); // error: `settle!` before the scenario was triggered
/// # }
/// ```
#[macro_export]
macro_rules! settle {
    ($($arguments:tt)*) => {
        $crate::__private::__settle! { [$crate] $($arguments)* }
    };
}

#[doc = include_str!("../docs/acts.md")]
#[macro_export]
macro_rules! next_act {
    ($($arguments:tt)*) => {
        $crate::__private::__next_act! { [$crate] $($arguments)* }
    };
}

/// Runs the scenarios of a test target: the last line of every test file with `harness = false`.
///
/// ```toml
/// # Cargo.toml
/// [[test]]
/// name = "orders"
/// harness = false
/// ```
///
/// ```no_run
/// // tests/orders.rs
/// fn main() {
///     choreo::main!()
/// }
/// ```
///
/// It takes the command line of `cargo test` (filters, `--exact`, `--list`, `--ignored`, …) and
/// works under `cargo nextest`. The process ends with exit code 0 when nothing was worse than slow.
///
/// Scenarios that live in another crate are linked only when the test target names that crate;
/// name it here:
///
/// ```ignore
/// fn main() {
///     choreo::main!(scenarios_of_billing, scenarios_of_shipping)
/// }
/// ```
///
/// Without `harness = false` in `Cargo.toml`, Rust's own test harness would run and this `main`
/// would not. Every scenario then fails as a test that shows the lines to add.
#[expect(
    clippy::needless_doctest_main,
    reason = "the `main` of a test file is what this macro is for"
)]
#[macro_export]
macro_rules! main {
    ($($scenarios:ident),* $(,)?) => {{
        $(
            #[allow(unused_imports)]
            use $scenarios as _;
        )*
        $crate::__private::main(::core::module_path!())
    }};
    ($($other:tt)*) => {
        ::core::compile_error!(
            "`main!` takes the names of crates that hold further scenarios, or nothing: write \
             `choreo::main!()`"
        )
    };
}
