//! The requests that EKS Pod Identity makes for a role: the service assumes the role for the pod and tags the session
//! (EKS user guide, "Create IAM role with trust policy required by EKS Pod Identity", "Grant Pods access to AWS
//! resources based on tags").

use irsa_chain::{AccountId, Arn, ServiceAccount};

use crate::request_context::{RequestContext, RequestKind};

/// The service principal.
pub const PRINCIPAL: &str = "pods.eks.amazonaws.com";

/// The actions that the trust policy must allow.
pub const ACTIONS: [&str; 2] = ["sts:AssumeRole", "sts:TagSession"];

/// The page that lists the tags that the service adds. It adds no others.
const TAGS_PAGE: &str = "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html";

/// The tags that the service adds to the session.
const TAGS: [&str; 6] = [
    "eks-cluster-arn",
    "eks-cluster-name",
    "kubernetes-namespace",
    "kubernetes-service-account",
    "kubernetes-pod-name",
    "kubernetes-pod-uid",
];

/// A pod for which the service assumes a role.
#[derive(Debug, Clone, Copy)]
pub struct PodIdentity<'a> {
    /// The service account of the pod.
    pub service_account: &'a ServiceAccount,
    /// The ARN of the cluster, `arn:aws:eks:REGION:ACCOUNT:cluster/NAME`, if known.
    pub cluster: Option<&'a Arn>,
    /// Whether the association adds session tags, which is the default.
    pub has_tags: bool,
}

// === impl PodIdentity ===

impl PodIdentity<'_> {
    /// The actions that the trust policy must allow for this pod.
    pub fn actions(&self) -> &'static [&'static str] {
        let [assume, _] = &ACTIONS;
        if self.has_tags {
            &ACTIONS
        } else {
            std::slice::from_ref(assume)
        }
    }

    /// The condition keys of the request for a role in `account`.
    pub fn context(&self, account: Option<&AccountId>) -> RequestContext {
        let mut context = RequestContext::for_request(
            PRINCIPAL,
            ACTIONS.first().copied().unwrap_or_default(),
            None,
        );
        self.fill_tags(&mut context, "aws:RequestTag/");
        context.leave_out("aws:RequestTag/", TAGS_PAGE);
        if self.has_tags {
            context.fill("aws:TagKeys", TAGS);
            context.fill("sts:TransitiveTagKeys", TAGS);
        } else {
            context.leave_out("aws:TagKeys", TAGS_PAGE);
        }
        if let Some(account) = account {
            context.fill_resource_account(account.as_str());
            // The role of an association is always in the account of the cluster.
            context.fill("aws:SourceAccount", [account.as_str()]);
        }
        if let Some(cluster) = self.cluster {
            context.fill("aws:SourceArn", [cluster.as_str()]);
            context.fill("aws:SourceAccount", [cluster.account()]);
            context.fill("aws:RequestedRegion", [cluster.region()]);
        }
        context
    }

    /// Sets the session tags that the service adds. The session also has the tags of its role.
    pub fn fill_session_tags(&self, context: &mut RequestContext) {
        self.fill_tags(context, "aws:PrincipalTag/");
    }

    /// Sets the tags of the service under this prefix. The tags with the pod's name and UID are unknown, and so are
    /// those of a cluster that is not given.
    fn fill_tags(&self, context: &mut RequestContext, prefix: &str) {
        for tag in TAGS.iter().filter(|_| self.has_tags) {
            let key = format!("{prefix}{tag}");
            match self.value(tag) {
                Some(value) => context.fill(&key, [value]),
                None => context.leave_unknown(&key),
            }
        }
    }

    fn value(&self, tag: &str) -> Option<&str> {
        match tag {
            "kubernetes-namespace" => Some(self.service_account.namespace()),
            "kubernetes-service-account" => Some(self.service_account.name()),
            "eks-cluster-arn" => self.cluster.map(Arn::as_str),
            "eks-cluster-name" => self.cluster?.resource().strip_prefix("cluster/"),
            _ => None,
        }
    }
}

/// The page that documents that requests of this kind lack `key` (in lower case), as the service does not add such a
/// tag.
pub(crate) fn lacks(kind: RequestKind, key: &str) -> Option<&'static str> {
    let tag = key.strip_prefix("aws:requesttag/")?;
    let is_other = !TAGS.iter().any(|known| known.eq_ignore_ascii_case(tag));
    (kind == RequestKind::PodIdentity && is_other).then_some(TAGS_PAGE)
}
