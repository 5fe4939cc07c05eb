//! OIDC providers, roles and their policies.

use std::time::Duration;

use irsa_chain::{OidcProviderArn, Partition, Region, RoleArn};
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use crate::endpoints::{Service, iam_region};
use crate::query::{Members, Operation, Page};
use crate::{AwsReader, ReadError};

/// An IAM OIDC provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcProvider {
    /// Its ARN.
    pub arn: String,
    /// The issuer's URL, without `https://`.
    pub url: String,
    /// The audiences that it accepts.
    pub client_ids: Vec<String>,
    /// The SHA-1 hashes of CA certificates, in hexadecimal.
    pub thumbprints: Vec<String>,
}

/// A role, without its policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its ARN, including the path.
    pub arn: RoleArn,
    /// Its unique ID, `AROA…`. A role that is deleted and created again has a different ID.
    pub id: String,
    /// The text of its trust policy.
    pub trust_policy: String,
    /// The maximum session duration.
    pub max_session: Duration,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

/// A policy of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedPolicy {
    /// The name of an inline policy, the ARN of a managed one.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl AwsReader {
    /// The ARNs of the OIDC providers in the caller's account.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn oidc_providers(&self, partition: Partition) -> Result<Vec<String>, ReadError> {
        let operation = iam("iam:ListOpenIDConnectProviders");
        let region = signing_region(partition, operation.action)?;
        let list: Providers = self.query(operation, &region, &[]).await?;
        Ok(list.providers.all.into_iter().map(|one| one.arn).collect())
    }

    /// An OIDC provider.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn oidc_provider(&self, arn: &OidcProviderArn) -> Result<OidcProvider, ReadError> {
        let operation = iam("iam:GetOpenIDConnectProvider");
        let region = signing_region(arn.partition(), operation.action)?;
        let parameters = [("OpenIDConnectProviderArn", arn.as_str())];
        let provider: Provider = self.query(operation, &region, &parameters).await?;
        Ok(OidcProvider {
            arn: arn.as_str().to_owned(),
            url: provider.url,
            client_ids: provider.client_ids.all,
            thumbprints: provider.thumbprints.all,
        })
    }

    /// The role with this name in the caller's account, regardless of its path.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn role(&self, arn: &RoleArn) -> Result<Role, ReadError> {
        let operation = iam("iam:GetRole");
        let region = signing_region(arn.partition(), operation.action)?;
        let found: GetRole = self
            .query(operation, &region, &[("RoleName", arn.name())])
            .await?;
        let role = found.role;
        let invalid = |error| ReadError::invalid(operation.action, error);
        Ok(Role {
            arn: role.arn.parse().map_err(invalid)?,
            id: role.role_id,
            trust_policy: decoded(&role.assume_role_policy_document),
            max_session: Duration::from_secs(role.max_session_duration),
            boundary: role
                .permissions_boundary
                .map(|boundary| boundary.permissions_boundary_arn),
            tags: role
                .tags
                .all
                .into_iter()
                .map(|tag| (tag.key, tag.value))
                .collect(),
        })
    }

    /// All policies that give a role permissions, starting with the inline policies.
    ///
    /// # Errors
    /// See [`ReadError`]. If one policy cannot be read, the result would be misleading.
    pub async fn policies(&self, role: &RoleArn) -> Result<Vec<AttachedPolicy>, ReadError> {
        let role_name = [("RoleName", role.name())];
        let operation = iam("iam:ListRolePolicies");
        let region = signing_region(role.partition(), operation.action)?;
        let inline = self
            .query_all::<PolicyNames>(operation, &region, &role_name)
            .await?;
        let mut policies = Vec::new();
        for name in inline {
            let operation = iam("iam:GetRolePolicy");
            let parameters = [role_name[0], ("PolicyName", &name)];
            let policy: RolePolicy = self.query(operation, &region, &parameters).await?;
            let text = decoded(&policy.policy_document);
            policies.push(AttachedPolicy { name, text });
        }
        let operation = iam("iam:ListAttachedRolePolicies");
        let attached = self
            .query_all::<AttachedPolicies>(operation, &region, &role_name)
            .await?;
        for Attached { policy_arn } in attached {
            policies.push(self.managed_policy(role.partition(), &policy_arn).await?);
        }
        Ok(policies)
    }

    /// A managed policy in its default version, such as a permissions boundary.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn managed_policy(
        &self,
        partition: Partition,
        arn: &str,
    ) -> Result<AttachedPolicy, ReadError> {
        let operation = iam("iam:GetPolicy");
        let region = signing_region(partition, operation.action)?;
        let policy = [("PolicyArn", arn)];
        let found: GetPolicy = self.query(operation, &region, &policy).await?;
        let version = [policy[0], ("VersionId", &found.policy.default_version_id)];
        let operation = iam("iam:GetPolicyVersion");
        let found: GetPolicyVersion = self.query(operation, &region, &version).await?;
        Ok(AttachedPolicy {
            name: arn.to_owned(),
            text: decoded(&found.policy_version.document),
        })
    }
}

