//! How the clients reach their domain, and what their components are told of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The port of HTTPS, which a URL leaves out.
const HTTPS: u16 = 443;
const EXPORTER: &str = "io.camunda.zeebe.exporter.opensearch.OpensearchExporter";

/// One of the two components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchClient {
    /// Operate: opensearch-java.
    Operate,
    /// Zeebe's exporter: the low-level `RestClient`.
    Zeebe,
}

/// One of the two ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DomainWay {
    /// The stock client, which signs nothing, to irsa's listener.
    ThroughIrsa {
        /// Where irsa listens, such as `http://localhost:9200`.
        url: String,
    },
    /// The client signs for itself, with AWS's SDK inside.
    ItsOwn {
        /// The domain's endpoint: a host name.
        endpoint: String,
        /// Its port; 443 but for a lab.
        port: u16,
        /// The authority of the endpoint's certificate, and of STS's, as PEM.
        ca_file: PathBuf,
        /// The pod's identity: `AWS_ROLE_ARN`, `AWS_WEB_IDENTITY_TOKEN_FILE` and so on.
        identity: BTreeMap<String, String>,
    },
}

// === impl SearchClient ===

impl SearchClient {
    /// Its name, also as the program's argument.
    pub fn name(self) -> &'static str {
        match self {
            Self::Operate => "operate",
            Self::Zeebe => "zeebe",
        }
    }
}

// === impl DomainWay ===

impl DomainWay {
    /// The URL that the component is given.
    pub fn url(&self) -> String {
        match self {
            Self::ThroughIrsa { url } => url.clone(),
            Self::ItsOwn { endpoint, port, .. } if *port == HTTPS => format!("https://{endpoint}"),
            Self::ItsOwn { endpoint, port, .. } => format!("https://{endpoint}:{port}"),
        }
    }

    /// Whether the client signs.
    pub fn signs(&self) -> bool {
        matches!(self, Self::ItsOwn { .. })
    }
}

/// The variables of the component's container, as its guide shows them. There is no user and no password.
pub fn environment(client: SearchClient, way: &DomainWay) -> BTreeMap<String, String> {
    let (url, signs) = (way.url(), way.signs().to_string());
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

/// The variables of Operate's container in 8.3, through irsa. That version can't be told not to sign: it signs where it
/// finds credentials.
pub fn environment_of_operate_8_3(url: &str) -> BTreeMap<String, String> {
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

    fn its_own(port: u16) -> DomainWay {
        DomainWay::ItsOwn {
            endpoint: "test-domain.eu-central-1.es.amazonaws.com".to_owned(),
            port,
            ca_file: "/ca.pem".into(),
            identity: BTreeMap::new(),
        }
    }

    #[test]
    fn the_port_of_https_is_not_named() {
        assert_eq!(
            its_own(443).url(),
            "https://test-domain.eu-central-1.es.amazonaws.com"
        );
        assert!(its_own(9443).url().ends_with(".amazonaws.com:9443"));
    }

    #[test]
    fn only_their_own_way_turns_signing_on() {
        let through_irsa = DomainWay::ThroughIrsa {
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
            assert_eq!(environment(client, &its_own(443))[switch], "true");
            assert_eq!(environment(client, &through_irsa)[switch], "false");
        }
    }
}
