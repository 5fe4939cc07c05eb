//! OpenSearch Service domains (OpenSearch Service API Reference, "DescribeDomains").

use std::collections::BTreeMap;

use irsa_chain::endpoint::OpenSearchEndpoint;
use irsa_chain::{Arn, Region};
use serde::Deserialize;
use serde_json::json;

use crate::endpoints::Service;
use crate::json_answer::read;
use crate::{AwsReader, ReadError};

const JSON: &str = "application/json";

/// The maximum number of domains in a DescribeDomains call.
const MAX_DOMAINS: usize = 5;

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a separate setting, as in AWS"
)]
pub struct DomainSettings {
    /// Its ARN, which contains the account.
    pub arn: Arn,
    /// Its name.
    pub name: String,
    /// The text of its access policy, if it has one.
    pub access_policy: Option<String>,
    /// Fine-grained access control is enabled.
    pub fine_grained_access: bool,
    /// Requests without HTTPS are rejected.
    pub https_enforced: bool,
    /// It has been created and not deleted.
    pub exists: bool,
    /// A configuration change is in progress.
    pub processing: bool,
    /// The engine version, such as `OpenSearch_2.19`.
    pub engine_version: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Names {
    domain_names: Vec<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Name {
    #[serde(rename = "DomainName")]
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Domains {
    domain_status_list: Vec<Domain>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Domain {
    #[serde(rename = "ARN")]
    arn: String,
    #[serde(rename = "DomainName")]
    name: String,
    #[serde(default)]
    created: bool,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    processing: bool,
    engine_version: Option<String>,
    endpoint: Option<String>,
    endpoint_v2: Option<String>,
    endpoints: Option<BTreeMap<String, String>>,
    access_policies: Option<String>,
    advanced_security_options: Option<Enabled>,
    #[serde(rename = "DomainEndpointOptions")]
    endpoint_options: Option<EndpointOptions>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Enabled {
    #[serde(default)]
    enabled: bool,
}

#[derive(Debug, Deserialize)]
struct EndpointOptions {
    #[serde(rename = "EnforceHTTPS", default)]
    enforce_https: bool,
}

impl AwsReader {
    /// The domain with this endpoint, in the endpoint's region and the caller's account.
    ///
    /// # Errors
    /// See [`ReadError`]. If it does not exist, the error lists existing domains.
    pub async fn domain(&self, endpoint: &OpenSearchEndpoint) -> Result<DomainSettings, ReadError> {
        let (region, host) = (endpoint.region(), endpoint.host());
        let all = self.domain_names(region).await?;
        let action = "es:DescribeDomains";
        // The endpoint's host name contains the domain's name.
        let candidates: Vec<_> = all
            .iter()
            .filter(|name| host.contains(name.as_str()))
            .collect();
        for names in candidates.chunks(MAX_DOMAINS) {
            let body = json!({ "DomainNames": names }).to_string();
            let path = "/2021-01-01/opensearch/domain-info";
            let about = (Service::OpenSearch, region);
            let answer = self.call(action, about, path, Some((JSON, body))).await?;
            let domains: Domains = read(action, &answer)?;
            let mut domains = domains.domain_status_list.into_iter();
            if let Some(domain) = domains.find(|domain| domain.is_at(host)) {
                return domain.settings(action);
            }
        }
        let others: Vec<_> = all.iter().take(5).map(|name| format!("`{name}`")).collect();
        let others = match others.as_slice() {
            [] => "this region and account has no domains".to_owned(),
            others => format!("existing domains: {}", others.join(", ")),
        };
        Err(ReadError::absent(
            action,
            format!("no domain has the endpoint `{host}`; {others}"),
        ))
    }

    async fn domain_names(&self, region: &Region) -> Result<Vec<String>, ReadError> {
        let action = "es:ListDomainNames";
        let path = "/2021-01-01/domain";
        let answer = self
            .call(action, (Service::OpenSearch, region), path, None)
            .await?;
        let names: Names = read(action, &answer)?;
        let names = names.domain_names.into_iter();
        Ok(names.map(|name| name.name).collect())
    }
}

impl Domain {
    fn is_at(&self, host: &str) -> bool {
        let own = self.endpoint.iter().chain(&self.endpoint_v2);
        let mut all = own.chain(self.endpoints.iter().flat_map(BTreeMap::values));
        all.any(|endpoint| endpoint.eq_ignore_ascii_case(host))
    }

    fn settings(self, action: &'static str) -> Result<DomainSettings, ReadError> {
        let arn = self.arn.parse();
        Ok(DomainSettings {
            arn: arn.map_err(|error| ReadError::invalid(action, error))?,
            name: self.name,
            access_policy: self.access_policies.filter(|policy| !policy.is_empty()),
            fine_grained_access: self
                .advanced_security_options
                .is_some_and(|options| options.enabled),
            https_enforced: self
                .endpoint_options
                .is_some_and(|options| options.enforce_https),
            exists: self.created && !self.deleted,
            processing: self.processing,
            engine_version: self.engine_version,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(more: &str) -> Domain {
        let text = format!(
            r#"{{"ARN": "arn:aws:es:eu-central-1:111122223333:domain/logs", "DomainName": "logs", "Created": true{more}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_domain_is_found_by_each_of_its_endpoints() {
        let in_vpc =
            domain(r#", "Endpoints": {"vpc": "vpc-logs-abc.eu-central-1.es.amazonaws.com"}"#);
        assert!(in_vpc.is_at("vpc-logs-abc.eu-central-1.es.amazonaws.com"));
        let dual = domain(r#", "EndpointV2": "search-logs-abc.aos.eu-central-1.on.aws""#);
        assert!(dual.is_at("search-logs-abc.aos.eu-central-1.on.aws"));
        assert!(!domain("").is_at("search-logs-abc.aos.eu-central-1.on.aws"));
    }

    #[test]
    fn missing_settings_are_off() {
        let settings = domain("").settings("es:DescribeDomains").unwrap();
        assert!(!settings.fine_grained_access && !settings.https_enforced && settings.exists);
        let deleted = domain(r#", "Deleted": true"#)
            .settings("es:DescribeDomains")
            .unwrap();
        assert!(!deleted.exists);
    }
}
