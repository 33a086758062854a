use choreo::prelude::*;

fn body(s: Scenario<'_>) {
    expect!(s, "items", unordered []);
    expect!(s, "items", unordered [{ id: 1 }, ..]);
    expect!(s, "items", unordered [{ id: 1 }; { id: 2 }]);
    expect!(s, "items", unordered [{ id: 1 }, { id: =~ "(" }]);
    expect!(s, "items", unordered [{ id: 1 }], times 2);
    expect!(s, "items", unordered [{ id: 1 }], for 200ms);
    expect!(s, "items", unordered [{ id: 1 }], ordered_by id);
}

fn main() {}
