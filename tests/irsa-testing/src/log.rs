//! Captured log lines, to check them for secrets.

use std::io::Write;
use std::sync::{Arc, Mutex, Once, PoisonError};

use tracing::Level;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

/// Keeps every line enabled on all threads. Subscribers of single threads come and go, and a line that no thread wants
/// when it is first reached may stay disabled.
static KEEP_ALL: Once = Once::new();

/// The log of one thread, down to trace level.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

// === impl Log ===

impl Log {
    /// Captures what this thread logs until the guard is dropped.
    pub fn capture() -> (Self, DefaultGuard) {
        KEEP_ALL.call_once(|| {
            let nowhere = tracing_subscriber::fmt()
                .with_max_level(Level::TRACE)
                .with_writer(std::io::sink)
                .finish();
            // A subscriber that is already installed also keeps lines enabled.
            let _ = tracing::subscriber::set_global_default(nowhere);
        });
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .with_writer(log.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// Returns the log so far.
    pub fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
