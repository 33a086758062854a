//! A TCP proxy that stands between a client and its broker, with faults that can be switched while it
//! runs.
//!
//! It runs on a thread and a runtime of its own, so that it adds no task to those that a test counts.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

/// Bytes that are no beginning of an answer in any broker's protocol.
const GARBAGE: [u8; 64] = [0xf7; 64];
/// How much goes through a slow network at a time.
const SLOW_PIECE: usize = 256;

/// What the network does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Network {
    /// It works.
    #[default]
    Up,
    /// Connections end, and new ones too.
    Cut,
    /// Connections stay open, and nothing goes through.
    Stalled,
    /// Small pieces go through, each after a pause.
    Slow(Duration),
    /// What the client sends arrives; what the broker sends is lost.
    HalfOpen,
    /// The client gets bytes that mean nothing in place of what the broker sends.
    Garbage,
}

/// Leads to a port of 127.0.0.1 from 127.0.0.2, which no certificate names, and gives the address there. Lasts as
/// long as the caller's runtime.
///
/// # Errors
///
/// When there is no such address.
pub async fn by_another_address(port: u16) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut incoming, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut outgoing = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
                tokio::io::copy_bidirectional(&mut incoming, &mut outgoing).await
            });
        }
    });
    Ok(address)
}

/// A running proxy; ends when dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    target: Arc<AtomicU16>,
    network: watch::Sender<Network>,
    // Dropped to end the thread.
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Starts one on a free port of 127.0.0.1; connections end at once until it has a
    /// [target](Self::lead_to).
    ///
    /// # Errors
    ///
    /// When there is no port or no thread to be had.
    pub fn start() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let target = Arc::new(AtomicU16::new(0));
        let (network, faults) = watch::channel(Network::Up);
        let (end, ended) = oneshot::channel();
        let to = Arc::clone(&target);
        let thread = std::thread::Builder::new()
            .name("proxy".into())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = accept(listener, to, faults) => {}
                        _ = ended => {}
                    }
                });
            })?;
        Ok(Self {
            port,
            target,
            network,
            end: Some(end),
            thread: Some(thread),
        })
    }

    /// Where it listens on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Connects clients to this port of 127.0.0.1.
    pub fn lead_to(&self, port: u16) {
        self.target.store(port, Ordering::Release);
    }

    /// Changes the network, for open connections and for new ones. A connection that had a fault that
    /// loses bytes ends with the next change, as it would be out of step otherwise.
    pub fn set(&self, network: Network) {
        self.network.send_replace(network);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has ended as well.
            let _ = thread.join();
        }
    }
}

async fn accept(
    listener: std::net::TcpListener,
    target: Arc<AtomicU16>,
    network: watch::Receiver<Network>,
) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    let mut connections = JoinSet::new();
    // What cannot be accepted ends the proxy, and with it the test that sees no broker any more.
    while let Ok((client, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let port = target.load(Ordering::Acquire);
        connections.spawn(serve(client, port, network.clone()));
    }
}

async fn serve(client: TcpStream, port: u16, network: watch::Receiver<Network>) {
    if *network.borrow() == Network::Cut {
        return;
    }
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let Ok(server) = TcpStream::connect(address).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // The end of one direction is the end of the connection.
    tokio::select! {
        () = copy(from_client, to_server, Direction::ToServer, network.clone()) => {}
        () = copy(from_server, to_client, Direction::ToClient, network) => {}
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    ToServer,
    ToClient,
}

async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    direction: Direction,
    mut network: watch::Receiver<Network>,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let state = *network.borrow_and_update();
        let lossy = direction == Direction::ToClient
            && matches!(state, Network::HalfOpen | Network::Garbage);
        if state == Network::Cut {
            return;
        }
        if state == Network::Garbage && lossy && to.write_all(&GARBAGE).await.is_err() {
            return;
        }
        if state == Network::Stalled {
            if network.changed().await.is_err() {
                return;
            }
            continue;
        }
        let room = match state {
            Network::Slow(_) => SLOW_PIECE,
            _ => buffer.len(),
        };
        let read = tokio::select! {
            changed = network.changed() => {
                if changed.is_err() || lossy {
                    return;
                }
                continue;
            }
            read = from.read(&mut buffer[..room]) => read,
        };
        let Ok(read @ 1..) = read else {
            return;
        };
        if lossy {
            continue;
        }
        if let Network::Slow(pause) = state {
            let due = tokio::time::Instant::now() + pause;
            tokio::time::sleep_until(due).await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
