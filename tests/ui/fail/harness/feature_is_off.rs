use choreo::prelude::*;

#[choreo::harness]
async fn over_nats() -> Result<Harness> {
    Harness::builder(Nats::new("nats://127.0.0.1:4222")).connect().await
}

#[choreo::harness]
async fn over_a_stream() -> Result<Harness> {
    let stream = JetStream::new("nats://127.0.0.1:4222").stream("ORDERS", ["orders.>"]);
    Harness::builder(stream).connect().await
}

fn others() {
    let _ = NatsAuth::user_password("me", "secret");
    let _ = Kafka::new("127.0.0.1:9092");
    let _ = Rabbit::new("amqp://127.0.0.1");
    let _ = RedisStreams::new("redis://127.0.0.1");
}

fn main() {}
