//! What neither broker of the tests can do: partitions that are added to a topic. On this way to a broker every
//! topic has its first partition only, until all are shown.
//!
//! It reads the protocol's plainest forms, so it offers the client no later ones.

use std::collections::HashSet;
use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use super::front::{frame, send};
use super::support::TestError;

/// Of the Kafka protocol.
const METADATA: i16 = 3;
/// The highest version of that question; the first that tells who leads the cluster.
const METADATA_VERSION: i16 = 1;
const API_VERSIONS: i16 = 18;
const UNSUPPORTED_VERSION: i16 = 35;

/// Ends when it is dropped.
pub(crate) struct Narrow {
    port: u16,
    all: Arc<AtomicBool>,
    task: AbortHandle,
}

impl Drop for Narrow {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Narrow {
    /// The way to this broker, `host:port`.
    pub(crate) async fn start(broker: String) -> Result<Self, TestError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let all = Arc::<AtomicBool>::default();
        let way = Arc::new(Way {
            broker,
            port,
            all: Arc::clone(&all),
        });
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let way = Arc::clone(&way);
                // A connection that fails is the client's affair, which tells.
                tokio::spawn(async move { drop(way.serve(stream).await) });
            }
        });
        Ok(Self {
            port,
            all,
            task: task.abort_handle(),
        })
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn show_all(&self) {
        self.all.store(true, Ordering::SeqCst);
    }
}

struct Way {
    broker: String,
    port: u16,
    all: Arc<AtomicBool>,
}

impl Way {
    async fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        let mut broker = TcpStream::connect(&self.broker).await?;
        client.set_nodelay(true)?;
        broker.set_nodelay(true)?;
        loop {
            let request = frame(&mut client).await?;
            // Asked in a later form than the first, a broker that does not know it answers in the first.
            if request[2..4] != [0, 0] {
                send(&mut client, &only_the_first_form(&request)).await?;
                continue;
            }
            send(&mut broker, &request).await?;
            let versions = frame(&mut broker).await?;
            send(&mut client, &capped(versions)).await?;
            break;
        }
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_broker, mut to_broker) = broker.into_split();
        let questions = Mutex::new(HashSet::new());
        let requests = async {
            loop {
                let request = frame(&mut from_client).await?;
                if request[..2] == METADATA.to_be_bytes() {
                    questions.lock().unwrap().insert(request[4..8].to_vec());
                }
                send(&mut to_broker, &request).await?;
            }
        };
        let answers = async {
            loop {
                let mut answer = frame(&mut from_broker).await?;
                if questions.lock().unwrap().remove(&answer[..4]) {
                    answer = self.narrowed(&answer).ok_or(io::ErrorKind::InvalidData)?;
                }
                send(&mut to_client, &answer).await?;
            }
        };
        tokio::select! {
            ended = requests => ended,
            ended = answers => ended,
        }
    }

    /// An answer to the question for metadata, with this way in place of the broker.
    fn narrowed(&self, answer: &[u8]) -> Option<Vec<u8>> {
        let mut answer = Copying::of(answer);
        answer.copy(4)?;
        for _ in 0..answer.count()? {
            answer.copy(4)?;
            answer.text()?;
            answer.take(4)?;
            answer.copied.extend(i32::from(self.port).to_be_bytes());
            answer.text()?;
        }
        answer.copy(4)?;
        for _ in 0..answer.count()? {
            answer.copy(2)?;
            answer.text()?;
            answer.copy(1)?;
            let mut partitions = Vec::new();
            for _ in 0..number(answer.take(4)?) {
                let partition = answer.partition()?;
                if self.all.load(Ordering::SeqCst) || number(&partition[2..6]) == 0 {
                    partitions.push(partition);
                }
            }
            let count = i32::try_from(partitions.len()).ok()?;
            answer.copied.extend(count.to_be_bytes());
            answer.copied.extend(partitions.concat());
        }
        Some(answer.copied)
    }
}

/// The error, and that the question for versions has its first form only.
fn only_the_first_form(request: &[u8]) -> Vec<u8> {
    let mut answer = request[4..8].to_vec();
    answer.extend(UNSUPPORTED_VERSION.to_be_bytes());
    answer.extend(1_i32.to_be_bytes());
    for number in [API_VERSIONS, 0, 0] {
        answer.extend(number.to_be_bytes());
    }
    answer
}

/// The broker's versions: its number of the answer, an error and a count, then three numbers for each question.
fn capped(mut versions: Vec<u8>) -> Vec<u8> {
    for offered in versions[10..].chunks_exact_mut(6) {
        if offered[..2] == METADATA.to_be_bytes() {
            offered[4..].copy_from_slice(&METADATA_VERSION.to_be_bytes());
        }
    }
    versions
}

fn number(bytes: &[u8]) -> i32 {
    bytes
        .iter()
        .fold(0, |sum, byte| sum << 8 | i32::from(*byte))
}

/// What was not read yet of a message, and its copy so far.
struct Copying<'a> {
    rest: &'a [u8],
    copied: Vec<u8>,
}

impl<'a> Copying<'a> {
    fn of(message: &'a [u8]) -> Self {
        Self {
            rest: message,
            copied: Vec::new(),
        }
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn copy(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.take(length)?;
        self.copied.extend(taken);
        Some(taken)
    }

    fn count(&mut self) -> Option<i32> {
        self.copy(4).map(number)
    }

    /// One that is null has the length -1.
    fn text(&mut self) -> Option<()> {
        let length = self.copy(2)?;
        if length != [0xff, 0xff] {
            self.copy(usize::try_from(number(length)).ok()?)?;
        }
        Some(())
    }

    /// An error, the partition's number and its leader; then the replicas, and those that are in step.
    fn partition(&mut self) -> Option<&'a [u8]> {
        let whole = self.rest;
        self.take(10)?;
        for _ in 0..2 {
            let count = usize::try_from(number(self.take(4)?)).ok()?;
            self.take(4 * count)?;
        }
        Some(&whole[..whole.len() - self.rest.len()])
    }
}
