//! Limits on sizes, numbers and times.

use irsa_opensearch::BodyStoreOptions;

use super::{DrainSettings, Mistakes, shown};
use crate::cli::{BodyArgs, LimitArgs};

/// The limits for both kinds of data stores, and for shutdown.
pub(super) struct LimitSettings {
    pub(super) postgres: irsa_postgres::Limits,
    pub(super) opensearch: irsa_opensearch::Limits,
    pub(super) bodies: BodyStoreOptions,
    pub(super) drain: DrainSettings,
}

pub(super) fn resolve(
    limits: &LimitArgs,
    bodies: BodyArgs,
    mistakes: &mut Mistakes,
) -> LimitSettings {
    let mut timeout = |flag, value| mistakes.timeout(flag, value).unwrap_or_default();
    let startup_timeout = timeout("--startup-timeout", &limits.startup_timeout);
    let login_timeout = timeout("--login-timeout", &limits.login_timeout);
    let mut duration = |flag, value| mistakes.duration(flag, value).unwrap_or_default();
    let drain = DrainSettings {
        delay: duration("--drain-delay", &limits.drain_delay),
        timeout: duration("--drain-timeout", &limits.drain_timeout),
    };
    let postgres = irsa_postgres::Limits {
        max_connections: mistakes
            .count("--max-connections", &limits.max_connections)
            .unwrap_or_default(),
        startup_timeout,
        login_timeout,
        idle_timeout: mistakes.timeout_or_never("--idle-timeout", &limits.idle_timeout),
        termination_time: drain.termination_time(),
        ..irsa_postgres::Limits::default()
    };
    let opensearch = irsa_opensearch::Limits {
        max_connections: postgres.max_connections,
        header_timeout: startup_timeout,
        connect_timeout: login_timeout,
        max_body: size(mistakes, "--max-body", &bodies.max_body),
        body_timeout: mistakes
            .timeout("--body-timeout", &bodies.body_timeout)
            .unwrap_or_default(),
        response_timeout: mistakes.timeout_or_never("--response-timeout", &bodies.response_timeout),
        ..irsa_opensearch::Limits::default()
    };
    if let Some(folder) = &bodies.spill_dir
        && !folder.is_dir()
    {
        let problem = format!("`{}` is not an existing directory", shown(folder));
        mistakes.check::<()>("--spill-dir", Err(problem));
    }
    LimitSettings {
        postgres,
        opensearch,
        drain,
        bodies: BodyStoreOptions {
            memory: size(mistakes, "--body-memory", &bodies.body_memory),
            spill_limit: size(mistakes, "--spill-limit", &bodies.spill_limit),
            spill_dir: bodies.spill_dir,
            ..BodyStoreOptions::default()
        },
    }
}

fn size(mistakes: &mut Mistakes, flag: &str, value: &str) -> u64 {
    mistakes.size(flag, value).unwrap_or_default()
}
