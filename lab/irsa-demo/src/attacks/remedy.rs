//! Remedies with the names of the demo's world in place of their placeholders.

use crate::pod::Pod;
use crate::stage::Stage;

/// Placeholders, each with its value. Earlier ones win: they include the words around a placeholder that has several
/// meanings.
type Placeholders = Vec<(&'static str, String)>;

/// Returns the values of the demo's world for the placeholders in the remedies of a pod.
pub(super) fn placeholders(stage: &Stage, pod: &Pod) -> Placeholders {
    let facts = stage.facts();
    let issuer = &facts.oidc_issuer.url;
    let bare_issuer = issuer.trim_start_matches("https://");
    let provider = format!("arn:aws:iam::{}:oidc-provider/{bare_issuer}", facts.account);
    let role = pod.role_arn().rsplit('/').next().unwrap_or_default();
    let mut placeholders = vec![
        (
            "arn:aws:iam::ACCOUNT:role/PATH/NAME",
            pod.role_arn().to_owned(),
        ),
        (
            "rolesmapping/ROLE",
            format!("rolesmapping/{}", pod.workload),
        ),
        ("ISSUER_WITHOUT_HTTPS", bare_issuer.to_owned()),
        ("ISSUER", issuer.clone()),
        ("PROVIDER_ARN", provider),
        ("ROLE_ARN", pod.role_arn().to_owned()),
        ("ROLE", role.to_owned()),
        ("ACCOUNT", facts.account.to_string()),
        ("REGION", facts.region.to_string()),
        ("DB_USER", pod.user.clone()),
        ("DB", pod.database.clone()),
    ];
    if let Ok(workload) = stage.workload(&pod.workload) {
        placeholders.push(("NAMESPACE", workload.namespace.clone()));
        placeholders.push(("NAME", workload.service_account.clone()));
    }
    if let Ok(cluster) = stage.cluster() {
        let identifier = format!("--db-cluster-identifier {}", cluster.name);
        placeholders.insert(0, ("--db-cluster-identifier CLUSTER", identifier));
        placeholders.push(("RESOURCE_ID", cluster.resource_id.to_string()));
        placeholders.push(("ENDPOINT", cluster.endpoint.clone()));
        placeholders.push(("HOST:PORT", cluster.dial.clone()));
    }
    if let Ok(domain) = stage.domain() {
        placeholders.push(("DOMAIN", domain.name.clone()));
    }
    placeholders.push(("CLUSTER", stage.kubernetes.clone()));
    placeholders
}

/// Returns the remedy with each placeholder replaced; a placeholder that is part of a longer word stays.
pub(super) fn fill(remedy: &str, placeholders: &Placeholders) -> String {
    let mut filled = String::with_capacity(remedy.len());
    let mut rest = remedy;
    while let Some(next) = rest.chars().next() {
        let is_start = !filled.ends_with(is_in_word);
        let found = placeholders
            .iter()
            .find_map(|(name, value)| Some((value, after(rest, name)?)));
        if let Some((value, after)) = found.filter(|_| is_start) {
            filled.push_str(value);
            rest = after;
        } else {
            filled.push(next);
            rest = rest.get(next.len_utf8()..).unwrap_or_default();
        }
    }
    filled
}

/// Returns the text after `name`, if the text starts with that word.
fn after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.strip_prefix(name)
        .filter(|after| !after.starts_with(is_in_word))
}

fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_are_replaced() {
        let placeholders = vec![("NAME", "keycloak".to_owned()), ("DB", "x".to_owned())];
        assert_eq!(
            fill("`-n NAMESPACE NAME`, DB_USER:NAME", &placeholders),
            "`-n NAMESPACE keycloak`, DB_USER:keycloak"
        );
    }

    #[test]
    fn the_words_around_a_placeholder_choose_its_value() {
        let placeholders = vec![
            ("rolesmapping/ROLE", "rolesmapping/zeebe".to_owned()),
            ("ROLE", "zeebe-role".to_owned()),
        ];
        assert_eq!(
            fill("`rolesmapping/ROLE` for ROLE", &placeholders),
            "`rolesmapping/zeebe` for zeebe-role"
        );
    }
}
