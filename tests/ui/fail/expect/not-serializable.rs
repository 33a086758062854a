use choreo::pattern;

struct Money(u32);

fn main() {
    let money = Money(5);
    pattern!({ price: (money), total: > (Money(7)) });
}
