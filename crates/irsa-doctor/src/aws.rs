//! Checks made with read-only AWS calls and decided by `irsa-policy`.
//!
//! They cover what IAM, RDS, OpenSearch Service and EKS hold: the OIDC provider, the role, its policies, the clusters and
//! domains that the workload uses, and its Pod Identity association. The calls are made with the operator's credentials, not the workload's. If those may
//! not read something, the check is unsure and names the action to allow. Service and resource control policies cannot
//! be read from member accounts, so they could still deny what is allowed here.

mod association;
mod authorization;
mod connect;
mod database;
mod domain;
mod grant;
mod pod_identity;
mod provider;
mod reading;
mod requests;
mod role;
mod service_trust;
mod session;
mod state;
mod text;
mod trust;
mod trust_remedy;

use std::time::Duration;

use irsa_identity::IdentityError;

pub use self::state::Aws;
pub(crate) use self::text::put_role_policy;
use crate::step;
use crate::{Check, CheckOutcome, Finding, Progress, Step, Workload};

/// The time limit for reading all policies of a role, one after the other.
const READ_POLICIES: Duration = Duration::from_secs(15);

/// The checks in the chain's order, except that the role comes first: its trust policy shows which kind of identity it is
/// meant for.
pub const STEPS: &[Step<Aws>] = &[
    Step::once(&reading::CREDENTIALS, reading::credentials),
    Step::once(&association::MATCHES, association::matches),
    Step::once(&role::EXISTS, role::exists),
    Step::once(&provider::EXISTS, provider::exists),
    Step::once(&provider::CLIENT_IDS, provider::client_ids),
    Step::once(&trust::ADMITS, trust::admits),
    Step::once(&trust::BREADTH, trust::breadth),
    Step::once(&role::SESSION, role::session),
    Step {
        deadline: READ_POLICIES,
        ..Step::once(&session::POLICIES, session::policies)
    },
    Step::each(&database::EXISTS, Aws::databases, database::exists),
    Step::each(&database::AVAILABLE, Aws::databases, database::available),
    Step::each(&database::IAM, Aws::databases, database::iam),
    Step::each(&connect::ALLOWED, Aws::databases, connect::allowed),
    Step::each(&domain::EXISTS, Aws::domains, domain::exists),
    Step::each(&domain::AVAILABLE, Aws::domains, domain::available),
    Step::each(&requests::ALLOWED, Aws::domains, requests::allowed),
    Step::each(
        &domain::ACCESS_CONTROL,
        Aws::domains,
        domain::access_control,
    ),
];

/// All checks of this place.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    STEPS.iter().map(|step| step.check)
}

/// The findings if there are no credentials to read with.
pub fn unavailable(error: &IdentityError) -> Vec<Finding> {
    let why = format!("no credentials for reading AWS settings: {error}");
    step::unavailable(
        STEPS,
        CheckOutcome::unsure(why).remedy(error.remedy()),
        Duration::ZERO,
    )
}

/// Makes all checks within `limit`. Also returns what is now known of the workload.
pub async fn examine(
    mut state: Aws,
    limit: Duration,
    report: &mut (dyn FnMut(Progress<'_>) + Send),
) -> (Vec<Finding>, Workload) {
    let findings = crate::examine(STEPS, &mut state, limit, report).await;
    (findings, state.into_workload())
}
