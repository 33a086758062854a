use choreo::pattern;

fn main() {
    pattern!({ status: 1, order: { id: 1, "id": 2 }, status: 3 });
    pattern!({ status });
    pattern!({ status = 1 });
    pattern!({ order.id: 1 });
    pattern!({ 7: 1 });
    pattern!({ .., status: 1 });
    pattern!({ ..other });
    pattern!({ status: 1; id: 2 });
    pattern!({ status: 1; exact, id: 2 });
    pattern!({ status: 1, ..; exact });
    pattern!({ , status: 1 });
    pattern!({ status: });
    pattern!({ status: 1 id: 2 });
}
