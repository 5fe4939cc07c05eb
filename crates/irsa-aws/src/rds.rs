//! What an endpoint of RDS leads to.

mod proxy;

use irsa_chain::endpoint::{RdsEndpoint, RdsEndpointKind};
use irsa_chain::{Arn, DbResourceId, Region};
use serde::Deserialize;

use self::proxy::{Proxy, ProxyEndpoint};
use crate::endpoints::Service;
use crate::query::{Members, Operation, Page};
use crate::{AwsReader, ReadError};

/// A cluster, an instance without one, or a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseSettings {
    /// Its ARN, which tells the account.
    pub arn: Arn,
    /// Its name.
    pub name: String,
    /// What `rds-db:connect` policies name; of an instance in a cluster the cluster's.
    pub resource_id: DbResourceId,
    /// Such as `available`.
    pub status: String,
    /// Whether clients may log in by IAM.
    pub iam_authentication: bool,
    /// The port it listens at, where it says so: a proxy does not.
    pub port: Option<u16>,
}

impl AwsReader {
    /// What `endpoint` leads to, in its region and the caller's account.
    ///
    /// # Errors
    /// See [`ReadError`]; if it is absent, with the endpoints that there are.
    pub async fn database(&self, endpoint: &RdsEndpoint) -> Result<DatabaseSettings, ReadError> {
        let Some(region) = endpoint.region() else {
            let text = "the name of a global database's writer tells no region to ask";
            return Err(ReadError::senseless("rds:DescribeGlobalClusters", text));
        };
        match endpoint.kind() {
            RdsEndpointKind::Instance => self.instance(region, endpoint).await,
            RdsEndpointKind::Proxy => self.proxy(region, endpoint.host()).await,
            RdsEndpointKind::ProxyEndpoint => self.proxy_endpoint(region, endpoint.host()).await,
            _ => self.cluster(region, endpoint.host()).await,
        }
    }

    async fn cluster(&self, region: &Region, host: &str) -> Result<DatabaseSettings, ReadError> {
        let operation = rds("rds:DescribeDBClusters");
        let clusters = self.query_all::<Clusters>(operation, region, &[]).await?;
        let found = one_at(operation.action, clusters, host, Cluster::endpoints)?;
        found.settings(operation.action)
    }

    /// Whoever is in a cluster is one with it in policies.
    async fn instance(
        &self,
        region: &Region,
        endpoint: &RdsEndpoint,
    ) -> Result<DatabaseSettings, ReadError> {
        let operation = rds("rds:DescribeDBInstances");
        let instances = self.query_all::<Instances>(operation, region, &[]).await?;
        let found = one_at(
            operation.action,
            instances,
            endpoint.host(),
            Instance::endpoints,
        )?;
        let Some(cluster) = &found.db_cluster_identifier else {
            return found.settings(operation.action);
        };
        let operation = rds("rds:DescribeDBClusters");
        let parameters = [("DBClusterIdentifier", cluster.as_str())];
        let clusters = self
            .query_all::<Clusters>(operation, region, &parameters)
            .await?;
        let cluster = clusters.into_iter().next();
        let absent = || ReadError::absent(operation.action, "the instance's cluster is not there");
        cluster.ok_or_else(absent)?.settings(operation.action)
    }

    async fn proxy(&self, region: &Region, host: &str) -> Result<DatabaseSettings, ReadError> {
        let operation = rds("rds:DescribeDBProxies");
        let proxies = self.query_all::<Proxies>(operation, region, &[]).await?;
        let found = one_at(operation.action, proxies, host, Proxy::endpoints)?;
        found.settings(operation.action)
    }

    async fn proxy_endpoint(
        &self,
        region: &Region,
        host: &str,
    ) -> Result<DatabaseSettings, ReadError> {
        let operation = rds("rds:DescribeDBProxyEndpoints");
        let endpoints = self
            .query_all::<ProxyEndpoints>(operation, region, &[])
            .await?;
        let found = one_at(operation.action, endpoints, host, ProxyEndpoint::endpoints)?;
        let operation = rds("rds:DescribeDBProxies");
        let parameters = [("DBProxyName", found.db_proxy_name.as_str())];
        let proxies = self
            .query_all::<Proxies>(operation, region, &parameters)
            .await?;
        let proxy = proxies.into_iter().next();
        let absent = || ReadError::absent(operation.action, "the endpoint's proxy is not there");
        proxy.ok_or_else(absent)?.settings(operation.action)
    }
}

/// The one with this endpoint, among all. Names are compared as DNS does.
fn one_at<T>(
    action: &'static str,
    all: Vec<T>,
    host: &str,
    endpoints: fn(&T) -> Vec<&String>,
) -> Result<T, ReadError> {
    let is_it = |one: &&T| {
        endpoints(one)
            .iter()
            .any(|name| name.eq_ignore_ascii_case(host))
    };
    if all.iter().any(|one| is_it(&one)) {
        let found = all.into_iter().find(|one| is_it(&one));
        return found.ok_or_else(|| ReadError::absent(action, host));
    }
    let others: Vec<_> = all
        .iter()
        .flat_map(endpoints)
        .take(5)
        .map(|name| format!("`{name}`"))
        .collect();
    let others = if others.is_empty() {
        "there is none in this region and account".to_owned()
    } else {
        format!("there are {}", others.join(", "))
    };
    Err(ReadError::absent(
        action,
        format!("nothing has the endpoint `{host}`; {others}"),
    ))
}

