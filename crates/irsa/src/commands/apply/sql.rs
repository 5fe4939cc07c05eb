//! `irsa apply sql`: the users and databases of PostgreSQL clusters.

use std::process::ExitCode;
use std::sync::Arc;

use irsa_apply::postgres::{Options, apply};
use irsa_apply::{ApplyError, Step, Steps};
use irsa_chain::endpoint::{RdsEndpoint, RdsEndpointKind};
use irsa_chain::untrusted::quoted;
use irsa_cli::runtime;
use irsa_net::tls::Roots;
use irsa_stack::Stack;
use irsa_stack::sql::PostgresObjects;
use irsa_stack::stack::{Placeholder, PostgresStore};

use super::Printer;
use super::admin::{Access, AdminSource, ClusterAccess};
use crate::cli::ApplySqlArgs;
use crate::commands::specification::{failure_format, known, selected, stack};
use crate::exit::Failure;
use crate::settings::{self, Mistakes};

pub(crate) fn run(args: ApplySqlArgs, mut mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let source: Option<AdminSource> = mistakes.parse("--admin", args.admin.as_deref());
    let has_cluster = source.as_ref().is_some_and(AdminSource::is_in_kubernetes);
    if args.context.is_some() && !has_cluster {
        mistakes.add("--context is for --admin kubernetes:");
    }
    let dial = args.dial.as_deref().map(host_and_port);
    let dial = dial.and_then(|dial| mistakes.check("--dial", dial));
    let lock_timeout = mistakes.timeout("--lock-timeout", &args.lock_timeout);
    let run = args.run;
    let identity = settings::identity_only(run.identity.clone(), mistakes)?;
    let lock_timeout = lock_timeout.unwrap_or_default();
    let format = failure_format(run.output);
    let (_, stack) = stack(&run.stack, Mistakes::default(), format)?;
    let stores = stores(&stack, &run.stores, source.as_ref(), dial.is_some())?;
    let access = Arc::new(Access {
        cluster: ClusterAccess {
            kubeconfig: args.kubeconfig,
            context: args.context,
        },
        source,
        dial,
        roots: Roots::upstream(identity.ca_file.as_deref()).map_err(Failure::other)?,
        identity,
    });
    let options = Options {
        prune: run.prune,
        lock_timeout,
    };
    let mut printer = Printer::new(run.output);
    let mut sink = |step: &Step| printer.print(step);
    let mut steps = Steps::new(run.mode(), &mut sink);
    let outcome = runtime::run(async {
        Ok(apply_all(&stack, &stores, &access, &options, &mut steps).await)
    })?;
    let totals = steps.totals();
    printer.finish(&run, outcome, totals)
}

async fn apply_all(
    stack: &Stack,
    stores: &[&PostgresStore],
    access: &Arc<Access>,
    options: &Options,
    steps: &mut Steps<'_>,
) -> Result<(), ApplyError> {
    for store in stores {
        steps.enter_store(&store.key);
        let admin = access.admin(store).await?;
        let objects = PostgresObjects::for_store(stack, store);
        apply(&objects, &admin, options, steps).await?;
    }
    Ok(())
}

/// The stores to set up. One connection string and one address are for one of them.
fn stores<'s>(
    stack: &'s Stack,
    names: &[String],
    source: Option<&AdminSource>,
    has_dial: bool,
) -> Result<Vec<&'s PostgresStore>, Failure> {
    let stores = selected("--store", &stack.postgres, names, |store| &store.key)?;
    let mut mistakes = Mistakes::default();
    if stores.len() > 1 && source.is_some_and(AdminSource::is_for_one) {
        mistakes.add("--admin: a login is for one cluster; select it by --store");
    }
    if stores.len() > 1 && has_dial {
        mistakes.add("--dial is for one cluster; select it by --store");
    }
    for store in &stores {
        mistakes.check("postgres", direct(store));
    }
    mistakes.or(())?;
    let is_unknown = |one: &&Placeholder| {
        stores
            .iter()
            .any(|store| **one == Placeholder::Postgres(store.key.clone()))
    };
    known(stack.placeholders.iter().filter(is_unknown))?;
    Ok(stores)
}

/// Refuses an RDS Proxy, which authenticates its clients itself: a login through it does not show that the administrator
/// can still log in to the cluster.
fn direct(store: &PostgresStore) -> Result<(), String> {
    use RdsEndpointKind::{Proxy, ProxyEndpoint};
    let endpoint = store.endpoint.parse::<RdsEndpoint>();
    if endpoint.is_ok_and(|endpoint| matches!(endpoint.kind(), Proxy | ProxyEndpoint)) {
        return Err(format!(
            "{}: {} is an RDS Proxy, whose logins are not the cluster's: apply with the cluster's endpoint in a file \
             that overlays irsa.yaml",
            quoted(&store.key),
            quoted(&store.endpoint)
        ));
    }
    Ok(())
}

fn host_and_port(text: &str) -> Result<(String, u16), String> {
    let parts = text.rsplit_once(':').and_then(|(host, port)| {
        let port = port.parse().ok().filter(|port| *port > 0)?;
        (!host.is_empty()).then(|| (host.to_owned(), port))
    });
    parts.ok_or_else(|| format!("`{text}` is not HOST:PORT"))
}
