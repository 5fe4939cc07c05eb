//! EKS Pod Identity associations.

use serde_json::json;

use super::{configured, created, plan, read, role};

#[test]
fn an_association_names_its_role_by_arn_or_by_reference() {
    let after = json!({
        "cluster_name": "main", "namespace": "shop", "service_account": "api", "region": "eu-central-1",
        "role_arn": "arn:aws:iam::111122223333:role/app",
    });
    let known = created("aws_eks_pod_identity_association.known", &after, &json!({}));
    let mut later = after.clone();
    later["service_account"] = json!("web");
    later["disable_session_tags"] = json!(true);
    later.as_object_mut().unwrap().remove("role_arn");
    let later = created(
        "aws_eks_pod_identity_association.later",
        &later,
        &json!({"role_arn": true}),
    );
    let references = configured(
        "aws_eks_pod_identity_association",
        "later",
        "role_arn",
        &["aws_iam_role.app.arn", "aws_iam_role.app"],
    );
    let changes = [role("aws_iam_role.app", "app"), known, later];
    let inventory = read(&plan(&changes, &json!({"resources": [references]})));
    let association = |account: &str| inventory.association(&account.parse().unwrap()).unwrap();
    let (known, later) = (association("shop/api"), association("shop/web"));
    let cluster = known.cluster.as_ref().unwrap();
    assert_eq!(
        cluster.as_str(),
        "arn:aws:eks:eu-central-1:111122223333:cluster/main"
    );
    assert!(known.has_tags && !later.has_tags);
    for one in [known, later] {
        let name = one.role.as_deref().unwrap();
        assert_eq!(inventory.role(name).unwrap().label, "aws_iam_role.app");
    }
    assert!(
        inventory
            .association(&"shop/other".parse().unwrap())
            .is_none()
    );
}