fn iam(action: &'static str) -> Operation {
    Operation {
        action,
        service: Service::Iam,
        version: "2010-05-08",
    }
}

fn signing_region(partition: Partition, action: &'static str) -> Result<Region, ReadError> {
    let region = iam_region(partition).parse();
    region.map_err(|error| ReadError::invalid(action, error))
}

/// Decodes a policy document, which responses contain URL-encoded (RFC 3986). Invalid UTF-8 becomes U+FFFD, which is
/// not allowed in a policy, so that the parser reports its position.
fn decoded(document: &str) -> String {
    percent_decode_str(document)
        .decode_utf8_lossy()
        .into_owned()
}

fn none<T>() -> Members<T> {
    Members { all: Vec::new() }
}

#[derive(Debug, Deserialize)]
struct Providers {
    #[serde(rename = "OpenIDConnectProviderList", default = "none")]
    providers: Members<ProviderArn>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ProviderArn {
    arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Provider {
    url: String,
    #[serde(rename = "ClientIDList", default = "none")]
    client_ids: Members<String>,
    #[serde(rename = "ThumbprintList", default = "none")]
    thumbprints: Members<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetRole {
    role: RoleDetail,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RoleDetail {
    arn: String,
    role_id: String,
    assume_role_policy_document: String,
    #[serde(default = "an_hour")]
    max_session_duration: u64,
    permissions_boundary: Option<Boundary>,
    #[serde(default = "none")]
    tags: Members<Tag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Boundary {
    permissions_boundary_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    #[serde(default)]
    value: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyNames {
    #[serde(default = "none")]
    policy_names: Members<String>,
    #[serde(default)]
    marker: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RolePolicy {
    policy_document: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttachedPolicies {
    #[serde(default = "none")]
    attached_policies: Members<Attached>,
    #[serde(default)]
    marker: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attached {
    policy_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetPolicy {
    policy: PolicyDetail,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyDetail {
    default_version_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetPolicyVersion {
    policy_version: PolicyVersion,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyVersion {
    document: String,
}

impl Page for PolicyNames {
    type Item = String;

    fn split(self) -> (Vec<String>, Option<String>) {
        (self.policy_names.all, self.marker)
    }
}

impl Page for AttachedPolicies {
    type Item = Attached;

    fn split(self) -> (Vec<Attached>, Option<String>) {
        (self.attached_policies.all, self.marker)
    }
}

/// The default of the maximum session duration.
fn an_hour() -> u64 {
    3600
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_decoded_and_invalid_bytes_marked() {
        assert_eq!(
            decoded("%7B%22a%22%3A%20%22b%2Bc+d%22%7D"),
            r#"{"a": "b+c+d"}"#
        );
        assert_eq!(decoded("a%FFb%"), "a\u{fffd}b%");
    }

    #[test]
    fn a_role_is_read_from_the_example_in_the_api_reference() {
        let text = "<GetRoleResult><Role><Path>/team/</Path><Arn>arn:aws:iam::111122223333:role/team/app</Arn>\
            <RoleName>app</RoleName><AssumeRolePolicyDocument>%7B%7D</AssumeRolePolicyDocument>\
            <CreateDate>2026-05-08T23:34:01Z</CreateDate><RoleId>AROADBQP57FF2AEXAMPLE</RoleId>\
            <RoleLastUsed><Region>us-east-1</Region></RoleLastUsed><PermissionsBoundary>\
            <PermissionsBoundaryType>Policy</PermissionsBoundaryType><PermissionsBoundaryArn>arn:aws:iam::111122223333:policy/b\
            </PermissionsBoundaryArn></PermissionsBoundary><Tags><member><Key>team</Key><Value>a &amp; b</Value></member></Tags>\
            </Role></GetRoleResult>";
        let found: GetRole = quick_xml::de::from_str(text).unwrap();
        assert_eq!(found.role.max_session_duration, 3600);
        assert_eq!(found.role.tags.all[0].value, "a & b");
        let boundary = found.role.permissions_boundary.unwrap();
        assert_eq!(
            boundary.permissions_boundary_arn,
            "arn:aws:iam::111122223333:policy/b"
        );
    }
}
