//! The ten faults, in the order of the chain.

use irsa_demo::reference_apps::search_clients::SearchClient;

use super::SearchFault;
use super::pod::Pod;
use crate::Error;

pub(super) const TEN: [SearchFault; 10] = [
    of_the_catalogue("no-identity"),
    of_the_pod("token-variable-missing", |pod| {
        pod.unset("AWS_WEB_IDENTITY_TOKEN_FILE");
        pod.open_the_node();
        Ok(())
    }),
    of_the_catalogue("token-expired"),
    of_the_pod("trust-subject-mismatch", |pod| {
        let other = match pod.client {
            SearchClient::Operate => "zeebe",
            SearchClient::Zeebe => "operate",
        };
        let role = format!("arn:aws:iam::111122223333:role/camunda/{other}-role");
        pod.set("AWS_ROLE_ARN", role);
        Ok(())
    }),
    // The lab is shared: its STS stays.
    of_the_pod("sts-refused", |pod| {
        pod.set("AWS_ENDPOINT_URL_STS", "https://127.0.0.1:1");
        Ok(())
    }),
    of_the_pod("es-http-not-allowed", |pod| pod.become_workload("keycloak")),
    of_the_pod("domain-resource-mismatch", |pod| {
        pod.become_workload("optimize")
    }),
    of_the_catalogue("region-wrong"),
    of_the_catalogue("clock-behind"),
    of_the_pod("fgac-not-granted", |pod| pod.become_workload("tasklist")),
];

/// Broken as the catalogue says.
const fn of_the_catalogue(id: &'static str) -> SearchFault {
    SearchFault { id, set: None }
}

/// Broken by the pod's role, environment or files.
const fn of_the_pod(id: &'static str, set: fn(&mut Pod<'_>) -> Result<(), Error>) -> SearchFault {
    let set = Some(set);
    SearchFault { id, set }
}
