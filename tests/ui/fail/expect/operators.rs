use choreo::pattern;

fn main() {
    let limit = 5;
    pattern!({ count: > true });
    pattern!({ count: >= null });
    pattern!({ count: != null, other: != absent });
    pattern!({ count: == 5 });
    pattern!({ count: > });
    pattern!({ count: > &limit });
    pattern!({ count: > 1 && < 5 });
    pattern!({ count: 1 || 5 });
    pattern!({ count: > 1 < 5 });
    pattern!({ count: limit });
    pattern!({ count: not 5 });
    pattern!({ count: (> 1 | 5 6) });
    pattern!({ count: 50ms });
    pattern!({ count: b"abc" });
    pattern!({ count: nil });
    pattern!({ count: limit + 1 });
    pattern!({ count: 5 + 1, other: 1 < 5 });
}
