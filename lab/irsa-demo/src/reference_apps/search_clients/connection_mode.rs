//! The two modes of reaching a domain, and the variables of the components in each.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The port of HTTPS, which URLs omit.
const HTTPS: u16 = 443;
const EXPORTER: &str = "io.camunda.zeebe.exporter.opensearch.OpensearchExporter";

/// A component that uses OpenSearch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchClient {
    /// Operate, with opensearch-java.
    Operate,
    /// Zeebe's exporter, with the low-level `RestClient`.
    Zeebe,
}

/// How a component reaches its domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DomainMode {
    /// Through irsa's listener, with the stock client, unsigned.
    ThroughIrsa {
        /// The URL of irsa's listener, such as `http://localhost:9200`.
        url: String,
    },
    /// With AWS's SDK in the client, which signs.
    OwnSigning {
        /// Host name of the domain's endpoint.
        endpoint: String,
        /// Port of the endpoint: 443, except in a lab.
        port: u16,
        /// PEM file with the CA of the certificates of the endpoint and of STS.
        ca_file: PathBuf,
        /// The pod's identity: `AWS_ROLE_ARN`, `AWS_WEB_IDENTITY_TOKEN_FILE` and so on.
        identity: BTreeMap<String, String>,
    },
}

// === impl SearchClient ===

impl SearchClient {
    /// The component's name, also the program's argument.
    pub fn name(self) -> &'static str {
        match self {
            Self::Operate => "operate",
            Self::Zeebe => "zeebe",
        }
    }
}

// === impl DomainWay ===

impl DomainMode {
    /// The URL that the component is configured with.
    pub fn url(&self) -> String {
        match self {
            Self::ThroughIrsa { url } => url.clone(),
            Self::OwnSigning { endpoint, port, .. } if *port == HTTPS => {
                format!("https://{endpoint}")
            }
            Self::OwnSigning { endpoint, port, .. } => format!("https://{endpoint}:{port}"),
        }
    }

    /// Returns whether the client signs.
    pub fn signs(&self) -> bool {
        matches!(self, Self::OwnSigning { .. })
    }
}

/// Returns the variables of the component's container, as its guide shows them. They contain no user and no password.
pub fn environment(client: SearchClient, mode: &DomainMode) -> BTreeMap<String, String> {
    let (url, signs) = (mode.url(), mode.signs().to_string());
    let variables = match client {
        SearchClient::Operate => vec![
            ("CAMUNDA_OPERATE_DATABASE", "opensearch".to_owned()),
            ("CAMUNDA_OPERATE_OPENSEARCH_URL", url.clone()),
            ("CAMUNDA_OPERATE_ZEEBEOPENSEARCH_URL", url),
            ("CAMUNDA_OPERATE_OPENSEARCH_AWSENABLED", signs),
        ],
        SearchClient::Zeebe => vec![
            (
                "ZEEBE_BROKER_EXPORTERS_OPENSEARCH_CLASSNAME",
                EXPORTER.to_owned(),
            ),
            ("ZEEBE_BROKER_EXPORTERS_OPENSEARCH_ARGS_URL", url),
            ("ZEEBE_BROKER_EXPORTERS_OPENSEARCH_ARGS_AWS_ENABLED", signs),
        ],
    };
    by_name(variables)
}

/// Returns the variables of Operate 8.3 through irsa. Signing cannot be switched off in that version: it signs as soon
/// as it finds credentials.
pub fn operate_8_3_environment(url: &str) -> BTreeMap<String, String> {
    by_name(vec![
        ("CAMUNDA_OPERATE_ELASTICSEARCH_URL", url.to_owned()),
        ("CAMUNDA_OPERATE_ZEEBEELASTICSEARCH_URL", url.to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ])
}

fn by_name(variables: Vec<(&str, String)>) -> BTreeMap<String, String> {
    let variables = variables.into_iter();
    variables
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own_signing(port: u16) -> DomainMode {
        DomainMode::OwnSigning {
            endpoint: "test-domain.eu-central-1.es.amazonaws.com".to_owned(),
            port,
            ca_file: "/ca.pem".into(),
            identity: BTreeMap::new(),
        }
    }

    #[test]
    fn urls_omit_the_port_of_https() {
        assert_eq!(
            own_signing(443).url(),
            "https://test-domain.eu-central-1.es.amazonaws.com"
        );
        assert!(own_signing(9443).url().ends_with(".amazonaws.com:9443"));
    }

    #[test]
    fn only_own_signing_turns_signing_on() {
        let through_irsa = DomainMode::ThroughIrsa {
            url: "http://localhost:9200".to_owned(),
        };
        for (client, switch) in [
            (
                SearchClient::Operate,
                "CAMUNDA_OPERATE_OPENSEARCH_AWSENABLED",
            ),
            (
                SearchClient::Zeebe,
                "ZEEBE_BROKER_EXPORTERS_OPENSEARCH_ARGS_AWS_ENABLED",
            ),
        ] {
            assert_eq!(environment(client, &own_signing(443))[switch], "true");
            assert_eq!(environment(client, &through_irsa)[switch], "false");
        }
    }
}
