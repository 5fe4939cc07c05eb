//! `irsa exec -- COMMAND`: a proxy for the lifetime of one command.

mod environment;
pub(crate) mod libpq;
mod urls;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use irsa_net::limit::{soft_open_files, with_soft_open_files};
use irsa_net::process::harden_parent_process;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use self::environment::{Changes, Endpoints, Variables};
use super::proxy::{Reloader, ServedArgs, start_logging, watched_files};
use crate::cli::{ExecArgs, Values};
use crate::exit::Failure;
use crate::proxy::{Proxy, StoreKind};
use crate::settings::{self, DefaultListeners, Mistakes, PrivateFolder, ProxySettings};
use crate::upstream::{Store, UpstreamSpec};
use irsa_cli::runtime;
use irsa_cli::signals::{StopSignal, StopSignals, has_terminal};

/// The offset that shells add to a signal number for the exit code (POSIX, "Exit Status for Commands").
const KILLED_BY_SIGNAL: i32 = 128;
/// The exit codes of shells for a command that cannot be run, and for one that does not exist (same section).
const NOT_RUN: u8 = 126;
const NOT_FOUND: u8 = 127;

pub(crate) fn run(args: ExecArgs, mistakes: Mistakes, values: Values) -> Result<ExitCode, Failure> {
    let files = watched_files(&args.common);
    let served = ServedArgs {
        upstreams: args.upstreams.clone(),
        common: args.common.clone(),
        is_exec: true,
    };
    let variables: Variables = std::env::vars_os().collect();
    let mut folder = PrivateFolder::default();
    let ports = DefaultListeners::Private(&mut folder);
    let mut settings = settings::proxy(&args.upstreams, args.common, ports, mistakes)?;
    // No client connects after the command has ended.
    settings.drain.delay = Duration::ZERO;
    let ca_file = ca_file(&mut settings, &variables, &mut folder)?;
    let upstream_hosts = settings.upstreams.iter().flat_map(hosts).collect();
    start_logging(&settings, harden_parent_process)?;
    let open_files = soft_open_files();
    runtime::run(async {
        let mut signals = StopSignals::catch_stops()?;
        let proxy = Proxy::start(settings).await?;
        let endpoints = Endpoints {
            postgres: proxy.addresses(StoreKind::Postgres),
            opensearch: proxy.addresses(StoreKind::OpenSearch),
            ca_file,
            upstream_hosts,
        };
        let mut command = command(&args.command, &Changes::new(&variables, &endpoints));
        let spawned = with_soft_open_files(open_files, || command.spawn());
        let outcome = match spawned.and_then(|spawned| spawned) {
            Ok(child) => {
                let reloader = Reloader::new(&proxy, served, values, files);
                let status = wait_for_command(child, &proxy, &mut signals, reloader).await;
                status.map(exit_code).map_err(Failure::other)
            }
            Err(error) => Err(not_run(&args.command, &error)),
        };
        proxy.stop(signals.interrupted()).await;
        outcome
    })
}

/// Returns the file that the CA of the generated certificate is written to, if a PostgreSQL client may need it.
fn ca_file(
    settings: &mut ProxySettings,
    variables: &Variables,
    folder: &mut PrivateFolder,
) -> Result<Option<PathBuf>, Failure> {
    let is_database = |spec: &UpstreamSpec| matches!(spec.store, Store::Postgres(_));
    let is_wanted = environment::verifies(variables) && settings.upstreams.iter().any(is_database);
    let clients = &mut settings.clients;
    if is_wanted && clients.tls.is_none() && clients.tls_ca_out.is_none() {
        let folder = folder.path().map_err(|message| Failure::Other {
            message,
            remedy: Some(
                "set --tls-ca-out to a file for the CA certificate, or TMPDIR to a writable directory".to_owned(),
            ),
        })?;
        clients.tls_ca_out = Some(folder.join("ca.pem"));
    }
    let generated = clients.tls.is_none().then(|| clients.tls_ca_out.clone());
    Ok(generated.flatten())
}

/// Returns the hosts that a client without irsa would connect to.
fn hosts(spec: &UpstreamSpec) -> [String; 2] {
    match &spec.store {
        Store::Postgres(upstream) => [upstream.sign_host.clone(), upstream.dial_host.clone()],
        Store::OpenSearch(store) => {
            let upstream = &store.upstream;
            [upstream.sign_host.clone(), upstream.dial_host.clone()]
        }
    }
}

/// Creates the failure for a command that cannot be run. Its arguments are not included, because they may contain a
/// password.
fn not_run(words: &[OsString], error: &io::Error) -> Failure {
    let program = words.first().map(OsString::as_os_str).unwrap_or_default();
    Failure::Coded {
        message: format!("`{}` cannot be run: {error}", program.display()),
        remedy: None,
        code: if error.kind() == io::ErrorKind::NotFound {
            NOT_FOUND
        } else {
            NOT_RUN
        },
    }
}

/// Creates the command with its environment. Changes to the environment are always printed, whatever the log level.
fn command(words: &[OsString], changes: &Changes) -> Command {
    let (program, arguments) = words
        .split_first()
        .map_or((OsStr::new(""), words), |(first, rest)| {
            (first.as_os_str(), rest)
        });
    let mut command = Command::new(program);
    command.args(arguments).kill_on_drop(true);
    command.envs(&changes.set);
    for name in &changes.removed {
        command.env_remove(name);
    }
    for line in changes.note().iter().chain(&changes.warnings) {
        // A closed standard error must not keep the command from running.
        let _ = writeln!(io::stderr(), "irsa: {line}");
    }
    command
}

/// Waits for the command to exit, and reloads certificates and passwords when their files change. Signals are forwarded
/// to it, and `/quitquitquit` as SIGTERM; the command decides how to react. SIGINT is not forwarded if there is a
/// terminal, which sends it to the command as well.
async fn wait_for_command(
    mut child: Child,
    proxy: &Proxy,
    signals: &mut StopSignals,
    mut reloader: Reloader,
) -> io::Result<ExitStatus> {
    loop {
        tokio::select! {
            status = child.wait() => return status,
            () = reloader.due() => reloader.check_files().await,
            signal = signals.received() => match signal {
                StopSignal::Terminate => pass_on(Signal::TERM, &child),
                StopSignal::Interrupt if has_terminal() => {}
                StopSignal::Interrupt => pass_on(Signal::INT, &child),
                StopSignal::Hangup => pass_on(Signal::HUP, &child),
            },
            () = proxy.quit_requested() => pass_on(Signal::TERM, &child),
        }
    }
}

fn pass_on(signal: Signal, child: &Child) {
    let pid = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // The command may have exited in the meantime.
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
