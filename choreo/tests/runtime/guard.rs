//! The guard stands before the transport.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use choreo::ErrorKind;
use choreo::prelude::*;
use choreo::transport::{
    Capabilities, ConnectionEvents, Endpoint, MemoryConnection, Transport, TransportError,
};

/// A memory broker that claims to be far away.
struct Remote {
    memory: Memory,
    host: &'static str,
    connected: Arc<AtomicBool>,
}

impl Transport for Remote {
    type Connection = MemoryConnection;

    fn name(&self) -> &str {
        "NATS"
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        vec![
            Endpoint::new("localhost", 4222),
            Endpoint::new(self.host, 4222),
        ]
    }

    fn capabilities(&self) -> Capabilities {
        self.memory.capabilities()
    }

    async fn connect(&self, events: ConnectionEvents) -> Result<MemoryConnection, TransportError> {
        self.connected.store(true, Ordering::Relaxed);
        self.memory.connect(events).await
    }
}

#[tokio::test]
async fn a_foreign_endpoint_is_refused_before_the_transport_connects() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("choreo.toml");
    for (allow, passes) in [
        ("", false),
        ("[allow]\nnats = [\"other.example:4222\"]", false),
        ("[allow]\nnats = [\"nats.example:4223\"]", false),
        ("[allow]\nkafka = [\"nats.example:4222\"]", false),
        ("[allow]\nnats = [\"NATS.example.:4222\"]", true),
    ] {
        std::fs::write(&file, allow).unwrap();
        let connected = Arc::new(AtomicBool::new(false));
        let remote = Remote {
            memory: Memory::new(),
            host: "nats.example",
            connected: Arc::clone(&connected),
        };
        let opened = Harness::builder(remote)
            .package(folder.path())
            .connect()
            .await;
        assert_eq!(opened.is_ok(), passes, "{allow}");
        assert_eq!(connected.load(Ordering::Relaxed), passes, "{allow}");
        if let Err(error) = opened {
            assert!(matches!(error.kind(), ErrorKind::Refused(_)), "{error}");
            assert!(error.to_string().contains("nats.example:4222"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_malformed_allowlist_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("choreo.toml"),
        "[allow]\nnats = [\n  \"a:1\" \"b:2\"\n]",
    )
    .unwrap();
    let remote = Remote {
        memory: Memory::new(),
        host: "nats.example",
        connected: Arc::default(),
    };
    let error = Harness::builder(remote)
        .package(folder.path())
        .connect()
        .await
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Allowlist(_)), "{error}");
    let text = error.to_string();
    assert!(text.contains("choreo.toml") && text.contains('3'), "{text}");
}
