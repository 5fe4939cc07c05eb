//! RDS clusters, instances and proxies.

mod proxy;

use irsa_chain::endpoint::{RdsEndpoint, RdsEndpointKind};
use irsa_chain::{Arn, DbResourceId, Region};
use serde::Deserialize;

use self::proxy::{Proxy, ProxyEndpoint};
use crate::endpoints::Service;
use crate::query::{Members, Operation, Page};
use crate::{AwsReader, ReadError};

/// A cluster, an instance without a cluster, or a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseSettings {
    /// Its ARN, which contains the account.
    pub arn: Arn,
    /// Its name.
    pub name: String,
    /// The resource ID for `rds-db:connect` policies; for an instance in a cluster, the cluster's.
    pub resource_id: DbResourceId,
    /// Its status, such as `available`.
    pub status: String,
    /// IAM authentication is enabled.
    pub iam_authentication: bool,
    /// The port that it listens on; unknown for a proxy.
    pub port: Option<u16>,
    /// The engine version, such as 15.10; absent for a proxy.
    pub engine_version: Option<String>,
    /// The name of the master user; absent for a proxy.
    pub master_user: Option<String>,
    /// The secret with the master user's password, if RDS manages it in Secrets Manager.
    pub master_user_secret: Option<MasterUserSecret>,
}

/// A secret that RDS manages (RDS API Reference, "MasterUserSecret").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MasterUserSecret {
    /// Its ARN.
    #[serde(rename = "SecretArn")]
    pub arn: Arn,
    /// The KMS key that encrypts it.
    #[serde(rename = "KmsKeyId")]
    pub kms_key: Option<String>,
}

impl AwsReader {
    /// The cluster, instance or proxy with this endpoint, in the endpoint's region and the caller's account.
    ///
    /// # Errors
    /// See [`ReadError`]. If it does not exist, the error lists existing endpoints.
    pub async fn database(&self, endpoint: &RdsEndpoint) -> Result<DatabaseSettings, ReadError> {
        let Some(region) = endpoint.region() else {
            let text = "the endpoint of a global database's writer contains no region";
            return Err(ReadError::unsupported("rds:DescribeGlobalClusters", text));
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
        let found = find(operation.action, clusters, host, Cluster::endpoints)?;
        found.settings(operation.action)
    }

    /// Reads an instance. For an instance in a cluster, returns the cluster, because policies name the cluster.
    async fn instance(
        &self,
        region: &Region,
        endpoint: &RdsEndpoint,
    ) -> Result<DatabaseSettings, ReadError> {
        let operation = rds("rds:DescribeDBInstances");
        let instances = self.query_all::<Instances>(operation, region, &[]).await?;
        let found = find(
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
        let absent =
            || ReadError::absent(operation.action, "the instance's cluster does not exist");
        cluster.ok_or_else(absent)?.settings(operation.action)
    }

    async fn proxy(&self, region: &Region, host: &str) -> Result<DatabaseSettings, ReadError> {
        let operation = rds("rds:DescribeDBProxies");
        let proxies = self.query_all::<Proxies>(operation, region, &[]).await?;
        let found = find(operation.action, proxies, host, Proxy::endpoints)?;
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
        let found = find(operation.action, endpoints, host, ProxyEndpoint::endpoints)?;
        let operation = rds("rds:DescribeDBProxies");
        let parameters = [("DBProxyName", found.db_proxy_name.as_str())];
        let proxies = self
            .query_all::<Proxies>(operation, region, &parameters)
            .await?;
        let proxy = proxies.into_iter().next();
        let absent = || ReadError::absent(operation.action, "the endpoint's proxy does not exist");
        proxy.ok_or_else(absent)?.settings(operation.action)
    }
}

/// Finds the item with this endpoint. Host names are compared without case.
fn find<T>(
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
        "this region and account has no such endpoints".to_owned()
    } else {
        format!("existing endpoints: {}", others.join(", "))
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
        .map_err(|error| ReadError::invalid(action, error))
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
    engine_version: Option<String>,
    master_username: Option<String>,
    endpoint: Option<String>,
    reader_endpoint: Option<String>,
    #[serde(default = "none")]
    custom_endpoints: Members<String>,
    master_user_secret: Option<MasterUserSecret>,
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
    engine_version: Option<String>,
    master_username: Option<String>,
    endpoint: Option<Endpoint>,
    #[serde(rename = "DBClusterIdentifier")]
    db_cluster_identifier: Option<String>,
    master_user_secret: Option<MasterUserSecret>,
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
            master_user: self.master_username,
            master_user_secret: self.master_user_secret,
            engine_version: self.engine_version,
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
            master_user: self.master_username,
            master_user_secret: self.master_user_secret,
            engine_version: self.engine_version,
        })
    }
}

fn none<T>() -> Members<T> {
    Members { all: Vec::new() }
}

/// A list in the format of RDS: each element has the name of its type.
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
    fn an_instance_that_is_being_created_has_no_endpoint() {
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
    fn a_cluster_names_its_master_user_and_the_secret_that_rds_manages() {
        let secret = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!cluster-1-AbCdEf";
        let text = |more: &str| {
            format!(
                "<R><DBClusters><DBCluster><DBClusterIdentifier>c</DBClusterIdentifier>\
                 <DBClusterArn>arn:aws:rds:eu-central-1:111122223333:cluster:c</DBClusterArn>\
                 <MasterUsername>shop_admin</MasterUsername>\
                 <DbClusterResourceId>cluster-ABC</DbClusterResourceId>{more}</DBCluster></DBClusters></R>"
            )
        };
        let found = |more: &str| {
            let (mut clusters, _) = read::<Clusters>(&text(more)).split();
            let settings = clusters.remove(0).settings("rds:DescribeDBClusters");
            let settings = settings.unwrap();
            assert_eq!(settings.master_user.as_deref(), Some("shop_admin"));
            settings.master_user_secret
        };
        let managed = format!(
            "<MasterUserSecret><SecretArn>{secret}</SecretArn><SecretStatus>active</SecretStatus>\
             <KmsKeyId>arn:aws:kms:eu-central-1:111122223333:key/k</KmsKeyId></MasterUserSecret>"
        );
        let managed = found(&managed).unwrap();
        assert_eq!(managed.arn.as_str(), secret);
        assert!(managed.kms_key.unwrap().ends_with(":key/k"));
        assert_eq!(found(""), None);
    }

    #[test]
    fn an_unknown_endpoint_is_reported_with_the_existing_ones() {
        let all = vec!["b.example".to_owned()];
        let error = find("rds:DescribeDBClusters", all, "a.example", |one| vec![one]).unwrap_err();
        assert_eq!(
            error.text,
            "nothing has the endpoint `a.example`; existing endpoints: `b.example`"
        );
    }
}
