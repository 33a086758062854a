//! What goes in comes out, in order, on the mock cluster and on a broker process.

use bytes::Bytes;
use choreo::transport::kafka::Kafka;
use choreo::transport::{Connection, Headers, Outgoing, Transport};
use choreo_test_brokers::{BrokerTests, KafkaMock, KafkaServer};

use super::support::{TestError, connect, delivery, message, works};

pub(crate) fn add(tests: BrokerTests) -> BrokerTests {
    tests
        .test("messages::mock_works", || async {
            let mock = KafkaMock::start()?;
            works(&Kafka::new(mock.url())).await?;
            Ok(())
        })
        .test("messages::server_works", || async {
            let server = KafkaServer::builder().start()?;
            works(&Kafka::new(server.url())).await?;
            Ok(())
        })
        .test("messages::mock_readiness", || async {
            let mock = KafkaMock::start()?;
            readiness(&Kafka::new(mock.url())).await
        })
        .test("messages::server_readiness", || async {
            let server = KafkaServer::builder().start()?;
            readiness(&Kafka::new(server.url())).await
        })
}

async fn readiness(kafka: &Kafka) -> Result<(), TestError> {
    let subscriber = connect(kafka).await?;
    let publisher = connect(kafka).await?;
    for number in 0..500 {
        let (delivery, mut seen) = delivery();
        let topic = format!("ready.{}", number % 50);
        let subscription = subscriber.subscribe(&topic, delivery).await?;
        publisher
            .publish(message(&topic, number.to_string()))
            .await?;
        assert_eq!(seen.next().await.payload, number.to_string());
        drop(subscription);
    }
    subscriber.close().await;
    publisher.close().await;
    Ok(())
}
