//! A broker that speaks Kafka's protocol, for Choreo's own tests.

#[tokio::main]
async fn main() -> Result<(), tansu_cli::Error> {
    tansu_cli::Cli::main().await.map(|_| ())
}
