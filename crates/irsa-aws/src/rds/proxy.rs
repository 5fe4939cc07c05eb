//! RDS proxies and their additional endpoints.

use serde::Deserialize;

use super::{DatabaseSettings, none, parsed};
use crate::ReadError;
use crate::query::Members;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Proxy {
    #[serde(rename = "DBProxyName")]
    name: String,
    #[serde(rename = "DBProxyArn")]
    arn: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    endpoint: String,
    #[serde(default = "none")]
    auth: Members<Auth>,
    /// `IAM_AUTH` if the proxy uses IAM authentication for all users, both for clients and for the database.
    #[serde(default)]
    default_auth_scheme: String,
}

#[derive(Debug, Deserialize)]
struct Auth {
    #[serde(rename = "IAMAuth", default)]
    iam: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ProxyEndpoint {
    #[serde(rename = "DBProxyName")]
    pub(super) db_proxy_name: String,
    #[serde(default)]
    endpoint: String,
}

impl Auth {
    /// Returns whether clients can use IAM. `ENABLED`, which makes it optional, exists only for SQL Server
    /// ("UserAuthConfig" in the RDS API reference).
    fn accepts_iam(&self) -> bool {
        matches!(self.iam.as_str(), "REQUIRED" | "ENABLED")
    }
}

impl Proxy {
    pub(super) fn endpoints(&self) -> Vec<&String> {
        vec![&self.endpoint]
    }

    /// The settings. A proxy's resource ID is the end of its ARN ("Setting up IAM authentication for RDS Proxy" in the
    /// Aurora user guide).
    pub(super) fn settings(self, action: &'static str) -> Result<DatabaseSettings, ReadError> {
        let id = self.arn.rsplit(':').next().unwrap_or_default();
        Ok(DatabaseSettings {
            arn: parsed(action, &self.arn)?,
            resource_id: parsed(action, id)?,
            iam_authentication: self.default_auth_scheme == "IAM_AUTH"
                || self.auth.all.iter().any(Auth::accepts_iam),
            name: self.name,
            status: self.status,
            port: None,
            master_user: None,
            master_user_secret: None,
            engine_version: None,
        })
    }
}

impl ProxyEndpoint {
    pub(super) fn endpoints(&self) -> Vec<&String> {
        vec![&self.endpoint]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Proxy {
        quick_xml::de::from_str(text).unwrap()
    }

    #[test]
    fn the_resource_id_of_a_proxy_is_the_end_of_its_arn() {
        let proxy = read(
            "<P><DBProxyName>p</DBProxyName><Status>available</Status><Endpoint>p.proxy-abc.eu-central-1.rds.amazonaws.com</Endpoint>\
             <DBProxyArn>arn:aws:rds:eu-central-1:111122223333:db-proxy:prx-0f9d9414be09b1c57</DBProxyArn>\
             <Auth><member><AuthScheme>SECRETS</AuthScheme><IAMAuth>REQUIRED</IAMAuth></member></Auth></P>",
        );
        let settings = proxy.settings("rds:DescribeDBProxies").unwrap();
        assert_eq!(settings.resource_id.as_str(), "prx-0f9d9414be09b1c57");
        assert!(settings.iam_authentication);
    }

    #[test]
    fn a_proxy_can_use_iam_for_all_users() {
        let of = |more: &str| -> Proxy {
            read(&format!(
                "<P><DBProxyName>p</DBProxyName><Endpoint>p.example</Endpoint>\
                 <DBProxyArn>arn:aws:rds:eu-central-1:111122223333:db-proxy:prx-0f9d9414be09b1c57</DBProxyArn>{more}</P>"
            ))
        };
        let takes_iam = |more| of(more).settings("x").unwrap().iam_authentication;
        assert!(takes_iam("<DefaultAuthScheme>IAM_AUTH</DefaultAuthScheme>"));
        assert!(!takes_iam("<DefaultAuthScheme>NONE</DefaultAuthScheme>"));
        assert!(!takes_iam(
            "<Auth><member><IAMAuth>DISABLED</IAMAuth></member></Auth>"
        ));
    }
}
