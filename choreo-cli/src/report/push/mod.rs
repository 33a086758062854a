//! `choreo report push`: what is sent where, and what the answer means.

mod http;
mod target;

use std::path::PathBuf;
use std::time::Duration;

use data_encoding::HEXLOWER;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use self::http::{Answer, Attempt, Request};
use self::target::Target;
use super::{export, input};
use crate::Outcome;
use crate::exit::{Exit, Failure};
use crate::output::{self, line};

/// Where the tenant is looked for unless it is given.
const TENANT: &str = "CHOREO_CHRONICLE_TENANT";
/// Where the token is looked for unless another variable is named.
const TOKEN: &str = "CHOREO_CHRONICLE_TOKEN";
/// The longest pause between two attempts, also if the server asks for more.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Characters of an answer that are shown.
const SHOWN: usize = 300;

const HELP: &str = "\
Environment:
  CHOREO_CHRONICLE_TENANT  the tenant, unless --tenant gives it
  CHOREO_CHRONICLE_TOKEN   a bearer token, unless --token-env names another variable; it is never shown
";

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{HELP}\n{}", crate::exit::HELP))]
pub(crate) struct Arguments {
    /// Where reports are posted to, such as `https://chronicle.example.org/api/v1/reports`
    url: String,
    /// The report, or its folder [default: the one of this project]
    #[arg(value_name = "FILE")]
    report: Option<PathBuf>,
    /// Whose report it is, as the server knows you
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// The environment variable that holds the bearer token
    #[arg(long, value_name = "VARIABLE")]
    token_env: Option<String>,
    /// How often to try again when the server cannot be reached or is busy
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=20))]
    retries: u32,
    /// How many seconds one attempt may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Say what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(arguments: Arguments) -> Outcome {
    let target = Target::parse(&arguments.url)?;
    let tenant = tenant(arguments.tenant)?;
    let token = token(arguments.token_env.as_deref())?;
    if token.is_some() && !target.is_private() {
        return Err(Failure::usage(format!(
            "{target} is not encrypted, and a token would be sent to another machine; use https"
        )));
    }
    let path = input::file(arguments.report)?;
    // What is no report is not sent. What is one is sent as it is, unless it is no strict JSON.
    let loaded = input::load(&path)?;
    let tests = output::count(loaded.report.tests.len(), "test");
    let body = if loaded.is_strict() {
        std::fs::read(&path)
            .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?
    } else {
        export::latest(&loaded.into_report())?
    };
    let key = idempotency_key(&body);
    if arguments.dry_run {
        output::print(&format!(
            "would post {} ({} bytes, {}) to {target}\n  X-Chronicle-Tenant: {tenant}\n  Idempotency-Key: {key}\n  Authorization: {}\n",
            path.display(),
            body.len(),
            tests,
            if token.is_some() {
                "Bearer <redacted>"
            } else {
                "none"
            },
        ));
        return Ok(Exit::Fine);
    }
    let request = Request {
        target: &target,
        tenant: &tenant,
        key: &key,
        token: token.as_ref(),
        body: &body,
    };
    let client = http::Client::new(&target, Duration::from_secs(arguments.timeout))?;
    let answer = send(&client, &request, arguments.retries)?;
    match answer.status {
        200..=299 => {
            output::print(&format!("sent {tests} to {target}{}\n", said(&answer)));
            Ok(Exit::Fine)
        }
        300..=399 => Err(Failure::refused(format!(
            "{target} sends us elsewhere (status {}), and nothing was sent there; give that address itself{}",
            answer.status,
            answer
                .location
                .as_deref()
                .map_or_else(String::new, |to| format!(": {}", shown(to))),
        ))),
        401 | 403 => Err(Failure::refused(format!(
            "{target} does not accept the token for tenant `{tenant}` (status {}); it is taken from {}{}",
            answer.status,
            arguments.token_env.as_deref().unwrap_or(TOKEN),
            said(&answer),
        ))),
        status => Err(Failure::refused(format!(
            "{target} refused the report (status {status}){}",
            said(&answer)
        ))),
    }
}

