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
    pub fn failed(doing: impl Into<String>, problem: impl ToString) -> Self {
        Self::Failed {
            doing: doing.into(),
            problem: problem.to_string(),
        }
    }
}
