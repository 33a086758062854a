//! The compose file for users: every broker, open and with a password, each in a profile of its own; pinned
//! images, ports on loopback only, health checks.

use std::path::Path;
use std::process::Command;

use super::{Findings, read};

const FILE: &str = "docker/compose.yaml";

/// Each is there twice: as it is named here, and with `-auth`.
const BROKERS: &[&str] = &["nats", "kafka", "rabbitmq", "redis"];

pub(super) fn check(root: &Path) -> Result<Findings, String> {
    let text = read(&root.join(FILE))?;
    let mut findings = check_text(&text);
    findings.extend(missing_brokers(&text));
    findings.extend(docker_complaint(root));
    Ok(findings
        .into_iter()
        .map(|finding| format!("{FILE}:{finding}"))
        .collect())
}

/// What Docker says to it; nothing on a machine without its compose plugin.
fn docker_complaint(root: &Path) -> Option<String> {
    let compose = |arguments: &[&str]| {
        let mut command = Command::new("docker");
        command.arg("compose").args(arguments).current_dir(root);
        command.output().ok()
    };
    compose(&["version"]).filter(|output| output.status.success())?;
    let output = compose(&["-f", FILE, "--profile", "*", "config", "--quiet"])?;
    let refused = !output.status.success();
    refused.then(|| format!("1: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

fn missing_brokers(text: &str) -> Findings {
    let services = services(text);
    let mut findings = Findings::new();
    for broker in BROKERS {
        for name in [(*broker).to_owned(), format!("{broker}-auth")] {
            let Some(service) = services.iter().find(|service| service.name == name) else {
                findings.push(format!("1: no service `{name}`"));
                continue;
            };
            let password = format!("${{CHOREO_{}_PASSWORD:-", broker.to_uppercase());
            let asks = service
                .lines
                .iter()
                .any(|(_, line)| line.contains(&password));
            if asks != name.ends_with("-auth") {
                findings.push(format!(
                    "{}: service `{name}`: `-auth` takes its password from {password}…}}, the other has none",
                    service.line
                ));
            }
        }
    }
    findings
}

/// One service: where it starts, and its lines.
struct Service<'a> {
    name: &'a str,
    line: usize,
    lines: Vec<(usize, &'a str)>,
}

fn check_text(text: &str) -> Findings {
    let services = services(text);
    let mut findings = Findings::new();
    if services.is_empty() {
        findings.push("1: no services".to_owned());
    }
    for service in &services {
        for key in ["image:", "healthcheck:", "profiles:", "ports:"] {
            if !service
                .lines
                .iter()
                .any(|(_, line)| line.trim_start().starts_with(key))
            {
                findings.push(format!(
                    "{}: service `{}` has no `{key}`",
                    service.line, service.name
                ));
            }
        }
        check_profile(service, &mut findings);
        check_image(service, &mut findings);
        check_ports(service, &mut findings);
    }
    check_host_ports(&services, &mut findings);
    findings
}

fn services(text: &str) -> Vec<Service<'_>> {
    let mut services: Vec<Service<'_>> = Vec::new();
    let mut inside = false;
    for (number, line) in (1..).zip(text.lines()) {
        let indent = line.len() - line.trim_start().len();
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        match indent {
            0 => inside = content == "services:",
            2 if inside => {
                let name = content.trim_end_matches(':');
                services.push(Service {
                    name,
                    line: number,
                    lines: Vec::new(),
                });
            }
            _ if inside => {
                if let Some(service) = services.last_mut() {
                    service.lines.push((number, line));
                }
            }
            _ => {}
        }
    }
    services
}

/// One profile starts one broker.
fn check_profile(service: &Service<'_>, findings: &mut Findings) {
    for (number, line) in &service.lines {
        if let Some(profiles) = line.trim().strip_prefix("profiles:")
            && profiles.trim() != format!("[{}]", service.name)
        {
            findings.push(format!(
                "{number}: the profile of a service is its name: [{}]",
                service.name
            ));
        }
    }
}

/// All of them can run at once.
fn check_host_ports(services: &[Service<'_>], findings: &mut Findings) {
    let mut taken: Vec<&str> = Vec::new();
    for (number, line) in services.iter().flat_map(|service| &service.lines) {
        let port = line
            .trim()
            .trim_start_matches("- ")
            .trim_matches(['"', '\'']);
        if let Some((host, _)) = port
            .strip_prefix("127.0.0.1:")
            .and_then(|rest| rest.split_once(':'))
        {
            if taken.contains(&host) {
                findings.push(format!("{number}: port {host} is taken by another service"));
            }
            taken.push(host);
        }
    }
}

fn check_image(service: &Service<'_>, findings: &mut Findings) {
    for (number, line) in &service.lines {
        let Some(image) = line.trim().strip_prefix("image:") else {
            continue;
        };
        let tag = image.rsplit_once(':').map_or("", |(_, tag)| tag);
        let parts = tag.split('-').next().unwrap_or_default().split('.').count();
        if parts < 3 || !tag.starts_with(|c: char| c.is_ascii_digit()) {
            findings.push(format!(
                "{number}: pin{image} to a full version, such as 1.2.3"
            ));
        }
    }
}

fn check_ports(service: &Service<'_>, findings: &mut Findings) {
    let mut inside = false;
    for (number, line) in &service.lines {
        let content = line.trim();
        if let Some(port) = content.strip_prefix("- ").filter(|_| inside) {
            if !port.trim_matches(['"', '\'']).starts_with("127.0.0.1:") {
                findings.push(format!("{number}: publish {port} on 127.0.0.1 only"));
            }
        } else {
            inside = content == "ports:";
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
services:
  nats:
    profiles: [nats]
    image: nats:2.11.4-alpine
    ports:
      - \"127.0.0.1:4222:4222\"
    healthcheck:
      test: [\"CMD\", \"true\"]
";

    #[test]
    fn each_rule_is_kept() {
        assert_eq!(check_text(GOOD), Findings::new());
        for (good, bad) in [
            ("nats:2.11.4-alpine", "nats:latest"),
            ("nats:2.11.4-alpine", "nats:2.11"),
            ("127.0.0.1:4222", "4222"),
            ("healthcheck:", "labels:"),
            ("profiles: [nats]", "restart: no"),
            ("profiles: [nats]", "profiles: [all]"),
            ("services:", "volumes:"),
        ] {
            assert_eq!(check_text(&GOOD.replacen(good, bad, 1)).len(), 1, "{bad}");
        }
    }

    #[test]
    fn two_services_on_one_port_are_found() {
        let second = GOOD
            .replace("services:\n", "")
            .replace("[nats]", "[two]")
            .replace("  nats:", "  two:");
        assert_eq!(check_text(&format!("{GOOD}{second}")).len(), 1);
        let second = second.replace(":4222:", ":4223:");
        assert_eq!(check_text(&format!("{GOOD}{second}")), Findings::new());
    }

    #[test]
    fn every_broker_is_there_open_and_with_a_password() {
        let service = |broker: &str| {
            let password = format!("${{CHOREO_{}_PASSWORD:-p}}", broker.to_uppercase());
            format!("  {broker}:\n    image: x\n  {broker}-auth:\n    command: [\"{password}\"]\n")
        };
        let all: String = BROKERS.iter().map(|broker| service(broker)).collect();
        let all = format!("services:\n{all}");
        assert_eq!(missing_brokers(&all), Findings::new());
        for (good, bad) in [
            ("  kafka:\n", "  kafkaesque:\n"),
            ("CHOREO_REDIS_PASSWORD", "REDIS_PASSWORD"),
            ("image: x", "command: [\"${CHOREO_NATS_PASSWORD:-p}\"]"),
        ] {
            assert_eq!(
                missing_brokers(&all.replacen(good, bad, 1)).len(),
                1,
                "{bad}"
            );
        }
    }
}
