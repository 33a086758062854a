use choreo::pattern;

fn main() {
    let limit = 5;
    pattern!({ price: => limit });
}
