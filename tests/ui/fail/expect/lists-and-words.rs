use choreo::pattern;

fn main() {
    pattern!({ state: in [] });
    pattern!({ state: in ["NEW", ..] });
    pattern!({ state: in ("NEW", "PART") });
    pattern!({ steps: [.., .., 5] });
    pattern!({ steps: [1; 5] });
    pattern!({ steps: [absent] });
    pattern!({ steps: len "3" });
    pattern!({ steps: len -1 });
    pattern!({ steps: len absent });
    pattern!({ steps: any });
    pattern!({ text: contains 5 });
    pattern!({ text: bytes b"abc" });
    pattern!(bytes 5);
    pattern!(absent);
    pattern!({ text: Some("x"), other: None });
    pattern!();
    pattern!(5, 6);
}
