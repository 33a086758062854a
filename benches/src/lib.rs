//! Figures of the whole-program benchmarks: medians, rates and ratios.

use std::process::ExitCode;
use std::time::Duration;

/// Says whether a cost has grown more than it may; the answer is for [`ending`].
#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
pub fn has_not_grown(what: &str, most: f64, may: f64) -> bool {
    let is_met = most <= may;
    let verdict = if is_met { "ok" } else { "IT GROWS" };
    println!("{verdict} ({what}: at most {most:.2} times the cost with one, may be {may})");
    is_met
}

/// How a benchmark ends: with an error if its target is missed.
pub fn ending(target_is_met: bool) -> ExitCode {
    ExitCode::from(u8::from(!target_is_met))
}

/// The median of a series.
///
/// # Panics
///
/// When the series is empty.
pub fn median(mut series: Vec<Duration>) -> Duration {
    assert!(!series.is_empty(), "a median needs values");
    series.sort_unstable();
    series[series.len() / 2]
}

/// The value below which this share of a series lies: 0.5 is the median, 0.99 the 99th percentile.
///
/// # Panics
///
/// When the series is empty.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index of a benchmark's series, between 0 and its length"
)]
pub fn quantile(series: &[Duration], share: f64) -> Duration {
    let mut series = series.to_vec();
    assert!(!series.is_empty(), "a quantile needs values");
    series.sort_unstable();
    let index = (series.len() as f64 * share) as usize;
    series[index.min(series.len() - 1)]
}

/// So many per second.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a benchmark are far below 2^52"
)]
pub fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// The resident memory of this process in bytes; `None` where `/proc` does not tell.
pub fn resident_bytes() -> Option<u64> {
    status_bytes("VmRSS:")
}

/// The most that [`resident_bytes`] has ever been.
pub fn peak_bytes() -> Option<u64> {
    status_bytes("VmHWM:")
}

fn status_bytes(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_right() {
        let ms = Duration::from_millis;
        assert_eq!(median(vec![ms(3), ms(1), ms(2)]), ms(2));
        let hundred: Vec<_> = (1..=100).rev().map(ms).collect();
        assert_eq!(quantile(&hundred, 0.5), ms(51));
        assert_eq!(quantile(&hundred, 0.99), ms(100));
        assert!((rate(10, ms(500)) - 20.0).abs() < 1e-9);
    }
}
