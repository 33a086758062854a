//! What the broker process lacks: a front that speaks TLS and checks credentials with SASL, and then hands
//! the bytes on to a plain broker. An implementation of its own of the exchanges (RFC 4616, 5802, 7628), so
//! that the client is not tested against itself.

use std::io;
use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use choreo_test_brokers::tls::Authority;
use choreo_test_brokers::{KafkaServer, StartError};
use data_encoding::BASE64;
use ring::{digest, hmac, pbkdf2};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::support::TestError;

/// Of the Kafka protocol.
const SASL_HANDSHAKE: i16 = 17;
const SASL_AUTHENTICATE: i16 = 36;
const UNSUPPORTED_MECHANISM: i16 = 33;
const AUTHENTICATION_FAILED: i16 = 58;

const ITERATIONS: u32 = 4096;
const SALT: &[u8] = b"sixteen bytes 16";

/// Who gets in.
#[derive(Debug, Clone)]
pub(crate) enum Sasl {
    Plain(&'static str, String),
    Scram256(&'static str, String),
    Scram512(&'static str, String),
    /// The tokens that are good now.
    Token(Arc<Mutex<Vec<String>>>),
}

impl Sasl {
    fn mechanism(&self) -> &'static str {
        match self {
            Self::Plain(..) => "PLAIN",
            Self::Scram256(..) => "SCRAM-SHA-256",
            Self::Scram512(..) => "SCRAM-SHA-512",
            Self::Token(_) => "OAUTHBEARER",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encryption {
    None,
    Tls,
    /// As `Tls`, with a certificate for another host.
    OtherHost,
    MutualTls,
}

/// A broker behind a front. Ends when it is dropped.
pub(crate) struct Front {
    pub(crate) server: KafkaServer,
    pub(crate) authority: Authority,
    pub(crate) logins: Arc<AtomicUsize>,
    port: u16,
    task: AbortHandle,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Front {
    pub(crate) async fn start(
        encryption: Encryption,
        sasl: Option<Sasl>,
    ) -> Result<Self, TestError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let host = if encryption == Encryption::None {
            "127.0.0.1"
        } else {
            "localhost"
        };
        let server = KafkaServer::builder()
            .advertised(&format!("{host}:{port}"))
            .start()?;
        let authority = Authority::new()?;
        let acceptor = acceptor(encryption, &authority)?;
        let logins = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(Gate {
            acceptor,
            sasl,
            broker: server.port(),
            logins: Arc::clone(&logins),
        });
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let gate = Arc::clone(&gate);
                // A connection that fails is the client's affair, which tells.
                tokio::spawn(async move { drop(gate.serve(stream).await) });
            }
        });
        Ok(Self {
            server,
            authority,
            logins,
            port,
            task: task.abort_handle(),
        })
    }

    pub(crate) fn at(&self, host: &str) -> String {
        format!("{host}:{}", self.port)
    }
}

struct Gate {
    acceptor: Option<TlsAcceptor>,
    sasl: Option<Sasl>,
    broker: u16,
    logins: Arc<AtomicUsize>,
}

impl Gate {
    async fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        match &self.acceptor {
            None => self.admit(stream).await,
            Some(acceptor) => self.admit(acceptor.accept(stream).await?).await,
        }
    }

    async fn admit(&self, mut client: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
        let mut broker = TcpStream::connect((Ipv4Addr::LOCALHOST, self.broker)).await?;
        broker.set_nodelay(true)?;
        if let Some(sasl) = &self.sasl {
            let mut exchange = Exchange::new(sasl.clone());
            while !exchange.done {
                let request = frame(&mut client).await?;
                match i16::from_be_bytes([request[0], request[1]]) {
                    SASL_HANDSHAKE | SASL_AUTHENTICATE => {
                        let response = exchange
                            .answer(&request)
                            .ok_or(io::ErrorKind::InvalidData)?;
                        send(&mut client, &response).await?;
                        if exchange.failed {
                            return Ok(());
                        }
                    }
                    // The client asks for versions first.
                    _ => {
                        send(&mut broker, &request).await?;
                        let response = frame(&mut broker).await?;
                        send(&mut client, &response).await?;
                    }
                }
            }
            self.logins.fetch_add(1, Ordering::SeqCst);
        }
        copy_bidirectional(&mut client, &mut broker).await?;
        Ok(())
    }
}

pub(crate) async fn frame(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let length = stream.read_i32().await?;
    let length = usize::try_from(length).map_err(|_| io::ErrorKind::InvalidData)?;
    if !(8..1_000_000).contains(&length) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

pub(crate) async fn send(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    let mut framed = i32::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
    framed.extend(bytes);
    stream.write_all(&framed).await?;
    stream.flush().await
}

fn acceptor(
    encryption: Encryption,
    authority: &Authority,
) -> Result<Option<TlsAcceptor>, TestError> {
    let names: &[&str] = match encryption {
        Encryption::None => return Ok(None),
        Encryption::OtherHost => &["other.example"],
        Encryption::Tls | Encryption::MutualTls => &["localhost", "127.0.0.1"],
    };
    let identity = authority
        .server(names)
        .map_err(|error: StartError| error.to_string())?;
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let config = if encryption == Encryption::MutualTls {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(authority.certificate())?)?;
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
        config.with_client_cert_verifier(verifier)
    } else {
        config.with_no_client_auth()
    };
    let config = config.with_single_cert(
        vec![CertificateDer::from_pem_file(&identity.certificate)?],
        PrivateKeyDer::from_pem_file(&identity.key)?,
    )?;
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

/// One client's login.
struct Exchange {
    sasl: Sasl,
    /// What SCRAM signs: the client's first message without its header, and our first.
    scram: Option<(String, String)>,
    /// The last message of an accepted SCRAM client was sent.
    done: bool,
    failed: bool,
}

impl Exchange {
    fn new(sasl: Sasl) -> Self {
        Self {
            sasl,
            scram: None,
            done: false,
            failed: false,
        }
    }

    /// The response to a request; none to what is not understood.
    fn answer(&mut self, request: &[u8]) -> Option<Vec<u8>> {
        let key = i16::from_be_bytes([request[0], request[1]]);
        let version = i16::from_be_bytes([request[2], request[3]]);
        let client = i16::from_be_bytes(request.get(8..10)?.try_into().ok()?);
        let body = &request[10 + usize::try_from(client).unwrap_or(0)..];
        let mut response = request[4..8].to_vec();
        if key == SASL_HANDSHAKE {
            let ours = self.sasl.mechanism();
            let theirs = std::str::from_utf8(body.get(2..)?).ok()?;
            self.failed = ours != theirs;
            let code = if self.failed {
                UNSUPPORTED_MECHANISM
            } else {
                0
            };
            response.extend(code.to_be_bytes());
            response.extend(1_i32.to_be_bytes());
            string(&mut response, ours);
            return Some(response);
        }
        let bytes = body.get(4..)?;
        let reply = self.step(bytes);
        match &reply {
            Ok(_) => {
                response.extend(0_i16.to_be_bytes());
                response.extend((-1_i16).to_be_bytes());
            }
            Err(words) => {
                self.failed = true;
                response.extend(AUTHENTICATION_FAILED.to_be_bytes());
                string(&mut response, words);
            }
        }
        let reply = reply.unwrap_or_default();
        response.extend(i32::try_from(reply.len()).ok()?.to_be_bytes());
        response.extend(reply);
        if version >= 1 {
            response.extend(0_i64.to_be_bytes());
        }
        Some(response)
    }

    fn step(&mut self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let refused = || "Authentication failed: Invalid username or password".to_owned();
        match self.sasl.clone() {
            Sasl::Plain(user, password) => {
                if bytes == format!("\0{user}\0{password}").as_bytes() {
                    self.done = true;
                    Ok(Vec::new())
                } else {
                    // A careless broker: it repeats what it was told.
                    Err(format!(
                        "{} ({})",
                        refused(),
                        String::from_utf8_lossy(bytes).replace('\0', "|")
                    ))
                }
            }
            Sasl::Token(good) => {
                let text = String::from_utf8_lossy(bytes);
                let token = text
                    .split('\x01')
                    .find_map(|part| part.strip_prefix("auth=Bearer "));
                if token.is_some_and(|token| good.lock().unwrap().iter().any(|good| good == token))
                {
                    self.done = true;
                    Ok(Vec::new())
                } else {
                    Err("Authentication failed: the token is not good".into())
                }
            }
            Sasl::Scram256(user, password) => {
                let kind = (
                    pbkdf2::PBKDF2_HMAC_SHA256,
                    hmac::HMAC_SHA256,
                    &digest::SHA256,
                );
                self.scram(kind, user, &password, bytes).ok_or_else(refused)
            }
            Sasl::Scram512(user, password) => {
                let kind = (
                    pbkdf2::PBKDF2_HMAC_SHA512,
                    hmac::HMAC_SHA512,
                    &digest::SHA512,
                );
                self.scram(kind, user, &password, bytes).ok_or_else(refused)
            }
        }
    }

    fn scram(
        &mut self,
        (derive, mac, hash): (
            pbkdf2::Algorithm,
            hmac::Algorithm,
            &'static digest::Algorithm,
        ),
        user: &str,
        password: &str,
        bytes: &[u8],
    ) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(bytes).ok()?;
        let Some((client_first, server_first)) = self.scram.take() else {
            let bare = text.strip_prefix("n,,")?;
            let (name, nonce) = bare.split_once(",r=")?;
            if name.strip_prefix("n=")? != user {
                return None;
            }
            let first = format!("r={nonce}server,s={},i={ITERATIONS}", BASE64.encode(SALT));
            self.scram = Some((bare.to_owned(), first.clone()));
            return Some(first.into_bytes());
        };
        let (without_proof, proof) = text.rsplit_once(",p=")?;
        let proof = BASE64.decode(proof.as_bytes()).ok()?;
        let mut salted = vec![0; hash.output_len()];
        let rounds = NonZeroU32::new(ITERATIONS)?;
        pbkdf2::derive(derive, rounds, SALT, password.as_bytes(), &mut salted);
        let sign = |key: &[u8], text: &[u8]| hmac::sign(&hmac::Key::new(mac, key), text);
        let client_key = sign(&salted, b"Client Key");
        let stored = digest::digest(hash, client_key.as_ref());
        let signed = format!("{client_first},{server_first},{without_proof}");
        let signature = sign(stored.as_ref(), signed.as_bytes());
        let expected: Vec<u8> = client_key
            .as_ref()
            .iter()
            .zip(signature.as_ref())
            .map(|(key, signature)| key ^ signature)
            .collect();
        if proof != expected {
            return None;
        }
        self.done = true;
        let server_key = sign(&salted, b"Server Key");
        let verifier = sign(server_key.as_ref(), signed.as_bytes());
        Some(format!("v={}", BASE64.encode(verifier.as_ref())).into_bytes())
    }
}

fn string(to: &mut Vec<u8>, text: &str) {
    to.extend(i16::try_from(text.len()).unwrap().to_be_bytes());
    to.extend(text.as_bytes());
}
