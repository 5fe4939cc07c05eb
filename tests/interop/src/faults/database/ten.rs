//! The ten faults, in the order of the chain.

use super::DatabaseFault;
use super::stage::Pod;
use crate::Error;

pub(super) const TEN: [DatabaseFault; 10] = [
    from_catalogue("no-identity"),
    in_pod("role-variable-missing", |pod| {
        pod.unset("AWS_ROLE_ARN");
        pod.plan.imds.hop_limit_one = false;
        Ok(())
    }),
    from_catalogue("token-expired"),
    from_catalogue("token-audience-wrong"),
    in_pod("provider-missing", |pod| {
        pod.role("444455556666", "APP-role");
        Ok(())
    }),
    in_pod("trust-subject-mismatch", |pod| {
        pod.role("111122223333", "neighbour-role");
        Ok(())
    }),
    from_catalogue("sts-refused"),
    in_pod("resource-id-mismatch", |pod| {
        pod.role("111122223333", "APP-by-name-role");
        Ok(())
    }),
    in_pod("ca-file-wrong", |pod| {
        pod.distrust_database()?;
        Ok(())
    }),
    in_pod("rds-iam-not-granted", |pod| {
        pod.user.push_str("_plain");
        Ok(())
    }),
];

/// Returns a fault that the catalogue can set.
const fn from_catalogue(id: &'static str) -> DatabaseFault {
    DatabaseFault { id, set: None }
}

/// Returns a fault of the pod's role, user or files.
const fn in_pod(id: &'static str, set: fn(&mut Pod<'_>) -> Result<(), Error>) -> DatabaseFault {
    let set = Some(set);
    DatabaseFault { id, set }
}