/// Tries until there is an answer that will not change.
fn send(client: &http::Client, request: &Request<'_>, retries: u32) -> Result<Answer, Failure> {
    let mut tried = 0;
    loop {
        let attempt = client.post(request);
        tried += 1;
        let (why, asked) = match attempt {
            Attempt::Answered(answer) if !answer.is_passing() || tried > retries => {
                return Ok(answer);
            }
            Attempt::Answered(answer) => (format!("status {}", answer.status), answer.retry_after),
            Attempt::Failed { text, passing } if !passing || tried > retries => {
                let times = output::count(tried as usize, "attempt");
                return Err(Failure::refused(format!(
                    "{} cannot be reached: {} ({times})",
                    request.target,
                    shown(&text)
                )));
            }
            Attempt::Failed { text, .. } => (shown(&text), None),
        };
        let pause = asked.unwrap_or_else(|| backoff(tried)).min(LONGEST_PAUSE);
        output::note(&format!(
            "{}: {why}; trying again in {} s, {} of {retries}",
            request.target,
            pause.as_secs_f64(),
            tried
        ));
        wait(pause);
    }
}

/// Half a second, doubled each time.
fn backoff(tried: u32) -> Duration {
    Duration::from_millis(500).saturating_mul(1 << tried.saturating_sub(1).min(10))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a server that is busy tells nobody when it is not: waiting is all that can be done"
)]
fn wait(pause: Duration) {
    std::thread::sleep(pause);
}

fn tenant(given: Option<String>) -> Result<String, Failure> {
    let tenant = given.or_else(|| input::variable(TENANT)).ok_or_else(|| {
        Failure::usage(format!(
            "whose report it is is not said; give --tenant, or set {TENANT}"
        ))
    })?;
    let plain = |byte: u8| byte.is_ascii_graphic();
    if tenant.is_empty() || tenant.len() > 128 || !tenant.bytes().all(plain) {
        return Err(Failure::usage(
            "a tenant has 1 to 128 ASCII characters, none of them a blank",
        ));
    }
    Ok(tenant)
}

fn token(variable: Option<&str>) -> Result<Option<SecretString>, Failure> {
    let name = variable.unwrap_or(TOKEN);
    let Some(token) = input::variable(name) else {
        // Who names a variable wants it used.
        return match variable {
            Some(name) => Err(Failure::usage(format!(
                "environment variable `{name}` is not set; it should hold the bearer token"
            ))),
            None => Ok(None),
        };
    };
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::usage(format!(
            "environment variable `{name}` holds no bearer token: it has blanks or characters that no header can have"
        )));
    }
    Ok(Some(SecretString::from(token)))
}

/// The same for the same content, so that the server knows what it has.
fn idempotency_key(body: &[u8]) -> String {
    format!("sha256-{}", HEXLOWER.encode(&Sha256::digest(body)))
}

/// What the server says, to stand at the end of a sentence.
fn said(answer: &Answer) -> String {
    if answer.text.trim().is_empty() {
        String::new()
    } else {
        format!(": {}", shown(&answer.text))
    }
}

/// A foreign text on one line, without what looks like a secret.
fn shown(text: &str) -> String {
    let mut text = text.to_owned();
    choreo_report::redact::Redactor::new().text(&mut text);
    line(&text, SHOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_depends_on_the_content_alone() {
        assert_eq!(
            idempotency_key(b""),
            "sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_ne!(idempotency_key(b"a"), idempotency_key(b"b"));
    }

    #[test]
    fn pauses_double_and_end() {
        assert_eq!(backoff(1), Duration::from_millis(500));
        assert_eq!(backoff(3), Duration::from_secs(2));
        assert_eq!(backoff(u32::MAX), Duration::from_secs(512));
    }
}
