use choreo::prelude::*;

#[derive(Message)]
#[message(topic = "")]
struct Empty;

#[derive(Message)]
#[message(topic = "orders created")]
struct WhiteSpace;

#[derive(Message)]
#[message(topic = "a", topic = "b")]
struct Twice;

#[derive(Message)]
#[message(topic = "a")]
#[message(topic = "b")]
struct TwiceApart;

#[derive(Message)]
#[message(topic = TOPIC)]
struct Constant;

#[derive(Message)]
#[message("orders.created")]
struct NoKey;

#[derive(Message)]
#[message = "orders.created"]
struct Equals;

fn main() {}
