//! `choreo report push` over https: the certificate of the server is checked.

use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use choreo_report::model::Outcome;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::push::{Sent, TAKEN, receive};
use crate::support::{Done, command, report, run, save};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn save_authority(authority: &Authority, folder: &Path) -> PathBuf {
    let path = folder.join("authority.pem");
    std::fs::write(&path, authority.pem()).unwrap();
    path
}

/// A server with a certificate for this name, and what it was sent; nothing when the client did not trust it.
fn server(authority: &Authority, name: &str) -> (String, Receiver<Option<Sent>>) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let _ = sender.send(answer(stream, config));
    });
    (format!("https://localhost:{port}/reports"), receiver)
}

fn answer(mut socket: TcpStream, config: ServerConfig) -> Option<Sent> {
    let limit = Some(Duration::from_secs(30));
    socket.set_read_timeout(limit).unwrap();
    let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut socket).ok()?;
    }
    let mut stream = StreamOwned::new(connection, socket);
    let sent = receive(&mut BufReader::new(&mut stream));
    stream.write_all(TAKEN.as_bytes()).unwrap();
    stream.conn.send_close_notify();
    stream.flush().unwrap();
    Some(sent)
}

fn push(url: &str, trusted: &Path) -> Done {
    let scratch = tempfile::tempdir().unwrap();
    let report = report(&[("pays", Outcome::Pass, 10)]);
    let file = save(&report, scratch.path(), "results.json");
    let mut command = command();
    command.args(["report", "push", url, &file, "--tenant", "shop"]);
    command.args(["--retries", "0"]);
    run(command
        .env("SSL_CERT_FILE", trusted)
        .env_remove("SSL_CERT_DIR"))
}

#[test]
fn a_trusted_server_gets_the_report() {
    let scratch = tempfile::tempdir().unwrap();
    let authority = authority();
    let trusted = save_authority(&authority, scratch.path());
    let (url, sent) = server(&authority, "localhost");
    let done = push(&url, &trusted);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.out, format!("sent 1 test to {url}: run 4711\n"));
    let sent = sent.recv_timeout(Duration::from_secs(30)).unwrap();
    let sent = sent.expect("it was sent");
    assert_eq!(sent.header("x-chronicle-tenant"), Some("shop"));
}

#[test]
fn a_server_that_nobody_vouches_for_gets_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let authority = authority();
    let trusted = save_authority(&authority, scratch.path());
    let foreign = self::authority();
    for (issuer, name) in [(&foreign, "localhost"), (&authority, "elsewhere.example")] {
        let (url, sent) = server(issuer, name);
        let done = push(&url, &trusted);
        assert_eq!(done.code, 1, "{done:?}");
        assert!(done.err.contains(&url), "{done:?}");
        assert!(done.err.contains("certificate"), "{done:?}");
        assert_eq!(sent.recv_timeout(Duration::from_secs(30)), Ok(None));
    }
}

#[test]
fn without_authorities_the_way_out_is_named() {
    let scratch = tempfile::tempdir().unwrap();
    let empty = scratch.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let done = push("https://localhost:1/", &empty);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("ca-certificates"), "{done:?}");
}
