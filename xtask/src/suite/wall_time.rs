//! The wall time of each stage.

use std::fmt;
use std::time::{Duration, Instant};

use crate::progress;

/// Parts of a stage that are shorter are summed up.
const SHOWN_FROM: Duration = Duration::from_secs(5);

/// Stages in the order in which they ran, each with the parts that took longest.
#[derive(Debug, Default)]
pub(super) struct WallTime {
    lines: Vec<(String, Duration)>,
}

impl WallTime {
    /// Runs a stage and adds its time.
    pub(super) fn measure<T>(&mut self, stage: &str, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = work();
        self.add(stage, started.elapsed());
        result
    }

    /// Adds the time of a stage.
    pub(super) fn add(&mut self, stage: &str, time: Duration) {
        self.lines.push((stage.to_owned(), time));
    }

    /// Adds the parts of the last stage: the longest first, short ones summed up.
    pub(super) fn add_parts(&mut self, mut parts: Vec<(String, Duration)>) {
        parts.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
        let shown = parts.partition_point(|(_, time)| *time >= SHOWN_FROM);
        let others = parts.split_off(shown);
        let parts = parts.into_iter();
        self.lines
            .extend(parts.map(|(name, time)| (format!("  {name}"), time)));
        if !others.is_empty() {
            let sum = others.iter().map(|(_, time)| *time).sum();
            self.lines.push((format!("  {} others", others.len()), sum));
        }
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, time) in &self.lines {
            writeln!(f, "  {name:<30} {:>12}", progress::seconds(*time))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_parts_are_summed_up_after_the_longest() {
        let mut times = WallTime::default();
        times.add("tests", Duration::from_secs(100));
        let part = |name: &str, seconds| (name.to_owned(), Duration::from_secs(seconds));
        times.add_parts(vec![
            part("a", 2),
            part("b", 30),
            part("c", 1),
            part("d", 67),
        ]);
        let text = times.to_string();
        let lines: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(
            lines,
            [
                vec!["tests", "1", "min", "40", "s"],
                vec!["d", "1", "min", "07", "s"],
                vec!["b", "30.0", "s"],
                vec!["2", "others", "3.0", "s"],
            ]
        );
    }
}
