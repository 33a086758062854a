//! The compose file for users: pinned images, ports on loopback only, health checks, profiles.

use std::path::Path;

use super::{Findings, read};

const FILE: &str = "docker/compose.yaml";

pub(super) fn check(root: &Path) -> Result<Findings, String> {
    let findings = check_text(&read(&root.join(FILE))?);
    Ok(findings
        .into_iter()
        .map(|finding| format!("{FILE}:{finding}"))
        .collect())
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
        check_image(service, &mut findings);
        check_ports(service, &mut findings);
    }
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
            ("services:", "volumes:"),
        ] {
            assert_eq!(check_text(&GOOD.replacen(good, bad, 1)).len(), 1, "{bad}");
        }
    }
}
