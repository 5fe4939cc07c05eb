//! A request that is parsed once and then compared with many statements.

use std::borrow::Cow;

use crate::arn::Arn;
use crate::caller::Caller;
use crate::{Principal, Request};

/// A request with its parsed caller, action and resource.
#[derive(Debug)]
pub(crate) struct PreparedRequest<'a> {
    pub(crate) request: &'a Request<'a>,
    pub(crate) caller: Caller<'a>,
    /// The action in lower case.
    pub(crate) action: Cow<'a, str>,
    /// The resource, if it is an ARN.
    pub(crate) resource: Option<Arn<'a>>,
}

impl<'a> PreparedRequest<'a> {
    /// Parses a request; `bounded` means that the caller has a permissions boundary.
    pub(crate) fn new(request: &'a Request<'a>, bounded: bool) -> Self {
        Self {
            request,
            caller: Caller::new(request.principal, bounded),
            action: lowercase(request.action),
            resource: request.resource.and_then(Arn::parse),
        }
    }

    /// Returns whether the caller can perform the action whatever its policies say (AWS STS API Reference,
    /// "GetCallerIdentity"; IAM User Guide, "Permissions for GetSessionToken").
    pub(crate) fn needs_no_permission(&self) -> bool {
        match &*self.action {
            "sts:getcalleridentity" => matches!(self.request.principal, Principal::Aws(_)),
            "sts:getsessiontoken" => self.caller.is_root() || self.caller.is_user(),
            _ => false,
        }
    }

    /// Returns whether a bucket policy does not apply: the root user of a bucket's account cannot be locked out of the
    /// bucket's policy (Amazon S3 API Reference, "PutBucketPolicy").
    pub(crate) fn is_beyond_bucket_policy(&self) -> bool {
        let actions = [
            "s3:getbucketpolicy",
            "s3:putbucketpolicy",
            "s3:deletebucketpolicy",
        ];
        self.caller.is_root() && actions.contains(&&*self.action)
    }

    /// Returns whether service control policies apply: they limit the users and roles of an account (AWS Organizations
    /// User Guide, "Service control policies").
    pub(crate) fn is_under_service_control(&self) -> bool {
        matches!(self.request.principal, Principal::Aws(_)) && !self.is_by_linked_role()
    }

    /// Returns whether resource control policies apply: they limit all access to a resource (AWS Organizations User
    /// Guide, "Resources and entities not restricted by RCPs").
    pub(crate) fn is_under_resource_control(&self) -> bool {
        self.action != "kms:retiregrant" && !self.is_by_linked_role()
    }

    /// Returns whether the caller is a service-linked role. The ARN of a session does not show this, but
    /// `aws:PrincipalArn` does.
    fn is_by_linked_role(&self) -> bool {
        let is_linked = |arn: &str| {
            Arn::parse(arn).is_some_and(|arn| arn.resource.starts_with("role/aws-service-role/"))
        };
        let mut roles = self.request.context.lowercase("aws:principalarn").iter();
        match self.request.principal {
            Principal::Aws(name) => is_linked(name) || roles.any(|role| is_linked(role)),
            _ => false,
        }
    }
}

fn lowercase(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}
