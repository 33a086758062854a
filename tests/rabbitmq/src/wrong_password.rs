//! Scenarios whose harness gives the broker a password that it does not know.

use choreo::prelude::*;

#[choreo::harness]
async fn locked() -> Result<Harness> {
    let variable = |name| {
        std::env::var(name).map_err(|_| Error::harness(format!("the variable {name} is missing")))
    };
    let auth = RabbitAuth::password("me", variable("WRONG_PASSWORD")?);
    Harness::builder(Rabbit::new(&variable("SERVER")?).auth(auth))
        .correlation(test_namespace())
        .connect()
        .await
}

#[choreo::scenario(locked)]
async fn one(s: Scenario<'_>) {
    expect!(s, "a");
    publish!(s, "a", {});
}

#[choreo::scenario(locked)]
async fn another(s: Scenario<'_>) {
    expect!(s, "b");
    publish!(s, "b", {});
}

fn main() {
    choreo::main!()
}
