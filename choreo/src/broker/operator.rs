//! NATS accounts with signed tokens: an operator, one account and its user, made at run time.

use data_encoding::BASE64URL_NOPAD;
use nkeys::KeyPair;
use serde_json::{Value, json};

use super::StartError;

/// The three keys and what they signed.
pub(super) struct Operator {
    operator: String,
    account_key: String,
    account: String,
    credentials: String,
}

impl Operator {
    pub(super) fn new() -> Result<Self, StartError> {
        let operator = KeyPair::new_operator();
        let account = KeyPair::new_account();
        let user = KeyPair::new_user();
        let unlimited = json!({ "subs": -1, "data": -1, "payload": -1 });
        let mut limits = unlimited.clone();
        limits["conn"] = json!(-1);
        limits["imports"] = json!(-1);
        limits["exports"] = json!(-1);
        limits["wildcards"] = json!(true);
        let mut user_claims = json!({ "type": "user", "version": 2, "pub": {}, "sub": {} });
        for (key, value) in unlimited.as_object().into_iter().flatten() {
            user_claims[key] = value.clone();
        }
        let token = |issuer: &KeyPair, subject: &KeyPair, claims: Value| {
            sign(issuer, &subject.public_key(), &claims)
        };
        let user_token = token(&account, &user, user_claims)?;
        let seed = user.seed()?;
        Ok(Self {
            operator: token(
                &operator,
                &operator,
                json!({ "type": "operator", "version": 2 }),
            )?,
            account: token(
                &operator,
                &account,
                json!({ "type": "account", "version": 2, "limits": limits }),
            )?,
            account_key: account.public_key(),
            credentials: format!(
                "-----BEGIN NATS USER JWT-----\n{user_token}\n------END NATS USER JWT------\n\n\
                 -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
            ),
        })
    }

    /// The server's configuration.
    pub(super) fn configuration(&self) -> String {
        let Self {
            operator,
            account,
            account_key,
            ..
        } = self;
        format!(
            "operator: {operator}\nresolver: MEMORY\nresolver_preload: {{ {account_key}: {account} }}\n"
        )
    }

    /// The text of the user's credentials file.
    pub(super) fn credentials(&self) -> &str {
        &self.credentials
    }
}

fn sign(issuer: &KeyPair, subject: &str, claims: &Value) -> Result<String, StartError> {
    let header = json!({ "typ": "JWT", "alg": "ed25519-nkey" });
    let body = json!({
        "jti": "choreo", "iat": 1_700_000_000, "iss": issuer.public_key(),
        "name": "choreo", "sub": subject, "nats": claims,
    });
    let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", encode(&header), encode(&body));
    let signature = issuer.sign(signed.as_bytes())?;
    Ok(format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature)))
}
