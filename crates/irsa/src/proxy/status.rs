//! The state of the chain, for the status page.

mod session;
mod token;

use irsa_chain::Link;
use irsa_identity::{Clock, Identity, IdentitySettings, ResolvedSource, SystemClock};
use irsa_ops::status::{Fact, LastUse, LinkStatus, Status, StatusSource};

use self::session::Session;
use self::token::TokenWatch;
use super::prepare::Prepared;

pub(super) struct ProxyStatus {
    identity: Identity,
    /// The name of the first identity source, before any chained role.
    source: &'static str,
    token: TokenWatch,
    upstreams: Vec<Upstream>,
}

/// An upstream, with its identity and its last use.
struct Upstream {
    name: String,
    own_identity: Option<Identity>,
    last_use: LastUse,
}

// === impl ProxyStatus ===

impl ProxyStatus {
    pub(super) fn new(
        settings: &IdentitySettings,
        identity: &Identity,
        prepared: &[Prepared],
    ) -> Self {
        let root = ResolvedSource::resolve(&settings.choice, &settings.environment);
        let upstreams = prepared.iter().map(|prepared| Upstream {
            name: prepared.name.clone(),
            own_identity: prepared.own_identity.clone(),
            last_use: prepared.last_use().clone(),
        });
        Self {
            source: root.map_or(identity.source().name(), |root| root.name()),
            token: TokenWatch::start(identity),
            upstreams: upstreams.collect(),
            identity: identity.clone(),
        }
    }

    /// Returns the links of the process and those that are specific to an upstream, in the order of the chain.
    fn links(&self) -> Vec<LinkStatus> {
        let token = self.token.last();
        let session = |identity| Session {
            identity,
            source: self.source,
            token: token.as_ref(),
        };
        let mut links = session(&self.identity).links();
        for upstream in &self.upstreams {
            if let Some(identity) = &upstream.own_identity {
                let own = session(identity).links_of_a_chained_role();
                links.extend(own.into_iter().map(|link| link.for_subject(&upstream.name)));
            }
            links.extend(upstream.last_use.links(&upstream.name));
        }
        links.sort_by_key(|status| status.link);
        links
    }

    fn facts(&self) -> Vec<Fact> {
        let source = self.identity.source();
        let counters = self.identity.counters();
        let exchanges = format!("{} ok, {} failed", counters.succeeded, counters.failed);
        let mut facts = vec![
            Fact::new("identity source", self.source),
            Fact::new("exchanges", exchanges),
        ];
        let role = source.role_arn().map(ToString::to_string);
        let file = source.token_file().map(|file| file.display().to_string());
        facts.extend(role.map(|role| Fact::new("role", role)));
        facts.extend(file.map(|file| Fact::new("token file", file)));
        let names = self.upstreams.iter().map(|upstream| &upstream.name);
        facts.extend(names.map(|name| Fact::new("upstream", name)));
        let warnings = source.warnings().iter();
        facts.extend(warnings.map(|warning| Fact::new("warning", warning)));
        facts
    }
}

impl StatusSource for ProxyStatus {
    fn status(&self) -> Status {
        Status {
            program: "irsa proxy".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            at: SystemClock.now(),
            links: self.links(),
            facts: self.facts(),
        }
    }
}

/// The links that an exchange of credentials passes.
const UP_TO_SESSION: [Link; 5] = [
    Link::ServiceAccount,
    Link::ProjectedToken,
    Link::OidcProvider,
    Link::TrustPolicy,
    Link::StsSession,
];
