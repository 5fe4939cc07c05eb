//! The progress of long operations: a spinner on a terminal, lines of text elsewhere.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

const TICK: Duration = Duration::from_millis(100);

/// Prints the current step to standard error.
#[derive(Clone, Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    begun: Instant,
}

// === impl Progress ===

impl Progress {
    /// Starts the clock, and a spinner if standard error is a terminal.
    pub fn start() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed:>4} {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(TICK);
            bar
        });
        Self {
            bar,
            begun: Instant::now(),
        }
    }

    /// Prints the current step.
    pub fn say(&self, step: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(step.to_owned()),
            None => anstream::eprintln!("{:>5.1}s {step}", self.begun.elapsed().as_secs_f32()),
        }
    }

    /// Removes the spinner.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Returns the same as a function, for code that only reports steps.
    pub fn reporter(&self) -> Arc<dyn Fn(&str) + Send + Sync> {
        let progress = self.clone();
        Arc::new(move |step| progress.say(step))
    }
}
