//! The chain as the proxy knows it now, for the status page.

use irsa_chain::Link;
use irsa_identity::{Identity, IdentityError, IdentityState};
use irsa_ops::status::{Fact, LinkState, LinkStatus, Status, StatusSource};

use crate::output::rfc3339;
use crate::upstream::UpstreamSpec;

pub(super) struct ProxyStatus {
    identity: Identity,
    upstreams: Vec<String>,
}

// === impl ProxyStatus ===

impl ProxyStatus {
    pub(super) fn new(identity: Identity, upstreams: &[UpstreamSpec]) -> Self {
        let upstreams = upstreams.iter().map(|spec| spec.store.name()).collect();
        Self {
            identity,
            upstreams,
        }
    }
}

impl StatusSource for ProxyStatus {
    fn status(&self) -> Status {
        let source = self.identity.source();
        let mut facts = vec![Fact::new("identity source", source.name())];
        if let Some(role) = source.role_arn() {
            facts.push(Fact::new("role", role.to_string()));
        }
        if let Some(file) = source.token_file() {
            facts.push(Fact::new("token file", file.display().to_string()));
        }
        facts.extend(
            self.upstreams
                .iter()
                .map(|upstream| Fact::new("upstream", upstream)),
        );
        facts.extend(
            source
                .warnings()
                .iter()
                .map(|warning| Fact::new("warning", warning)),
        );
        Status {
            program: "irsa proxy".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            links: links(&self.identity.state()),
            facts,
        }
    }
}

/// What the last exchange showed: all links up to the session held, or one of them did not.
fn links(state: &IdentityState) -> Vec<LinkStatus> {
    let broken = state.error().map(IdentityError::link);
    let mut links: Vec<_> = Link::ALL
        .iter()
        .map(|link| match (state, broken) {
            (IdentityState::Waiting, _) => LinkStatus::unknown(*link),
            _ if *link > Link::StsSession => LinkStatus::unknown(*link),
            (_, Some(broken)) if *link > broken => LinkStatus::unknown(*link),
            _ => LinkStatus::ok(*link, held(*link, state)),
        })
        .collect();
    if let Some(error) = state.error() {
        for link in links
            .iter_mut()
            .filter(|status| status.link == error.link())
        {
            *link = LinkStatus::broken(error.link(), error.to_string(), error.cause());
            if matches!(state, IdentityState::Stale { .. }) {
                link.state = LinkState::Degraded;
            }
        }
    }
    links
}

fn held(link: Link, state: &IdentityState) -> String {
    match (link, state.expires_at()) {
        (Link::StsSession, Some(at)) => format!("credentials until {}", rfc3339(at)),
        (Link::StsSession, None) => "credentials without an end".to_owned(),
        _ => "held at the last exchange".to_owned(),
    }
}
