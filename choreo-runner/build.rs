//! Keeps the version of the compiler, which reports show.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output();
    let version = output
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .unwrap_or_default();
    // `rustc 1.95.0 (59807616e 2026-04-14)`: what is in brackets says nothing to a reader.
    let version = version.split(" (").next().unwrap_or_default().trim();
    println!("cargo::rustc-env=CHOREO_TOOLCHAIN={version}");
}
