//! A running PostgreSQL.

use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use tokio::process::Child;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_postgres::{Client, Config, NoTls};

use super::{Listen, PostgresBinaries, PostgresError, PostgresOptions, configuration, initialise};
use crate::guard::Guard;
use crate::{child, log_file, program};

/// Interval between readiness checks.
const POLL: Duration = Duration::from_millis(5);
/// Time limit for a fast or immediate stop, which takes tens of milliseconds.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);
/// Number of starts with a different port, because other processes may take a free one meanwhile.
const PORT_ATTEMPTS: usize = 3;

/// A running PostgreSQL. It is stopped immediately (SIGQUIT) when this value is dropped; if this process is killed, a
/// guard process stops it.
#[derive(Debug)]
pub struct Postgres {
    child: Child,
    _guard: Option<Guard>,
    options: PostgresOptions,
    port: u16,
}

/// How to stop a server (PostgreSQL documentation, "Shutting Down the Server").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopMode {
    /// Ends sessions with SQLSTATE 57P01 and writes all data; the next start needs no recovery.
    Fast,
    /// Ends everything immediately, as in a crash; the next start recovers.
    Immediate,
}

impl Postgres {
    /// Starts a server and waits until it accepts its superuser.
    ///
    /// # Errors
    /// The data directory cannot be prepared, or the server ends or is not ready within `start_timeout`; the error has
    /// the end of its log.
    pub async fn start(
        binaries: &PostgresBinaries,
        options: PostgresOptions,
    ) -> Result<Self, PostgresError> {
        let options = options.with_absolute_paths()?;
        let attempts = if options.listen == (Listen::Loopback { port: 0 }) {
            PORT_ATTEMPTS
        } else {
            1
        };
        let mut attempt = 1;
        loop {
            let port = configuration::port(options.listen)
                .map_err(PostgresError::file("find a free port at", "127.0.0.1"))?;
            initialise::prepare(binaries, &options, port).await?;
            match Self::launch(binaries, options.clone(), port).await {
                Err(PostgresError::Stopped { log, .. })
                    if attempt < attempts && log.contains("in use") =>
                {
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    /// The directory of the Unix socket.
    pub fn socket_dir(&self) -> &Path {
        &self.options.socket_dir
    }

    /// The path of the Unix socket.
    pub fn socket(&self) -> std::path::PathBuf {
        self.options
            .socket_dir
            .join(format!(".s.PGSQL.{}", self.port))
    }

    /// The TCP port, also part of the Unix socket's name.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The name of the superuser.
    pub fn superuser(&self) -> &str {
        &self.options.superuser
    }

    /// The options that it was started with.
    pub fn options(&self) -> &PostgresOptions {
        &self.options
    }

    /// The postmaster's process ID; `None` after it has ended and was waited for.
    pub fn process_id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Opens a session of the superuser over the Unix socket, which ends when the client is dropped.
    pub async fn connect(&self, database: &str) -> Result<Client, PostgresError> {
        let failed = |source| PostgresError::Connect {
            database: database.to_owned(),
            source,
        };
        let (client, connection) = self
            .superuser_config(database)
            .connect(NoTls)
            .await
            .map_err(failed)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "the superuser's session ended");
            }
        });
        Ok(client)
    }

    /// Returns the connection settings of [`Self::connect`], for callers that need the connection itself.
    pub fn superuser_config(&self, database: &str) -> Config {
        let mut config = Config::new();
        config
            .host_path(self.socket_dir())
            .port(self.port)
            .user(self.superuser())
            .dbname(database);
        config
    }

    /// Makes the server reload its configuration files.
    pub fn reload(&self) -> io::Result<()> {
        child::signal(&self.child, Signal::HUP)
    }

    /// Stops the server and waits for it to end.
    ///
    /// # Errors
    /// It did not end in time and was killed. A server that had already ended is not an error.
    pub async fn stop(mut self, mode: StopMode) -> Result<(), PostgresError> {
        let signal = if mode == StopMode::Fast {
            Signal::INT
        } else {
            Signal::QUIT
        };
        if child::ends(&mut self.child, signal, STOP_TIMEOUT).await {
            return Ok(());
        }
        Err(PostgresError::Killed {
            waited: STOP_TIMEOUT,
        })
    }

    async fn launch(
        binaries: &PostgresBinaries,
        options: PostgresOptions,
        port: u16,
    ) -> Result<Self, PostgresError> {
        let child = spawn(binaries, &options)?;
        // SIGQUIT is PostgreSQL's immediate shutdown.
        let guard = Guard::start(child.id(), binaries.run_as(), "QUIT");
        let mut server = Self {
            child,
            _guard: guard,
            options,
            port,
        };
        server.until_ready().await?;
        Ok(server)
    }

    async fn until_ready(&mut self) -> Result<(), PostgresError> {
        let deadline = Instant::now() + self.options.start_timeout;
        let config = self.superuser_config("postgres");
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while Instant::now() < deadline {
            tokio::select! {
                ended = self.child.wait() => return Err(self.stopped(ended)),
                _ = poll.tick() => {}
            }
            if let Ok(Ok(_)) = timeout(self.options.start_timeout, config.connect(NoTls)).await {
                return Ok(());
            }
        }
        Err(PostgresError::NotReady {
            waited: self.options.start_timeout,
            log: self.log_tail(),
        })
    }

    fn stopped(&self, ended: io::Result<std::process::ExitStatus>) -> PostgresError {
        match ended {
            Ok(status) => PostgresError::Stopped {
                status,
                log: self.log_tail(),
            },
            Err(source) => PostgresError::file("wait for", "postgres")(source),
        }
    }

    fn log_tail(&self) -> String {
        log_file::tail(&self.options.log_file)
    }
}

impl Drop for Postgres {
    /// Waits for the end, so that the data directory can be removed; an immediate stop takes milliseconds.
    fn drop(&mut self) {
        child::end_at_drop(&mut self.child, Signal::QUIT, STOP_TIMEOUT);
    }
}

fn spawn(binaries: &PostgresBinaries, options: &PostgresOptions) -> Result<Child, PostgresError> {
    let log = log_file::open(&options.log_file)
        .map_err(PostgresError::file("write", &options.log_file))?;
    let errors = log
        .try_clone()
        .map_err(PostgresError::file("write", &options.log_file))?;
    let path = binaries.program("postgres");
    let mut command = program::command(&path, binaries.run_as());
    command
        .arg("-D")
        .arg(&options.data_dir)
        .stdout(log)
        .stderr(errors)
        .kill_on_drop(true);
    command.spawn().map_err(|source| PostgresError::Run {
        program: path,
        source,
    })
}
