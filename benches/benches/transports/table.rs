//! The figures as a table, with a verdict for each transport.

use std::fmt;
use std::time::Duration;

use choreo_benches::quantile;

use super::measure::{Measured, Side};

/// What Choreo may add to the median, whichever is larger.
const MAY_ADD: Duration = Duration::from_micros(50);
const MAY_ADD_PERCENT: u32 = 5;

#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<(&'static str, Measured)>,
    left_out: Vec<(&'static str, String)>,
}

impl Table {
    pub(crate) fn row(&mut self, name: &'static str, measured: Measured) {
        self.rows.push((name, measured));
    }

    pub(crate) fn left_out(&mut self, name: &'static str, reason: impl fmt::Display) {
        self.left_out.push((name, reason.to_string()));
    }

    /// Whether every transport that was measured is within its target.
    pub(crate) fn is_met(&self) -> bool {
        self.rows.iter().all(|(_, measured)| fits(measured))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<22}{:<8}{:>12}{:>12}{:>10}{:>12}{:>12}  verdict",
            "transport", "", "median µs", "p99 µs", "loops/s", "publish/s", "added µs"
        )?;
        for (name, measured) in &self.rows {
            let Measured { raw, choreo } = measured;
            line(f, name, "raw", raw)?;
            writeln!(f)?;
            line(f, "", "choreo", choreo)?;
            let (base, ours) = (median(raw), median(choreo));
            let verdict = if fits(measured) { "ok" } else { "TOO MUCH" };
            let added = micros(ours) - micros(base);
            let may = micros(allowed(base));
            writeln!(f, "{added:>12.1}  {verdict} (may add {may:.0})")?;
        }
        for (name, reason) in &self.left_out {
            writeln!(f, "{name:<22}left out: {reason}")?;
        }
        Ok(())
    }
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, side: &str, figures: &Side) -> fmt::Result {
    write!(
        f,
        "{name:<22}{side:<8}{:>12.1}{:>12.1}{:>10.0}{:>12.0}",
        micros(median(figures)),
        micros(quantile(&figures.round_trips, 0.99)),
        figures.loops_per_second(),
        figures.publishes_per_second(),
    )
}

fn fits(Measured { raw, choreo }: &Measured) -> bool {
    let base = median(raw);
    median(choreo) <= base + allowed(base)
}

fn allowed(base: Duration) -> Duration {
    MAY_ADD.max(base * MAY_ADD_PERCENT / 100)
}

fn median(figures: &Side) -> Duration {
    quantile(&figures.round_trips, 0.5)
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
