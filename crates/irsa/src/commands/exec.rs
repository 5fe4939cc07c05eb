//! `irsa exec -- COMMAND`: a proxy that lives as long as a command.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use irsa_net::listen::ListenAddress;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use super::proxy::start_logging;
use super::runtime;
use super::signals::{StopSignal, StopSignals};
use crate::cli::ExecArgs;
use crate::exit::Failure;
use crate::proxy::{Kind, Proxy};
use crate::settings::{self, Mistakes, Ports};

/// What a shell adds to a signal's number for an exit code (POSIX, "Exit Status for Commands").
const KILLED_BY_SIGNAL: i32 = 128;
/// What a shell answers for a command that can't be run, and for one that is not there (the same section).
const NOT_RUN: u8 = 126;
const NOT_FOUND: u8 = 127;

pub(crate) fn run(args: ExecArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let mut settings = settings::proxy(&args.upstreams, args.common, Ports::Free, mistakes)?;
    // Nobody new comes once the command is over.
    settings.drain.delay = Duration::ZERO;
    start_logging(&settings)?;
    runtime::run(async {
        let mut signals = StopSignals::catch(None)?;
        let proxy = Proxy::start(settings).await?;
        let outcome = match command(&proxy, &args.command).spawn() {
            Ok(child) => until_it_ends(child, &proxy, &mut signals)
                .await
                .map(exit_code)
                .map_err(Failure::other),
            Err(error) => Err(not_run(&args.command, &error)),
        };
        proxy.stop(signals.interrupted()).await;
        outcome
    })
}

/// Its arguments are not repeated: a password may be among them.
fn not_run(words: &[OsString], error: &io::Error) -> Failure {
    let program = words.first().map(OsString::as_os_str).unwrap_or_default();
    Failure::Command {
        message: format!("`{}` can't be run: {error}", program.display()),
        code: if error.kind() == io::ErrorKind::NotFound {
            NOT_FOUND
        } else {
            NOT_RUN
        },
    }
}

/// The command, with where the first data store of each kind is: for libpq and its kin (PostgreSQL
/// docs, "Environment Variables"), and as `OPENSEARCH_URL`.
fn command(proxy: &Proxy, words: &[OsString]) -> Command {
    let (program, arguments) = words
        .split_first()
        .map_or((OsStr::new(""), words), |(first, rest)| {
            (first.as_os_str(), rest)
        });
    let mut command = Command::new(program);
    command.args(arguments).kill_on_drop(true);
    if let Some(database) = proxy.first(Kind::Postgres) {
        for_libpq(&mut command, database);
    }
    if let Some(url) = proxy.first(Kind::OpenSearch).and_then(http_url) {
        command.env("OPENSEARCH_URL", url);
    }
    command
}

fn for_libpq(command: &mut Command, address: &ListenAddress) {
    match address {
        ListenAddress::Unix(path) => {
            // The socket is `.s.PGSQL.PORT`, whatever PGPORT is around us.
            command.env("PGHOST", path.parent().unwrap_or(path));
            command.envs(path.extension().map(|port| ("PGPORT", port)));
        }
        ListenAddress::Tcp(address) => {
            command.env("PGHOST", address.ip().to_string());
            command.env("PGPORT", address.port().to_string());
        }
        ListenAddress::Loopback { port } => {
            command
                .env("PGHOST", "localhost")
                .env("PGPORT", port.to_string());
        }
    }
}

/// Unix sockets have no URL that clients of OpenSearch would understand.
fn http_url(address: &ListenAddress) -> Option<String> {
    match address {
        ListenAddress::Unix(_) => None,
        tcp => Some(format!("http://{tcp}")),
    }
}

/// Waits for the command. Signals are passed on, and `/quitquitquit` as SIGTERM; the command decides what they mean.
/// SIGINT is not where there is a terminal, which sends it to the command as well.
async fn until_it_ends(
    mut child: Child,
    proxy: &Proxy,
    signals: &mut StopSignals,
) -> io::Result<ExitStatus> {
    loop {
        tokio::select! {
            status = child.wait() => return status,
            signal = signals.received() => match signal {
                StopSignal::Terminate => pass_on(Signal::TERM, &child),
                StopSignal::Interrupt if has_terminal() => {}
                StopSignal::Interrupt => pass_on(Signal::INT, &child),
            },
            () = proxy.asked_to_quit() => pass_on(Signal::TERM, &child),
        }
    }
}

/// Whether a terminal controls this process: only then can it be opened by this name (tty(4)).
fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}

fn pass_on(signal: Signal, child: &Child) {
    let pid = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended just now, which is what was wanted.
        let _ = kill_process(pid, signal);
    }
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| KILLED_BY_SIGNAL + signal))
        .unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