fn rds(action: &'static str) -> Operation {
    Operation {
        action,
        service: Service::Rds,
        version: "2014-10-31",
    }
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    action: &'static str,
    text: &str,
) -> Result<T, ReadError> {
    text.parse()
        .map_err(|error| ReadError::senseless(action, error))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Cluster {
    #[serde(rename = "DBClusterIdentifier")]
    name: String,
    #[serde(rename = "DBClusterArn")]
    arn: String,
    db_cluster_resource_id: String,
    #[serde(default)]
    status: String,
    #[serde(rename = "IAMDatabaseAuthenticationEnabled", default)]
    iam_authentication: bool,
    port: Option<u16>,
    endpoint: Option<String>,
    reader_endpoint: Option<String>,
    #[serde(default = "none")]
    custom_endpoints: Members<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Instance {
    #[serde(rename = "DBInstanceIdentifier")]
    name: String,
    #[serde(rename = "DBInstanceArn")]
    arn: String,
    dbi_resource_id: String,
    #[serde(rename = "DBInstanceStatus", default)]
    status: String,
    #[serde(rename = "IAMDatabaseAuthenticationEnabled", default)]
    iam_authentication: bool,
    endpoint: Option<Endpoint>,
    #[serde(rename = "DBClusterIdentifier")]
    db_cluster_identifier: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Endpoint {
    address: Option<String>,
    port: Option<u16>,
}

impl Cluster {
    fn endpoints(&self) -> Vec<&String> {
        let own = self.endpoint.iter().chain(&self.reader_endpoint);
        own.chain(&self.custom_endpoints.all).collect()
    }

    fn settings(self, action: &'static str) -> Result<DatabaseSettings, ReadError> {
        Ok(DatabaseSettings {
            arn: parsed(action, &self.arn)?,
            resource_id: parsed(action, &self.db_cluster_resource_id)?,
            name: self.name,
            status: self.status,
            iam_authentication: self.iam_authentication,
            port: self.port,
        })
    }
}

impl Instance {
    fn endpoints(&self) -> Vec<&String> {
        let endpoint = self.endpoint.iter();
        endpoint
            .filter_map(|endpoint| endpoint.address.as_ref())
            .collect()
    }

    fn settings(self, action: &'static str) -> Result<DatabaseSettings, ReadError> {
        Ok(DatabaseSettings {
            arn: parsed(action, &self.arn)?,
            resource_id: parsed(action, &self.dbi_resource_id)?,
            name: self.name,
            status: self.status,
            iam_authentication: self.iam_authentication,
            port: self.endpoint.and_then(|endpoint| endpoint.port),
        })
    }
}

fn none<T>() -> Members<T> {
    Members { all: Vec::new() }
}

/// A list as RDS writes it: each element under its type's name.
macro_rules! pages {
    ($($page:ident($list:literal, $element:literal, $wrapper:ident) of $item:ty;)+) => {$(
        #[derive(Debug, Deserialize)]
        struct $page {
            #[serde(rename = $list)]
            list: Option<$wrapper>,
            #[serde(rename = "Marker")]
            marker: Option<String>,
        }

        #[derive(Debug, Deserialize)]
        struct $wrapper {
            #[serde(rename = $element, default = "Vec::new")]
            all: Vec<$item>,
        }

        impl Page for $page {
            type Item = $item;

            fn split(self) -> (Vec<$item>, Option<String>) {
                (self.list.map_or_else(Vec::new, |list| list.all), self.marker)
            }
        }
    )+};
}

pages! {
    Clusters("DBClusters", "DBCluster", ClusterList) of Cluster;
    Instances("DBInstances", "DBInstance", InstanceList) of Instance;
    Proxies("DBProxies", "member", ProxyList) of Proxy;
    ProxyEndpoints("DBProxyEndpoints", "member", ProxyEndpointList) of ProxyEndpoint;
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;

    fn read<T: DeserializeOwned>(text: &str) -> T {
        quick_xml::de::from_str(text).unwrap()
    }

    #[test]
    fn an_instance_without_an_endpoint_is_being_made() {
        let page: Instances = read(
            "<R><DBInstances><DBInstance><DBInstanceIdentifier>i</DBInstanceIdentifier><DBInstanceStatus>creating</DBInstanceStatus>\
             <DBInstanceArn>arn:aws:rds:eu-central-1:111122223333:db:i</DBInstanceArn><DbiResourceId>db-ABC</DbiResourceId>\
             <Endpoint><HostedZoneId>Z1RLNUO7B9Q6NB</HostedZoneId></Endpoint>\
             <IAMDatabaseAuthenticationEnabled>true</IAMDatabaseAuthenticationEnabled></DBInstance></DBInstances><Marker>m</Marker></R>",
        );
        let (mut instances, marker) = page.split();
        assert_eq!(marker.as_deref(), Some("m"));
        let instance = instances.remove(0);
        assert!(instance.endpoints().is_empty());
        assert_eq!(
            instance.settings("rds:DescribeDBInstances").unwrap().port,
            None
        );
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is() {
        let all = vec!["b.example".to_owned()];
        let error =
            one_at("rds:DescribeDBClusters", all, "a.example", |one| vec![one]).unwrap_err();
        assert_eq!(
            error.text,
            "nothing has the endpoint `a.example`; there are `b.example`"
        );
    }
}
