//! The data stores that a container's settings name.

use irsa_chain::endpoint::{OpenSearchEndpoint, RdsEndpoint};
use irsa_chain::untrusted::quoted;

use super::address::Address;
use super::lines::refused;
use super::settings::{Known, Setting, Settings};
use super::variables::{OPENSEARCH, OpenSearchVariables, POSTGRES, PostgresVariables, UPSTREAMS};

/// A value for the file with a comment: where it is from, or, if it is unknown, where to find it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Clue {
    pub(super) value: Option<String>,
    pub(super) comment: String,
}

/// The use of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundPostgres {
    pub(super) endpoint: Option<RdsEndpoint>,
    /// Where the endpoint is from, or is to be found.
    pub(super) origin: String,
    pub(super) port: Option<u16>,
    pub(super) database: Clue,
    pub(super) user: Clue,
    /// The variable that makes it a login by password.
    pub(super) password: Option<String>,
    /// The port of irsa's sidecar.
    pub(super) listen: Option<u16>,
}

/// The use of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundOpenSearch {
    pub(super) endpoint: Option<OpenSearchEndpoint>,
    pub(super) origin: String,
    pub(super) password: Option<String>,
    pub(super) listen: Option<u16>,
}

/// An upstream of irsa's sidecar in the same pod.
#[derive(Debug, Clone)]
pub(super) struct Upstream {
    is_postgres: bool,
    address: Address,
    listen: u16,
}

/// What the settings of a container name.
#[derive(Debug, Default)]
pub(super) struct Connections {
    pub(super) postgres: Vec<FoundPostgres>,
    pub(super) opensearch: Vec<FoundOpenSearch>,
    /// Data stores that are not in AWS.
    pub(super) others: Vec<String>,
}

/// The upstreams of irsa's sidecar, if this is its container.
pub(super) fn upstreams(settings: &Settings) -> Vec<Upstream> {
    let text = settings.text(UPSTREAMS).unwrap_or_default();
    let upstream = |text: &str| {
        let is_postgres = text.starts_with("postgres://");
        let address = Address::parse(text)?;
        let listen = address.parameter("listen");
        let listen = listen.and_then(|listen| listen.rsplit(':').next()?.parse().ok());
        Some(Upstream {
            is_postgres,
            listen: listen.unwrap_or_else(|| default_port(is_postgres)),
            address,
        })
    };
    text.split_whitespace().filter_map(upstream).collect()
}

// === impl Connections ===

impl Connections {
    pub(super) fn new(settings: &Settings, upstreams: &[Upstream]) -> Self {
        let mut found = Self::default();
        for variables in &POSTGRES {
            found.postgres(settings, variables, upstreams);
        }
        for variables in &OPENSEARCH {
            found.opensearch(settings, variables, upstreams);
        }
        found
    }

    fn postgres(&mut self, settings: &Settings, names: &PostgresVariables, upstreams: &[Upstream]) {
        let url = settings.get(names.url);
        let Some(setting) = url.or_else(|| settings.get(names.host)) else {
            return;
        };
        let address = address(setting);
        let in_url = url.and(address.as_ref());
        let port = in_url.and_then(|one| one.port);
        let port = port.or_else(|| settings.text(names.port)?.parse().ok());
        let upstream = upstream(upstreams, true, address.as_ref(), port);
        let real = upstream.map(|one| &one.address).or(address.as_ref());
        let endpoint = real.and_then(|one| one.host.parse::<RdsEndpoint>().ok());
        if let (Some(real), None) = (real, &endpoint) {
            self.other(real, setting, "Amazon RDS");
            return;
        }
        let in_path = in_url
            .map(|one| one.path.as_str())
            .filter(|path| !path.is_empty());
        let in_user = in_url.and_then(|one| one.user.as_deref());
        let password = password(settings, names, setting, in_url);
        self.postgres.push(FoundPostgres {
            endpoint,
            origin: origin(setting),
            port: upstream.map_or(port, |one| one.address.port),
            database: clue(
                in_path,
                setting,
                settings.get(names.database),
                "the database",
            ),
            user: clue(in_user, setting, settings.get(names.user), "the user"),
            password: password.filter(|_| upstream.is_none()),
            listen: upstream.map(|one| one.listen),
        });
    }

