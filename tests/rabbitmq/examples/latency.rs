use choreo::transport::rabbitmq::Rabbit;
use choreo::transport::*;
use choreo_test_brokers::RabbitServer;
use lapin::options::*;
use lapin::types::FieldTable;
use std::pin::Pin;
use std::time::{Duration, Instant};
fn stats(name: &str, mut v: Vec<Duration>) {
    v.sort();
    println!(
        "{name}: median {:?} p99 {:?}",
        v[v.len() / 2],
        v[v.len() * 99 / 100]
    );
}
const N: usize = 3000;
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let server = RabbitServer::builder().start()?;
    for _ in 0..2 {
        // raw
        let c = lapin::Connection::connect(&server.url(), Default::default()).await?;
        let s = c.create_channel().await?;
        let q = s
            .queue_declare(
                "".into(),
                QueueDeclareOptions {
                    exclusive: true,
                    auto_delete: true,
                    ..Default::default()
                },
                FieldTable::default(),
            )
            .await?;
        s.queue_bind(
            q.name().clone(),
            "amq.topic".into(),
            "raw".into(),
            Default::default(),
            FieldTable::default(),
        )
        .await?;
        let mut consumer = s
            .basic_consume(
                q.name().clone(),
                "".into(),
                BasicConsumeOptions {
                    no_ack: true,
                    ..Default::default()
                },
                FieldTable::default(),
            )
            .await?;
        let (tx, mut rx) = tokio::sync::mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            use lapin::message::Delivery as D;
            fn poll<'a>(
                c: &'a mut lapin::Consumer,
            ) -> impl Future<Output = Option<lapin::Result<D>>> + 'a {
                std::future::poll_fn(move |cx| {
                    futures_core::Stream::poll_next(Pin::new(&mut *c), cx)
                })
            }
            while let Some(Ok(_)) = poll(&mut consumer).await {
                let _ = tx.send(Instant::now());
            }
        });
        let p = c.create_channel().await?;
        p.confirm_select(Default::default()).await?;
        let (mut a, mut b) = (vec![], vec![]);
        for _ in 0..N {
            let start = Instant::now();
            let confirm = p
                .basic_publish(
                    "amq.topic".into(),
                    "raw".into(),
                    BasicPublishOptions {
                        mandatory: true,
                        ..Default::default()
                    },
                    b"{\"n\":1}",
                    Default::default(),
                )
                .await?;
            let _ = confirm.await?;
            let at = rx.recv().await.unwrap();
            a.push(at - start);
            b.push(start.elapsed());
        }
        stats("raw  received", a);
        stats("raw  both", b);
        task.abort();
        c.close(200, "OK".into()).await?;
        // ours
        let connection = Rabbit::new(server.url())
            .connect(ConnectionEvents::new(|_| ()))
            .await?;
        let (tx, mut rx) = tokio::sync::mpsc::unbounded_channel();
        let _s = connection
            .subscribe(
                "ours",
                Delivery::new(move |e| {
                    let _ = tx.send(e.received_at);
                }),
            )
            .await?;
        let (mut a, mut b) = (vec![], vec![]);
        for _ in 0..N {
            let start = Instant::now();
            connection
                .publish(Outgoing::new("ours", "{\"n\":1}"))
                .await?;
            let at = rx.recv().await.unwrap();
            a.push(at - start);
            b.push(start.elapsed());
        }
        stats("ours received", a);
        stats("ours both", b);
        connection.close().await;
    }
    Ok(())
}
