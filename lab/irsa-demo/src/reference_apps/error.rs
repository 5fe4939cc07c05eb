//! Errors of building and running an application.

/// An error, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A program is missing on this machine.
    #[error("`{program}` is missing: {remedy}")]
    Missing {
        /// The program.
        program: &'static str,
        /// The program to install.
        remedy: &'static str,
    },
    /// A step failed.
    #[error("{doing}: {problem}")]
    Failed {
        /// The step.
        doing: String,
        /// The problem.
        problem: String,
    },
    /// A Java server did not start, or ended.
    #[error("{name} {problem}\n{log}")]
    Server {
        /// Its name.
        name: &'static str,
        /// The problem, such as `ended with exit status 1`.
        problem: String,
        /// The end of its log.
        log: String,
    },
}

impl AppError {
    /// Returns the error of a step that failed.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it is mapped over owned errors"
    )]
    pub fn failed(doing: impl Into<String>, problem: impl ToString) -> Self {
        Self::Failed {
            doing: doing.into(),
            problem: problem.to_string(),
        }
    }
}

/// Returns the last lines of a program's output without Java stack frames, which would hide the reason.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("at "))
        .collect();
    let first = lines.len().saturating_sub(count);
    lines.get(first..).unwrap_or_default().join("\n")
}
