use choreo::prelude::*;

#[derive(Stage)]
enum Alternatives {
    Nats(Harness),
}

#[derive(Stage)]
struct Tuple(Harness, Harness);

#[derive(Stage)]
struct Empty {}

#[derive(Stage)]
struct Generic<T> {
    nats: T,
}

#[derive(Stage)]
#[stage]
struct Marked {
    nats: Harness,
}

fn main() {}
