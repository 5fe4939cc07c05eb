//! Whether the node's role is within reach, which would mask a broken identity.

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
        question: "Is the node's role out of reach?",
        description: "The instance metadata service: whether it gives this process a token (IMDSv2) and the name of the \
                   node's role. Its credentials are not fetched. An SDK that finds no identity of the pod uses \
                   them, which masks the broken identity.",
        causes: &[Cause::NodeRoleReachable],
        needs: &[],
    },
    |pod, _| Box::pin(node_role(pod)),
);

async fn node_role(pod: &mut Pod) -> CheckOutcome {
    if pod.source_name() == "imds" {
        return CheckOutcome::not_applicable("it is the identity that was chosen");
    }
    let told_not_to = pod
        .variable("AWS_EC2_METADATA_DISABLED")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    match pod.node.outcome().await {
        Some(Ok(role)) if told_not_to => CheckOutcome::holds(format!(
            "it gives the role `{role}`, but AWS_EC2_METADATA_DISABLED keeps SDKs from asking"
        )),
        Some(Ok(role)) => reachable(role),
        Some(Err(NodeRefusal::TimedOut)) => {
            CheckOutcome::holds("the instance metadata service does not answer this process")
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
            "any process of this pod can act as the node's role `{role}`: where the pod's own identity is broken, AWS's \
             SDKs do so without a word, and what is wrong shows only as permissions of that role"
        ),
    )
}
