//! The ten faults, in the order of the chain.

use super::DatabaseFault;
use super::stage::Pod;
use crate::Error;

pub(super) const TEN: [DatabaseFault; 10] = [
    of_the_catalogue("no-identity"),
    of_the_pod("role-variable-missing", |pod| {
        pod.unset("AWS_ROLE_ARN");
        pod.plan.imds.hop_limit_one = false;
        Ok(())
    }),
    of_the_catalogue("token-expired"),
    of_the_catalogue("token-audience-wrong"),
    of_the_pod("provider-missing", |pod| {
        pod.role("444455556666", "APP-role");
        Ok(())
    }),
    of_the_pod("trust-subject-mismatch", |pod| {
        pod.role("111122223333", "neighbour-role");
        Ok(())
    }),
    of_the_catalogue("sts-refused"),
    of_the_pod("resource-id-mismatch", |pod| {
        pod.role("111122223333", "APP-by-name-role");
        Ok(())
    }),
    of_the_pod("ca-file-wrong", |pod| {
        pod.distrust_database()?;
        Ok(())
    }),
    of_the_pod("rds-iam-not-granted", |pod| {
        pod.user.push_str("_plain");
        Ok(())
    }),
];

/// Broken as the catalogue says.
const fn of_the_catalogue(id: &'static str) -> DatabaseFault {
    DatabaseFault { id, set: None }
}

/// Broken by the pod's role, user or files.
const fn of_the_pod(id: &'static str, set: fn(&mut Pod<'_>) -> Result<(), Error>) -> DatabaseFault {
    let set = Some(set);
    DatabaseFault { id, set }
}
