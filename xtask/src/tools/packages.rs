//! What comes from the system's packages: brokers, what Kafka's client is built with, and a browser.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use super::{find, passes, succeeds};
use crate::Done;

/// Something that the suite needs, and where it comes from.
struct Need {
    name: &'static str,
    debian: &'static str,
    homebrew: &'static str,
    is_there: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need {
        name: "nats-server",
        debian: "nats-server",
        homebrew: "nats-server",
        is_there: || find("nats-server").is_some(),
    },
    Need {
        name: "redis-server",
        debian: "redis-server",
        homebrew: "redis",
        is_there: || find("redis-server").is_some(),
    },
    Need {
        name: "rabbitmq-server",
        debian: "rabbitmq-server",
        homebrew: "rabbitmq",
        is_there: || find("rabbitmq-server").is_some(),
    },
    Need {
        name: "a C compiler",
        debian: "gcc libc6-dev",
        homebrew: "gcc",
        is_there: || std::env::var_os("CC").is_some() || find("cc").is_some(),
    },
    // librdkafka's `configure` takes any of these.
    Need {
        name: "a C++ compiler",
        debian: "g++",
        homebrew: "gcc",
        is_there: || {
            std::env::var_os("CXX").is_some()
                || ["g++", "clang++", "c++"]
                    .into_iter()
                    .any(|name| find(name).is_some())
        },
    },
    Need {
        name: "make",
        debian: "make",
        homebrew: "make",
        is_there: || find("make").is_some(),
    },
    Need {
        name: "pkg-config",
        debian: "pkg-config",
        homebrew: "pkgconf",
        is_there: || std::env::var_os("OPENSSL_DIR").is_some() || find("pkg-config").is_some(),
    },
    Need {
        name: "OpenSSL's headers",
        debian: "libssl-dev",
        homebrew: "openssl@3",
        is_there: || {
            std::env::var_os("OPENSSL_DIR").is_some()
                || succeeds(Command::new("pkg-config").args(["--exists", "openssl"]))
        },
    },
    // With the fonts that the page's screenshots were looked at in.
    Need {
        name: "a browser with its driver",
        debian: "chromium chromium-driver fonts-inter fonts-dejavu-core",
        homebrew: "chromium chromedriver",
        is_there: || find("chromium").is_some() && find("chromedriver").is_some(),
    },
];

/// The packages that run a service once they are installed.
const SERVICES: &[&str] = &["nats-server", "redis-server", "rabbitmq-server"];

/// Asked by Debian's packages whether they may start their services. 101 is no.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Looks for all of it, and installs what is missing as root on Debian.
pub(super) fn install() -> Done {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let root = succeeds(Command::new("sh").args(["-c", "test \"$(id -u)\" = 0"]));
    if !root || find("apt-get").is_none() {
        return Err(advice(&missing));
    }
    println!("installing Debian packages: {}", debian(&missing));
    let mut update = Command::new("apt-get");
    run(update.args(["update", "-q"]), &missing)?;
    let policy = NoServices::declare()?;
    let mut install = Command::new("apt-get");
    install.args(["install", "-q", "-y", "--no-install-recommends"]);
    install.args(debian(&missing).split(' '));
    let installed = run(&mut install, &missing);
    drop(policy);
    leave_disabled(&missing);
    installed?;
    match self::missing() {
        still if still.is_empty() => Ok(()),
        still => Err(advice(&still)),
    }
}

fn missing() -> Vec<&'static Need> {
    NEEDS.iter().filter(|need| !(need.is_there)()).collect()
}

fn run(command: &mut Command, missing: &[&Need]) -> Done {
    if passes(command.env("DEBIAN_FRONTEND", "noninteractive")) {
        return Ok(());
    }
    Err(format!(
        "{command:?} failed, see above.\n{}",
        advice(missing)
    ))
}

fn debian(needs: &[&Need]) -> String {
    let packages: Vec<_> = needs.iter().map(|need| need.debian).collect();
    packages.join(" ")
}

fn advice(missing: &[&Need]) -> String {
    let names: Vec<_> = missing.iter().map(|need| need.name).collect();
    let homebrew: Vec<_> = missing.iter().map(|need| need.homebrew).collect();
    format!(
        "\
missing: {}. The tests start brokers of their own; install what is missing and run this again:

    Debian, Ubuntu   sudo apt-get update && sudo apt-get install -y {}
    macOS            brew install {}

Debian starts the brokers as services when it installs them, on their usual ports. The tests do not use those:
`sudo systemctl disable --now SERVICE` stops one for good.
",
        names.join(", "),
        debian(missing),
        homebrew.join(" "),
    )
}

/// While it lives, packages do not start their services. A rule that is there already stays as it is.
struct NoServices {
    ours: bool,
}

impl NoServices {
    fn declare() -> Result<Self, String> {
        match fs::File::create_new(POLICY) {
            Ok(mut file) => {
                let policy = Self { ours: true };
                file.write_all(b"#!/bin/sh\nexit 101\n")
                    .map_err(|error| format!("cannot write {POLICY}: {error}"))?;
                if passes(Command::new("chmod").args(["755", POLICY])) {
                    Ok(policy)
                } else {
                    Err(format!("cannot make {POLICY} executable"))
                }
            }
            Err(_) if Path::new(POLICY).exists() => Ok(Self { ours: false }),
            Err(error) => Err(format!("cannot create {POLICY}: {error}")),
        }
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.ours
            && let Err(error) = fs::remove_file(POLICY)
        {
            eprintln!("remove {POLICY} by hand, or no package will start its service: {error}");
        }
    }
}

/// The services of the packages that were installed just now do not start with the machine either.
fn leave_disabled(installed: &[&Need]) {
    // Where systemd does not run, nothing starts them.
    if !Path::new("/run/systemd/system").is_dir() {
        return;
    }
    for service in SERVICES {
        if installed.iter().any(|need| need.debian == *service)
            && !passes(Command::new("systemctl").args(["disable", "--quiet", service]))
        {
            eprintln!("`systemctl disable {service}` failed: it will start with this machine");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_names_each_package() {
        let all: Vec<_> = NEEDS.iter().collect();
        let text = advice(&all);
        for need in NEEDS {
            for words in [need.name, need.debian, need.homebrew] {
                assert!(text.contains(words), "{text}");
            }
        }
        for service in SERVICES {
            assert!(
                NEEDS.iter().any(|need| need.debian == *service),
                "{service}"
            );
        }
    }
}
