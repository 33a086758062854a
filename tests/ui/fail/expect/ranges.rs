use choreo::pattern;

const LIMIT: u32 = 5;

fn main() {
    pattern!({ count: 5..5 });
    pattern!({ count: 5..1 });
    pattern!({ count: 5..=1 });
    pattern!({ count: -1.5..-2 });
    pattern!({ count: "b".."a" });
    pattern!({ count: 1.."a" });
    pattern!({ count: true..false });
    pattern!({ count: 1...5 });
    pattern!({ count: 1..= });
    pattern!({ count: .. });
    pattern!({ count: in 1..5 });
    pattern!({ count: > 1..5 });
    pattern!({ count: 1..=LIMIT });
}
