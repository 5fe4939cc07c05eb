//! The log, which a separate thread writes to standard error.

mod escape;
mod queue;
mod text;

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::Duration;

use prometheus_client::registry::Registry as Metrics;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt, FilterFn, LevelFilter, Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::{Registry, fmt, reload};

use self::escape::JsonEscaping;
use self::queue::LogQueue;

/// The target of the record about the reason for the stop. Like errors, it is kept when other lines are dropped.
pub const STOP: &str = "irsa::stop";

/// The maximum time that the exit waits for the reader of the log.
const FLUSH: Duration = Duration::from_secs(1);

/// The log of the process, once it has been initialized.
static QUEUE: OnceLock<LogQueue> = OnceLock::new();

/// The level of the process, once it has been initialized.
static FILTER: OnceLock<LevelHandle> = OnceLock::new();

type LevelHandle = reload::Handle<Targets, Registry>;

/// The format of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// One line of text per event, in color on a terminal unless `NO_COLOR` is set.
    Text,
    /// One JSON object per line.
    Json,
}

/// The reason why the log cannot be initialized.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoggingError {
    /// The level is invalid.
    #[error(
        "`{0}` is not a log level; expected `error`, `warn`, `info`, `debug`, `trace` or `off`, optionally followed by \
         `,MODULE=LEVEL`"
    )]
    Level(String),
    /// The log has been initialized before.
    #[error("the log is already initialized")]
    AlreadySet,
    /// The writer thread cannot be started.
    #[error("cannot start the thread that writes the log: {0}")]
    Thread(#[from] io::Error),
}

/// Error for a text that is not a [`LogFormat`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a log format; expected `auto`, `text` or `json`")]
pub struct ParseLogFormatError(String);

impl FromStr for LogFormat {
    type Err = ParseLogFormatError;

    fn from_str(input: &str) -> Result<Self, Self::Err> {
        match input {
            "auto" => Ok(Self::Auto),
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(ParseLogFormatError(input.to_owned())),
        }
    }
}

// === impl LogFormat ===

impl LogFormat {
    /// Returns whether the log of this process is text in this format.
    pub fn is_text(self) -> bool {
        is_text(self, io::stderr().is_terminal())
    }
}

/// Initializes the log of the process. `level` is `error`, `warn`, `info`, `debug`, `trace` or `off`, and may be
/// refined by module: `info,irsa_postgres=debug`.
///
/// Independent of the level, the libraries in [`CAPPED`] log nothing below `info`.
///
/// Logging never waits for the reader of standard error: up to 1 MiB of lines is queued, and further lines are dropped
/// and counted. Call [`flush`] before the process exits.
///
/// # Errors
/// The level is invalid, the log has been initialized before, or the writer thread cannot be started.
pub fn init(format: LogFormat, level: &str) -> Result<(), LoggingError> {
    let terminal = io::stderr().is_terminal();
    let queue = LogQueue::default();
    let (subscriber, filter) = subscriber(format, level, terminal, queue.clone())?;
    // Not `io::stderr`: a thread that blocks in it would lock out all others.
    let out = std::fs::File::from(io::stderr().as_fd().try_clone_to_owned()?);
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LoggingError::AlreadySet)?;
    queue.start(out, |lines| {
        tracing::warn!(
            "{lines} log lines were dropped because standard error was not read fast enough"
        );
    })?;
    let _ = QUEUE.set(queue);
    let _ = FILTER.set(filter);
    Ok(())
}

/// Changes the log level. `level` is as for [`init`].
///
/// # Errors
/// The level is invalid. Without an initialized log, nothing happens.
pub fn set_level(level: &str) -> Result<(), LoggingError> {
    let invalid = || LoggingError::Level(level.to_owned());
    let fresh = targets(level).ok_or_else(invalid)?;
    let Some(filter) = FILTER.get() else {
        return Ok(());
    };
    filter.reload(fresh).map_err(|_| invalid())
}

/// Waits up to 1 s until the log has been written, and returns whether it was. Returns `true` if the log is not
/// initialized.
pub fn flush() -> bool {
    QUEUE.get().is_none_or(|queue| queue.flush(FLUSH))
}

/// Writes `text` to the log unchanged, as a separate line that is kept when others are dropped. Returns whether the log
/// is initialized.
pub fn write_line(text: &str) -> bool {
    let Some(queue) = QUEUE.get() else {
        return false;
    };
    queue.push(format!("{text}\n").as_bytes(), true);
    true
}

/// Returns the current time in the format of log records: RFC 3339 in UTC, to the microsecond.
pub fn timestamp() -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = SystemTime.format_time(&mut fmt::format::Writer::new(&mut text));
    text
}

/// Registers the number of dropped lines as a metric, which is 0 without an initialized log.
pub fn register_metrics(metrics: &mut Metrics) {
    let dropped = QUEUE.get().map(|queue| queue.dropped().clone());
    metrics.register(
        "log_lines_dropped",
        "Log lines dropped because standard error was not read fast enough",
        dropped.unwrap_or_default(),
    );
}

/// Targets of libraries that log requests, responses or headers below `info`, and with them credentials and tokens.
pub const CAPPED: &[&str] = &[
    "aws_",
    "h2",
    "hyper",
    "kube_client",
    "reqwest",
    "tokio_postgres",
];

fn subscriber<W>(
    format: LogFormat,
    level: &str,
    terminal: bool,
    writer: W,
) -> Result<(impl Subscriber + Send + Sync, LevelHandle), LoggingError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = targets(level).ok_or_else(|| LoggingError::Level(level.to_owned()))?;
    let events = if is_text(format, terminal) {
        text(terminal, writer)
    } else {
        json(writer)
    };
    let (filter, handle) = reload::Layer::new(filter);
    let events = events.with_filter(filter.and(without_secrets()));
    Ok((Registry::default().with(events), handle))
}

/// The library's own parser takes an invalid level for the name of a module.
fn targets(level: &str) -> Option<Targets> {
    let mut targets = Targets::new();
    for part in level.split(',') {
        targets = match part.split_once('=') {
            None => targets.with_default(filter_of(part)?),
            Some((module, level)) if !module.is_empty() => {
                targets.with_target(module, filter_of(level)?)
            }
            Some(_) => return None,
        };
    }
    Some(targets)
}

fn filter_of(level: &str) -> Option<LevelFilter> {
    // The library takes an empty level for `error`.
    let is_given = !level.is_empty();
    level.parse().ok().filter(|_| is_given)
}

type Events = Box<dyn Layer<Registry> + Send + Sync>;

fn text<W>(terminal: bool, writer: W) -> Events
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = fmt::layer().fmt_fields(text::fields()).with_writer(writer);
    // Not forced on for a terminal, so that the layer respects `NO_COLOR`.
    if terminal {
        layer.boxed()
    } else {
        layer.with_ansi(false).boxed()
    }
}

fn json<W>(writer: W) -> Events
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_writer(JsonEscaping(writer))
        .boxed()
}

fn is_text(format: LogFormat, terminal: bool) -> bool {
    match format {
        LogFormat::Auto => terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    }
}

fn without_secrets() -> FilterFn<impl Fn(&Metadata<'_>) -> bool> {
    filter_fn(|event| {
        let is_capped = CAPPED
            .iter()
            .any(|library| event.target().starts_with(library));
        !is_capped || *event.level() <= Level::INFO
    })
    // Without the hint, all disabled events would be evaluated.
    .with_max_level_hint(LevelFilter::TRACE)
}

#[cfg(test)]
mod tests;