    fn opensearch(
        &mut self,
        settings: &Settings,
        names: &OpenSearchVariables,
        upstreams: &[Upstream],
    ) {
        let Some(setting) = settings.get(names.url) else {
            return;
        };
        let address = address(setting);
        let port = address.as_ref().and_then(|one| one.port);
        let port = port.or_else(|| settings.text(names.port)?.parse().ok());
        let upstream = upstream(upstreams, false, address.as_ref(), port);
        let real = upstream.map(|one| &one.address).or(address.as_ref());
        let endpoint = real.and_then(|one| one.host.parse::<OpenSearchEndpoint>().ok());
        if let (Some(real), None) = (real, &endpoint) {
            self.other(real, setting, "Amazon OpenSearch Service");
            return;
        }
        let password = names.passwords.iter().find_map(|name| settings.get(name));
        self.opensearch.push(FoundOpenSearch {
            endpoint,
            origin: origin(setting),
            password: password
                .filter(|_| upstream.is_none())
                .map(|one| one.origin.clone()),
            listen: upstream.map(|one| one.listen),
        });
    }

    fn other(&mut self, address: &Address, setting: &Setting, service: &str) {
        let host = quoted(&address.host);
        self.others.push(format!(
            "{host} ({}) is not an endpoint of {service}",
            setting.origin
        ));
    }
}

fn address(setting: &Setting) -> Option<Address> {
    match &setting.value {
        Known::Text(text) => Address::parse(text),
        Known::Elsewhere(_) => None,
    }
}

/// The upstream of the sidecar that an address of the pod itself leads to.
fn upstream<'u>(
    upstreams: &'u [Upstream],
    is_postgres: bool,
    address: Option<&Address>,
    port: Option<u16>,
) -> Option<&'u Upstream> {
    let port = port.unwrap_or_else(|| default_port(is_postgres));
    address.filter(|one| one.is_local())?;
    upstreams
        .iter()
        .find(|one| one.is_postgres == is_postgres && one.listen == port)
}

fn default_port(is_postgres: bool) -> u16 {
    if is_postgres { 5432 } else { 9200 }
}

/// Where the password of a login is from. The AWS JDBC Wrapper needs none with its plugin for IAM.
fn password(
    settings: &Settings,
    names: &PostgresVariables,
    setting: &Setting,
    in_url: Option<&Address>,
) -> Option<String> {
    let plugins = in_url.and_then(|one| one.parameter("wrapperPlugins"));
    let plugins = plugins
        .or_else(|| settings.text(names.parameters))
        .unwrap_or_default();
    let own = names.passwords.iter().find_map(|name| settings.get(name));
    let in_url = in_url.filter(|one| one.has_password).map(|_| setting);
    let password = own.or(in_url).map(|setting| setting.origin.clone());
    password.filter(|_| !plugins.contains("iam"))
}

/// Where a setting is from, or where its value is to be found.
fn origin(setting: &Setting) -> String {
    match &setting.value {
        Known::Text(_) => format!("from {}", setting.origin),
        Known::Elsewhere(place) => {
            format!("{place} has it, which was not read ({})", setting.origin)
        }
    }
}

/// The value in a URL, or else that of a separate variable.
fn clue(in_url: Option<&str>, url: &Setting, own: Option<&Setting>, what: &str) -> Clue {
    let found = unchecked_clue(in_url, url, own, what);
    match found.value.as_deref().and_then(refused) {
        Some(reason) => Clue {
            value: None,
            comment: format!("{}: {reason}", found.comment),
        },
        None => found,
    }
}

fn unchecked_clue(in_url: Option<&str>, url: &Setting, own: Option<&Setting>, what: &str) -> Clue {
    if let Some(value) = in_url {
        return Clue {
            value: Some(value.to_owned()),
            comment: origin(url),
        };
    }
    match own {
        Some(setting) => Clue {
            value: match &setting.value {
                Known::Text(text) => Some(text.clone()),
                Known::Elsewhere(_) => None,
            },
            comment: origin(setting),
        },
        None if matches!(url.value, Known::Elsewhere(_)) => Clue {
            value: None,
            comment: origin(url),
        },
        None => Clue {
            value: None,
            comment: format!("no variable names {what}"),
        },
    }
}
