//! The check that the node's role, which would mask a broken identity, is unreachable.

use irsa_chain::{Cause, Link};

use super::probe::NodeRefusal;
use crate::pod::outcome::cancelled;
use crate::pod::state::Pod;
use crate::pod::text::clean;
use crate::{Check, CheckOutcome, Place, Step};

pub(in crate::pod) const NODE_ROLE: Step<Pod> = Step::once(
    &Check {
        id: "node-role",
        place: Place::Pod,
        link: Link::StsSession,
        question: "Is the node's role unreachable from the pod?",
        description: "Requests a token (IMDSv2) and the name of the node's role from the instance metadata service. The \
                   credentials of that role are not fetched. An SDK that finds no other identity uses them, which masks \
                   the pod's broken identity.",
        causes: &[Cause::NodeRoleReachable],
        needs: &[],
    },
    |pod, _| Box::pin(node_role(pod)),
);

async fn node_role(pod: &mut Pod) -> CheckOutcome {
    if pod.source_name() == "imds" {
        return CheckOutcome::not_applicable("the node's role is the selected identity");
    }
    let is_disabled = pod
        .variable("AWS_EC2_METADATA_DISABLED")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    match pod.node.outcome().await {
        Some(Ok(role)) if is_disabled => CheckOutcome::holds(format!(
            "the role `{role}` is reachable, but AWS_EC2_METADATA_DISABLED keeps SDKs from using it"
        )),
        Some(Ok(role)) => reachable(role),
        Some(Err(NodeRefusal::TimedOut)) => {
            CheckOutcome::holds("the instance metadata service does not respond to this process")
        }
        Some(Err(NodeRefusal::Rejected(error))) if error.cause() == Some(Cause::ImdsRefused) => {
            CheckOutcome::holds(clean(&error.to_string()))
        }
        Some(Err(NodeRefusal::Rejected(error) | NodeRefusal::NotAttempted(error))) => {
            CheckOutcome::unsure(clean(&error.to_string()))
        }
        None => cancelled(),
    }
}

fn reachable(role: &str) -> CheckOutcome {
    CheckOutcome::warning(
        Cause::NodeRoleReachable,
        format!(
            "any process in this pod can use the node's role `{role}`: if the pod's own identity is broken, AWS SDKs fall \
             back to it silently, and the fault then looks like missing permissions of that role"
        ),
    )
}
