//! A socket to the server, encrypted or not, and what is known of it besides its bytes.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::link::locked;
use super::tls;
use crate::transport::{Endpoint, Tls};

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A socket.
pub(super) struct Socket {
    stream: Box<dyn Stream>,
    record: Record,
}

/// What is known of a socket.
#[derive(Clone, Default)]
pub(super) struct Record(Arc<Known>);

#[derive(Default)]
struct Known {
    /// Why it could not be read. The client keeps that for itself when nothing was asked at the time, such
    /// as when the server refuses a certificate.
    trouble: Mutex<Option<String>>,
    received: AtomicU64,
    sent: AtomicU64,
}

impl Record {
    pub(super) fn trouble(&self) -> Option<String> {
        locked(&self.0.trouble).clone()
    }

    /// How many bytes have been received and sent.
    pub(super) fn moved(&self) -> (u64, u64) {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (count(&self.0.received), count(&self.0.sent))
    }
}

fn add(counter: &AtomicU64, bytes: usize) {
    counter.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
}

impl Socket {
    pub(super) async fn open(endpoint: &Endpoint, tls: Option<&Tls>) -> Result<Self, String> {
        let address = (endpoint.host(), endpoint.port());
        let words = |error: io::Error| error.to_string();
        let stream = TcpStream::connect(address).await.map_err(words)?;
        stream.set_nodelay(true).map_err(words)?;
        let stream: Box<dyn Stream> = match tls {
            None => Box::new(stream),
            Some(tls) => Box::new(tls::encrypt(tls, endpoint.host(), stream).await?),
        };
        Ok(Self {
            stream,
            record: Record::default(),
        })
    }

    pub(super) fn record(&self) -> Record {
        self.record.clone()
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let known = &self.record.0;
        add(&known.received, buffer.filled().len() - before);
        if let Poll::Ready(Err(error)) = &read {
            *locked(&known.trouble) = Some(error.to_string());
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(count)) = &written {
            add(&self.record.0.sent, *count);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
