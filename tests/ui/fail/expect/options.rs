use choreo::prelude::*;

fn body(s: Scenario<'_>) {
    let first = expect!(s, "orders", within 50ms, within 60ms);
    expect!(s, "orders", { id: _ }, wihtin 50ms);
    expect!(s, "orders", { id: _ }, retries 3);
    expect!(s, "orders", { id: _ } within 50ms);
    expect!(s, "orders", { id: > 5 within 50ms });
    expect!(s, "orders", { id: _ }, since);
    expect!(s, "orders", { id: _ }, since first since first);
    expect!(s, "orders", { id: _ }, within 50ms; since first);
    expect!(s, "orders", { id: _ }, 50ms);
    expect!(s, "orders", { id: _ }, since "first");
}

fn main() {}
