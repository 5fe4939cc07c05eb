//! Parameters that callers pass to the requested session: session policies, tags, and the source identity.
//!
//! Rules: IAM User Guide, "Policies and permissions in IAM" (session policies), "Pass session tags in AWS STS",
//! "Monitor and control actions taken with assumed roles" (source identity).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use irsa_chain::Cause;
use irsa_policy::{Context, Policy, PolicyKind};
use serde::de::IgnoredAny;

use super::error::StsError;
use super::parameters::Parameters;
use super::validate::{check, length, words};
use crate::sessions::SessionSpec;

/// Maximum number of characters of policies and tags together, packed.
const ROOM: usize = 2_048;

/// The passed parameters.
#[derive(Debug, Default)]
pub(super) struct Passed {
    /// The inline session policy.
    pub(super) policy: Option<Arc<Policy>>,
    /// All tags of the new session, including those that it inherits from the caller's session.
    pub(super) tags: BTreeMap<String, String>,
    /// The keys of the transitive tags.
    pub(super) transitive: BTreeSet<String>,
    /// The source identity.
    pub(super) source_identity: Option<String>,
    /// The used share of the limit in percent; absent if neither policies nor tags are passed.
    pub(super) packed: Option<usize>,
}

impl Passed {
    /// Parses only the policy: with a web identity, parameters can pass nothing else.
    pub(super) fn with_policy(parameters: &Parameters) -> Result<Self, StsError> {
        let json = parameters.get("Policy");
        let broken = json.and_then(|_| length("policy", json, 1, 2_048, None));
        check(broken.as_slice())?;
        let policy = json.map(parse).transpose()?.map(Arc::new);
        let packed = json.map(|json| percent(json.chars().count()));
        Ok(Self {
            policy,
            packed,
            ..Self::default()
        })
    }

    /// Parses all parameters; `caller` is the caller's session.
    pub(super) fn read(parameters: &Parameters, caller: &SessionSpec) -> Result<Self, StsError> {
        let mut passed = Self::with_policy(parameters)?;
        passed.inherit(caller);
        passed.add_tags(parameters)?;
        passed.name_source(parameters, caller)?;
        Ok(passed)
    }

    /// Returns the actions that the step needs in addition to `sts:AssumeRole`.
    pub(super) fn actions(&self) -> impl Iterator<Item = &'static str> {
        let tag = (!self.tags.is_empty()).then_some("sts:TagSession");
        let source = self.source_identity.as_ref();
        tag.into_iter()
            .chain(source.map(|_| "sts:SetSourceIdentity"))
    }

    /// Adds the condition keys of the parameters.
    pub(super) fn fill(&self, context: &mut Context) {
        for (key, value) in &self.tags {
            context.insert(format!("aws:RequestTag/{key}"), [value.clone()]);
        }
        if !self.tags.is_empty() {
            context.insert("aws:TagKeys", self.tags.keys().cloned());
        }
        if !self.transitive.is_empty() {
            context.insert("sts:TransitiveTagKeys", self.transitive.iter().cloned());
        }
        context.insert("sts:SourceIdentity", self.source_identity.clone());
    }

    fn inherit(&mut self, caller: &SessionSpec) {
        self.transitive.clone_from(&caller.transitive_tags);
        let handed_down = caller.tags.iter();
        self.tags = handed_down
            .filter(|(key, _)| self.transitive.contains(*key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        self.source_identity.clone_from(&caller.source_identity);
    }

    fn add_tags(&mut self, parameters: &Parameters) -> Result<(), StsError> {
        let mut size = 0;
        for number in 1.. {
            let name = |field| format!("Tags.member.{number}.{field}");
            let Some(key) = parameters.get(&name("Key")) else {
                break;
            };
            let value = parameters.get(&name("Value")).unwrap_or_default();
            size += key.chars().count() + value.chars().count();
            let is_this = |other: &&String| other.eq_ignore_ascii_case(key);
            match self.tags.keys().find(is_this) {
                Some(tag) if self.transitive.contains(tag) => return Err(conflict()),
                Some(_) => return Err(StsError::validation(DUPLICATE, None)),
                None => self.tags.insert(key.to_owned(), value.to_owned()),
            };
        }
        for number in 1.. {
            let name = format!("TransitiveTagKeys.member.{number}");
            let Some(key) = parameters.get(&name) else {
                break;
            };
            if !self.tags.contains_key(key) {
                return Err(StsError::validation(NO_TAG, None));
            }
            self.transitive.insert(key.to_owned());
        }
        if size > 0 {
            self.packed = Some(self.packed.unwrap_or_default() + percent(size));
        }
        match self.packed {
            Some(packed) if packed > 100 => Err(too_large(packed)),
            _ => Ok(()),
        }
    }

    /// The source identity cannot be changed along the chain once it is set.
    fn name_source(
        &mut self,
        parameters: &Parameters,
        caller: &SessionSpec,
    ) -> Result<(), StsError> {
        let Some(name) = parameters.get("SourceIdentity") else {
            return Ok(());
        };
        check(words("sourceIdentity", Some(name), None).as_slice())?;
        let set = caller.source_identity.as_deref();
        if set.is_some_and(|set| set != name) {
            return Err(StsError::access_denied(
                SOURCE_SET,
                Cause::ChainedRoleDenied,
            ));
        }
        self.source_identity = Some(name.to_owned());
        Ok(())
    }
}

const DUPLICATE: &str = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
const NO_TAG: &str = "The specified transitive tag key must be included in the requested tags.";
const SOURCE_SET: &str = "Source identity can't be changed once it is set.";

fn parse(json: &str) -> Result<Policy, StsError> {
    Policy::parse(PolicyKind::Session, json).map_err(|error| {
        tracing::info!(%error, "a session policy is malformed");
        let is_json = serde_json::from_str::<IgnoredAny>(json).is_ok();
        let message = if is_json {
            "Syntax errors in policy."
        } else {
            "This policy contains invalid Json"
        };
        StsError::parameter("MalformedPolicyDocument", message)
    })
}

fn percent(characters: usize) -> usize {
    (characters * 100).div_ceil(ROOM)
}

fn too_large(packed: usize) -> StsError {
    let message =
        format!("Packed policy consumes {packed}% of allotted space, please use smaller policy.");
    StsError::parameter("PackedPolicyTooLarge", message)
}

fn conflict() -> StsError {
    let message = "One of the specified transitive tag keys can't be set because it conflicts with \
                   a transitive tag key from the calling session.";
    StsError::parameter("InvalidParameterValue", message)
}
