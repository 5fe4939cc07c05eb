//! EKS Pod Identity associations (EKS API Reference, "ListPodIdentityAssociations" and
//! "DescribePodIdentityAssociation").

use irsa_chain::{Region, ServiceAccount};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::endpoints::Service;
use crate::json_answer::read;
use crate::{AwsReader, ReadError};

/// All characters except the unreserved ones (RFC 3986, section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// An association: EKS gives the role to the pods of a service account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodIdentityAssociation {
    /// Its ID, such as `a-abcdefghijklmnop1`.
    #[serde(rename = "associationId")]
    pub id: String,
    /// The ARN of the role.
    #[serde(rename = "roleArn")]
    pub role: String,
    /// The ARN of the role that EKS assumes with the first one; then the pods get only this role.
    #[serde(rename = "targetRoleArn")]
    pub target_role: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Associations {
    associations: Vec<Summary>,
}

/// An association in a list, which does not contain the role.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    association_id: String,
}

#[derive(Debug, Deserialize)]
struct Described {
    association: PodIdentityAssociation,
}

impl AwsReader {
    /// The association of a service account in an EKS cluster; there is at most one.
    ///
    /// # Errors
    /// See [`ReadError`]. It is absent if the cluster does not exist.
    pub async fn pod_identity_association(
        &self,
        region: &Region,
        cluster: &str,
        account: &ServiceAccount,
    ) -> Result<Option<PodIdentityAssociation>, ReadError> {
        let about = (Service::Eks, region);
        let action = "eks:ListPodIdentityAssociations";
        let all = format!("/clusters/{}/pod-identity-associations", encoded(cluster));
        let (namespace, name) = (encoded(account.namespace()), encoded(account.name()));
        let path = format!("{all}?namespace={namespace}&serviceAccount={name}");
        let answer = self.call(action, about, &path, None).await?;
        let list: Associations = read(action, &answer)?;
        let Some(Summary { association_id }) = list.associations.into_iter().next() else {
            return Ok(None);
        };
        let action = "eks:DescribePodIdentityAssociation";
        let path = format!("{all}/{}", encoded(&association_id));
        let answer = self.call(action, about, &path, None).await?;
        let described: Described = read(action, &answer)?;
        Ok(Some(described.association))
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_association_is_read_from_the_example_in_the_api_reference() {
        let text = r#"{"association": {"clusterName": "my-cluster", "namespace": "default",
            "serviceAccount": "my-service-account", "roleArn": "arn:aws:iam::111122223333:role/my-role",
            "associationArn": "arn:aws:eks:us-east-1:111122223333:podidentityassociation/my-cluster/a-abcdefghijklmnop1",
            "associationId": "a-abcdefghijklmnop1", "tags": {}, "createdAt": 1700000000.0}}"#;
        let found: Described = serde_json::from_str(text).unwrap();
        assert_eq!(found.association.id, "a-abcdefghijklmnop1");
        assert_eq!(
            found.association.role,
            "arn:aws:iam::111122223333:role/my-role"
        );
        assert_eq!(found.association.target_role, None);
        let target = "arn:aws:iam::444455556666:role/target";
        let chained = text.replace(
            r#""tags""#,
            &format!(r#""targetRoleArn": "{target}", "externalId": "eks", "tags""#),
        );
        let found: Described = serde_json::from_str(&chained).unwrap();
        assert_eq!(found.association.target_role.as_deref(), Some(target));
    }

    #[test]
    fn a_name_stays_one_segment_of_the_path() {
        assert_eq!(encoded("my-cluster_1"), "my-cluster_1");
        assert_eq!(encoded("../x?y"), "..%2Fx%3Fy");
    }
}
