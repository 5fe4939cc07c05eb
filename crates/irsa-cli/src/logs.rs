//! Flags and settings for logging.

use clap::Args;
use irsa_ops::logging::{LogFormat, LoggingError};
use tracing::level_filters::LevelFilter;

use crate::{Failure, Mistakes};

/// The flags for logging.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Logs")]
pub struct LogArgs {
    /// Log format: auto (text on a terminal, JSON otherwise), text or json
    #[arg(
        long,
        env = "IRSA_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "auto"
    )]
    pub log_format: String,
    /// Log level: off, error, warn, info, debug or trace, or a filter such as `info,irsa_postgres=debug`
    #[arg(
        long,
        env = "IRSA_LOG_LEVEL",
        value_name = "LEVEL",
        default_value = "info"
    )]
    pub log_level: String,
}

/// Validated settings for logging.
#[derive(Debug, Clone)]
pub struct LogSettings {
    format: LogFormat,
    level: String,
}

impl LogSettings {
    /// Validates the flags.
    pub fn from_args(args: LogArgs, mistakes: &mut Mistakes) -> Self {
        let format = mistakes
            .parse("--log-format", Some(&args.log_format))
            .unwrap_or_default();
        let level = if is_log_level(&args.log_level) {
            Ok(args.log_level)
        } else {
            Err(LoggingError::Level(args.log_level))
        };
        let level = mistakes.check("--log-level", level).unwrap_or_default();
        Self { format, level }
    }

    /// Starts logging in this process.
    ///
    /// # Errors
    /// Logging has been started before.
    pub fn start(&self) -> Result<(), Failure> {
        irsa_ops::logging::init(self.format, &self.level).map_err(Failure::other)
    }

    /// Returns whether the log of this process is text.
    pub fn is_text(&self) -> bool {
        self.format.is_text()
    }

    /// Changes the log level of the running process. The format does not change.
    pub fn apply_level(&self) {
        if let Err(error) = irsa_ops::logging::set_level(&self.level) {
            tracing::error!(%error, "cannot change the log level");
        }
    }
}

/// Returns whether `text` is a comma-separated list of levels, each for all modules or as `MODULE=LEVEL`.
fn is_log_level(text: &str) -> bool {
    text.split(',').all(|part| {
        let (module, level) = part.split_once('=').unwrap_or(("all", part));
        !module.is_empty() && !level.is_empty() && level.parse::<LevelFilter>().is_ok()
    })
}
