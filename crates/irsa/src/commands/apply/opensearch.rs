//! `irsa apply opensearch`: the roles and role mappings of OpenSearch domains.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use irsa_apply::opensearch::{Options, apply, report_domain_policy};
use irsa_apply::{ApplyError, Step, Steps};
use irsa_cli::runtime;
use irsa_identity::{Identity, IdentityError, SystemClock};
use irsa_net::tls::client_config;
use irsa_opensearch::{
    BodyStore, BodyStoreOptions, ClientAuth, Domain, DomainParts, Limits, OpenSearchMetrics,
};
use irsa_ops::metrics::Metrics;
use irsa_stack::Stack;
use irsa_stack::stack::{OpenSearchStore as Wanted, Placeholder};

use super::Printer;
use crate::cli::ApplyOpenSearchArgs;
use crate::commands::specification::{failure_format, known, selected, stack};
use crate::exit::Failure;
use crate::proxy::tls_failure;
use crate::settings::{self, DomainSettings, Mistakes};
use crate::upstream::Store;

/// The maximum time from a request to the headers of its response.
const RESPONSE: Duration = Duration::from_secs(30);

pub(crate) fn run(args: ApplyOpenSearchArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let run = args.run;
    let (_, stack) = stack(&run.stack, mistakes, failure_format(run.output))?;
    let stores = selected("--store", &stack.opensearch, &run.stores, |store| {
        &store.key
    })?;
    let is_fine_grained = |store: &&Wanted| store.is_fine_grained;
    let (stores, others): (Vec<_>, Vec<_>) = stores.into_iter().partition(is_fine_grained);
    let mut printer = Printer::new(run.output);
    let mut sink = |step: &Step| printer.print(step);
    let mut steps = Steps::new(run.mode(), &mut sink);
    for store in others {
        report_domain_policy(store, &mut steps);
    }
    let outcome = if stores.is_empty() {
        Ok(())
    } else {
        known(
            stack
                .placeholders
                .iter()
                .filter(|one| is_needed(one, &stores)),
        )?;
        let upstreams = upstreams(&stores, args.dial.as_deref())?;
        let settings = settings::domains(&upstreams, run.identity.clone(), Mistakes::default())?;
        let options = Options {
            prune: run.prune,
            ..Options::default()
        };
        runtime::run(async {
            let identity = Identity::start(settings.identity.clone(), Arc::new(SystemClock));
            let identity = identity.map_err(|error| no_identity(&error))?;
            let domains = domains(&settings, &identity)?;
            Ok(apply_all(&stack, &stores, &domains, options, &mut steps).await)
        })?
    };
    let totals = steps.totals();
    printer.finish(&run, outcome, totals)
}

/// Returns whether a value that does not exist yet is the endpoint of one of these domains.
fn is_needed(missing: &Placeholder, stores: &[&Wanted]) -> bool {
    let Placeholder::OpenSearch(key) = missing else {
        return false;
    };
    stores.iter().any(|store| store.key == *key)
}

/// Applies one domain after the other. A domain that fails ends the run.
async fn apply_all(
    stack: &Stack,
    stores: &[&Wanted],
    domains: &[Domain],
    options: Options,
    steps: &mut Steps<'_>,
) -> Result<(), ApplyError> {
    for (store, domain) in stores.iter().zip(domains) {
        apply(domain, stack, store, options, steps).await?;
    }
    Ok(())
}

/// The exit code of a broken chain, 3, would look like a difference of `--dry-run --exit-code`.
fn no_identity(error: &IdentityError) -> Failure {
    Failure::Other {
        remedy: Some(error.remedy()),
        message: error.to_string(),
    }
}

/// The upstreams for the domains, as for `irsa proxy`.
fn upstreams(stores: &[&Wanted], dial: Option<&str>) -> Result<Vec<String>, Mistakes> {
    let mut mistakes = Mistakes::default();
    if dial.is_some() && stores.len() > 1 {
        mistakes.add("--dial is the address of one domain: name it by --store");
    }
    let is_part = |char: char| char.is_ascii_alphanumeric() || ".:[]-_".contains(char);
    if let Some(dial) = dial.filter(|dial| !dial.chars().all(is_part)) {
        mistakes.add(format!("--dial: `{dial}` is not HOST[:PORT]"));
    }
    let dial = dial.map(|dial| format!("?dial={dial}"));
    let upstream = |store: &&Wanted| {
        let dial = dial.as_deref().unwrap_or_default();
        format!("opensearch://{}{dial}", store.endpoint)
    };
    mistakes.or(stores.iter().map(upstream).collect())
}

fn domains(settings: &DomainSettings, identity: &Identity) -> Result<Vec<Domain>, Failure> {
    let tls = client_config(&settings.roots, &[b"http/1.1"]).map_err(tls_failure)?;
    let metrics = Metrics::new().register(OpenSearchMetrics::register);
    let bodies = Arc::new(BodyStore::new(BodyStoreOptions::default()));
    let chain = settings.identity.role_chain.last();
    let role = chain.map(|step| &step.role);
    let role = role.or_else(|| identity.source().role_arn());
    let mut domains = Vec::new();
    for spec in &settings.upstreams {
        let Store::OpenSearch(store) = &spec.store else {
            continue;
        };
        let parts = DomainParts {
            upstream: store.upstream.clone(),
            limits: Limits {
                response_timeout: Some(RESPONSE),
                ..Limits::default()
            },
            guards: store.guards.clone(),
            identity: identity.clone(),
            role: role.cloned(),
            clock: Arc::new(SystemClock),
            bodies: Arc::clone(&bodies),
            upstream_tls: Arc::clone(&tls),
            client_tls: None,
            client_auth: ClientAuth::default(),
            payload: store.payload,
            server_names: Vec::new(),
        };
        domains.push(Domain::new(parts, &metrics).map_err(Failure::other)?);
    }
    Ok(domains)
}
