//! Why an application can't be had or does not run.

/// What went wrong, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The machine lacks a program.
    #[error("`{program}` is missing: {remedy}")]
    Missing {
        /// The program.
        program: &'static str,
        /// What to install.
        remedy: &'static str,
    },
    /// Something was being done, and failed.
    #[error("{doing}: {problem}")]
    Failed {
        /// What was being done.
        doing: String,
        /// What happened.
        problem: String,
    },
    /// A server of Java did not come up, or ended.
    #[error("{name} {problem}\n{log}")]
    Server {
        /// Its name.
        name: &'static str,
        /// What happened: `ended with exit status 1`.
        problem: String,
        /// The end of its log.
        log: String,
    },
}

impl AppError {
    /// Something failed while `doing` it.
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

/// The last lines of a program's output; those of a Java stack would push out what it is about.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("at "))
        .collect();
    let first = lines.len().saturating_sub(count);
    lines.get(first..).unwrap_or_default().join("\n")
}
