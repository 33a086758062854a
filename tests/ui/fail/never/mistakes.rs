use choreo::prelude::*;

fn body(s: Scenario<'_>) {
    never!(s, "refunds");
    never!(s, "refunds", { id: 1 });
    never!(s, "refunds", { id: 1 }, within 50ms);
    never!(s, "refunds", { id: 1 }, times 2, for 50ms);
    never!(s, "refunds", { id: 1 }, exactly_once, for 50ms);
    never!(s, "refunds", { id: 1 }, for 0ms);
    never!(s, "refunds", { id: 1 }, for 50ms, ordered_by id);
    never!(s, "refunds", { id: 1 }, unrouted "why", for 50ms);
    never!(s, "refunds", unordered [{ id: 1 }, { id: 2 }], for 50ms);
    never!(s, "refunds", { id: =~ "(" }, for 50ms);
    never!(s, "refunds", { id: 1 }, forever);
    never!(s);
    never!();
}

fn main() {}
