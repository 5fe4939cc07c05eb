//! Checks by AWS's read-only calls, decided by `irsa-policy`.
//!
//! What is looked at is what IAM, RDS and OpenSearch Service hold: the OIDC provider, the role, its policies, and the
//! clusters and domains that the workload uses. Whoever looks has credentials of his own for it. What they don't allow
//! to be read is unsure, with the action to allow. Policies of organizations can't be read by an account of their own,
//! so that whatever is allowed here is allowed but for those.

mod authorization;
mod connect;
mod database;
mod domain;
mod pod_identity;
mod provider;
mod reading;
mod requests;
mod role;
mod session;
mod state;
mod text;
mod trust;

use std::time::Duration;

use irsa_identity::IdentityError;

pub use self::state::Aws;
pub(crate) use self::text::put_role_policy;
use crate::step::closed;
use crate::{Check, CheckOutcome, Finding, Progress, Step, Workload};

/// All policies of a role are read one after the other.
const LONG: Duration = Duration::from_secs(15);

/// What is checked: the role first, whose trust policy tells which identity it is meant for, then in the chain's order.
pub const STEPS: &[Step<Aws>] = &[
    Step::once(&reading::CREDENTIALS, reading::credentials),
    Step::once(&role::EXISTS, role::exists),
    Step::once(&provider::EXISTS, provider::exists),
    Step::once(&provider::CLIENT_IDS, provider::client_ids),
    Step::once(&trust::ADMITS, trust::admits),
    Step::once(&trust::BREADTH, trust::breadth),
    Step::once(&role::SESSION, role::session),
    Step {
        deadline: LONG,
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

/// Every check of this place.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    STEPS.iter().map(|step| step.check)
}

/// What there is to say where nobody can read.
pub fn out_of_reach(error: &IdentityError) -> Vec<Finding> {
    let why = format!("there are no credentials to read with: {error}");
    closed(
        STEPS,
        CheckOutcome::unsure(why).remedy(error.remedy()),
        Duration::ZERO,
    )
}

/// Looks at everything, in no more than `limit`.
pub async fn examine(
    mut state: Aws,
    limit: Duration,
    tell: &mut (dyn FnMut(Progress<'_>) + Send),
) -> (Vec<Finding>, Workload) {
    let findings = crate::examine(STEPS, &mut state, limit, tell).await;
    (findings, state.into_workload())
}
