fn main() {
    choreo::main!("orders")
}
