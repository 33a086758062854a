//! What a private node reads at boot: its configuration and its users.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::super::tls::Identity;
use super::install;
use super::{RabbitServerBuilder, RabbitUser};

/// The configuration file.
pub(super) fn configuration(
    builder: &RabbitServerBuilder,
    port: u16,
    definitions: &Path,
    identity: Option<(&Identity, &Path)>,
) -> String {
    let mut text = String::new();
    let mut line = |line: std::fmt::Arguments<'_>| {
        writeln!(text, "{line}").expect("a String takes every text");
    };
    line(format_args!("load_definitions = {}", definitions.display()));
    line(format_args!("log.console = true"));
    line(format_args!("log.file = false"));
    // A full disk is the machine's trouble; a private node hardly writes.
    line(format_args!("disk_free_limit.absolute = 1MB"));
    if builder.short_of_memory {
        line(format_args!("vm_memory_high_watermark.absolute = 1MB"));
    }
    if let Some(bytes) = builder.max_message_size {
        line(format_args!("max_message_size = {bytes}"));
    }
    match identity {
        None => line(format_args!("listeners.tcp.1 = 127.0.0.1:{port}")),
        Some((identity, authority)) => {
            line(format_args!("listeners.tcp = none"));
            line(format_args!("listeners.ssl.1 = 127.0.0.1:{port}"));
            line(format_args!(
                "ssl_options.cacertfile = {}",
                authority.display()
            ));
            line(format_args!(
                "ssl_options.certfile = {}",
                identity.certificate.display()
            ));
            line(format_args!(
                "ssl_options.keyfile = {}",
                identity.key.display()
            ));
            let verify = if builder.external {
                "verify_peer"
            } else {
                "verify_none"
            };
            line(format_args!("ssl_options.verify = {verify}"));
            line(format_args!(
                "ssl_options.fail_if_no_peer_cert = {}",
                builder.external
            ));
        }
    }
    if builder.external {
        line(format_args!("auth_mechanisms.1 = EXTERNAL"));
        line(format_args!("auth_mechanisms.2 = PLAIN"));
        line(format_args!("ssl_cert_login_from = common_name"));
    }
    text
}

/// The plugins besides the server itself.
pub(super) fn plugins(builder: &RabbitServerBuilder) -> Vec<&'static str> {
    if builder.external {
        vec![install::EXTERNAL]
    } else {
        Vec::new()
    }
}

/// Users, virtual hosts and permissions.
pub(super) fn definitions(builder: &RabbitServerBuilder) -> Value {
    let guest = [RabbitUser::new("guest", "guest")];
    let users = if builder.users.is_empty() {
        &guest[..]
    } else {
        &builder.users
    };
    let vhosts: Vec<&str> = ["/"]
        .into_iter()
        .chain(builder.vhosts.iter().map(String::as_str))
        .collect();
    let mut permissions = Vec::new();
    for user in users {
        for vhost in vhosts.iter().filter(|vhost| user.enters(vhost)) {
            permissions.push(json!({
                "user": user.name,
                "vhost": vhost,
                "configure": user.configure,
                "write": user.write,
                "read": user.read,
            }));
        }
    }
    json!({
        "users": users
            .iter()
            .map(|user| json!({ "name": user.name, "password": user.password, "tags": "" }))
            .collect::<Vec<_>>(),
        "vhosts": vhosts.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>(),
        "permissions": permissions,
    })
}
