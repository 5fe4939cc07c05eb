//! `irsa exec -- COMMAND`: a proxy that lives as long as a command.

use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};

use irsa_net::listen::ListenAddress;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use super::proxy::start_logging;
use super::runtime;
use super::signals::{StopSignal, StopSignals};
use crate::cli::ExecArgs;
use crate::exit::Failure;
use crate::proxy::{Kind, Proxy};
use crate::settings::{self, Mistakes};
use crate::upstream::UpstreamSpec;

/// What a shell adds to a signal's number for an exit code (POSIX, "Exit Status for Commands").
const KILLED_BY_SIGNAL: i32 = 128;

pub(crate) fn run(args: ExecArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let mut settings = settings::proxy(&args.upstreams, args.common, mistakes)?;
    settings
        .upstreams
        .iter_mut()
        .for_each(listen_on_a_free_port);
    start_logging(&settings)?;
    runtime::control()?.block_on(async {
        let mut signals = StopSignals::catch()?;
        let proxy = Proxy::start(settings).await?;
        let status = match command(&proxy, &args.command).spawn() {
            Ok(child) => until_it_ends(child, &mut signals).await,
            Err(error) => Err(error),
        };
        proxy.stop().await;
        status.map(exit_code).map_err(|error| {
            Failure::other(format!(
                "`{}` can't be run: {error}",
                args.command.join(" ")
            ))
        })
    })
}

/// Unless it was told where, a proxy for one command takes whatever port is free.
fn listen_on_a_free_port(spec: &mut UpstreamSpec) {
    if !spec.listens_where_told {
        spec.listen = vec![ListenAddress::Loopback { port: 0 }];
    }
}

/// The command, with where the first data store of each kind is: for libpq and its kin (PostgreSQL
/// docs, "Environment Variables"), and as `OPENSEARCH_URL`.
fn command(proxy: &Proxy, words: &[String]) -> Command {
    let (program, arguments) = words
        .split_first()
        .map_or(("", words), |(first, rest)| (first, rest));
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

/// Waits for the command. SIGTERM is passed on, since it is sent to us alone; SIGINT comes from a
/// terminal, which sends it to the command as well. The command decides what either means.
async fn until_it_ends(mut child: Child, signals: &mut StopSignals) -> std::io::Result<ExitStatus> {
    loop {
        tokio::select! {
            status = child.wait() => return status,
            signal = signals.received() => if signal == StopSignal::Terminate {
                terminate_child(&child);
            },
        }
    }
}

fn terminate_child(child: &Child) {
    let pid = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended just now, which is what was wanted.
        let _ = kill_process(pid, Signal::TERM);
    }
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| KILLED_BY_SIGNAL + signal))
        .unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
