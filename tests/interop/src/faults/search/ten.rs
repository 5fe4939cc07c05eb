//! The ten faults, in the order of the chain.

use irsa_demo::reference_apps::search_clients::SearchClient;

use super::SearchFault;
use super::pod::Pod;
use crate::Error;

pub(super) const TEN: [SearchFault; 10] = [
    from_catalogue("no-identity"),
    in_pod("token-variable-missing", |pod| {
        pod.unset("AWS_WEB_IDENTITY_TOKEN_FILE");
        pod.open_the_node();
        Ok(())
    }),
    from_catalogue("token-expired"),
    in_pod("trust-subject-mismatch", |pod| {
        let other = match pod.client {
            SearchClient::Operate => "zeebe",
            SearchClient::Zeebe => "operate",
        };
        let role = format!("arn:aws:iam::111122223333:role/camunda/{other}-role");
        pod.set("AWS_ROLE_ARN", role);
        Ok(())
    }),
    // STS keeps running, because the lab is shared.
    in_pod("sts-refused", |pod| {
        pod.set("AWS_ENDPOINT_URL_STS", "https://127.0.0.1:1");
        Ok(())
    }),
    in_pod("es-http-not-allowed", |pod| pod.become_workload("keycloak")),
    in_pod("domain-resource-mismatch", |pod| {
        pod.become_workload("optimize")
    }),
    from_catalogue("region-wrong"),
    from_catalogue("clock-behind"),
    in_pod("fgac-not-granted", |pod| pod.become_workload("tasklist")),
];

/// Returns a fault that the catalogue can set.
const fn from_catalogue(id: &'static str) -> SearchFault {
    SearchFault { id, set: None }
}

/// Returns a fault of the pod's role, environment or files.
const fn in_pod(id: &'static str, set: fn(&mut Pod<'_>) -> Result<(), Error>) -> SearchFault {
    let set = Some(set);
    SearchFault { id, set }
}
