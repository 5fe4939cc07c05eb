//! Reviews and their responses (admission.k8s.io).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use irsa_chain::untrusted::printable;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::facts::Facts;
use crate::inject;
use crate::patch::Patch;
use crate::plan::plan;
use crate::pod::Pod;
use crate::reason::{Reason, Refusal};
use crate::settings::{MalformedArn, Settings};
use crate::warnings::Warnings;

/// The maximum size of a review in bytes. The API server accepts objects of at most 3 MiB.
pub const MAX_BYTES: usize = 4 << 20;

/// The versions of reviews, which differ in their name only.
const VERSIONS: [&str; 2] = ["admission.k8s.io/v1", "admission.k8s.io/v1beta1"];
/// The maximum number of characters of the reason for a rejection.
const LONGEST: usize = 500;

/// A review of a new pod.
#[derive(Debug, Clone)]
pub struct Review {
    version: &'static str,
    request: Request,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    uid: String,
    #[serde(default)]
    operation: String,
    #[serde(default)]
    resource: Resource,
    #[serde(default)]
    sub_resource: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    dry_run: Option<bool>,
    #[serde(default)]
    object: Value,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Resource {
    group: String,
    resource: String,
}

/// The reason why a review has no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewError {
    /// It is too large.
    #[error("the review has {0} bytes; the limit is {MAX_BYTES}")]
    TooLarge(usize),
    /// It is not JSON, or its request lacks a field.
    #[error("the review is malformed at line {line} column {column}")]
    Malformed {
        /// The line of the error, from 1.
        line: usize,
        /// The column of the error, from 1.
        column: usize,
    },
    /// It is something else.
    #[error("expected an AdmissionReview of admission.k8s.io/v1 or v1beta1")]
    NotAReview,
}

/// What the webhook did with a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It injected the sidecar.
    Injected,
    /// The pod had the sidecar, and other webhooks had removed parts of it, which it added again.
    Restored,
    /// The pod has the sidecar.
    Unchanged,
    /// The pod got the sidecar in an earlier call and keeps it, although it would get none now: it must at least run.
    Kept(Reason),
    /// The pod starts without the sidecar.
    NotInjected(Reason),
    /// The pod was rejected.
    Denied(Reason),
}

/// A response with its outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Reviewed {
    /// The response, an `AdmissionReview`.
    pub response: Value,
    /// What happened to the pod.
    pub outcome: Outcome,
    /// The reason why it gets no sidecar, for the log and the event; empty if no one expects one.
    pub detail: String,
}

impl Review {
    /// Parses a review.
    ///
    /// # Errors
    /// It is not an `AdmissionReview` that can be answered.
    pub fn parse(body: &[u8]) -> Result<Self, ReviewError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Envelope {
            #[serde(default)]
            api_version: String,
            #[serde(default)]
            kind: String,
            request: Option<Request>,
        }
        if body.len() > MAX_BYTES {
            return Err(ReviewError::TooLarge(body.len()));
        }
        let envelope: Envelope =
            serde_json::from_slice(body).map_err(|error| ReviewError::Malformed {
                line: error.line(),
                column: error.column(),
            })?;
        let version = VERSIONS
            .into_iter()
            .find(|version| *version == envelope.api_version);
        match (version, envelope.request) {
            (Some(version), Some(request)) if envelope.kind == "AdmissionReview" => {
                Ok(Self { version, request })
            }
            _ => Err(ReviewError::NotAReview),
        }
    }

    /// The namespace of the pod.
    pub fn namespace(&self) -> &str {
        &self.request.namespace
    }

    /// The name of the pod's service account.
    pub fn service_account(&self) -> &str {
        Pod::new(&self.request.object).service_account()
    }

    /// The pod.
    pub fn object(&self) -> &Value {
        &self.request.object
    }

    /// Returns whether the pod is not stored, so that the review must have no effects.
    pub fn is_dry_run(&self) -> bool {
        self.request.dry_run == Some(true)
    }

    /// Returns whether the response depends on the service account and the namespace.
    pub fn needs_facts(&self) -> bool {
        self.is_creation() && !Pod::new(&self.request.object).is_mirror()
    }

    /// Decides about the pod.
    pub fn respond(&self, facts: &Facts, settings: &Settings) -> Reviewed {
        let mut warnings = Warnings::default();
        match self.patch(facts, settings, &mut warnings) {
            Ok((outcome, patch)) => Reviewed {
                response: self.allowed(&patch, warnings),
                outcome,
                detail: String::new(),
            },
            Err(refusal) => self.refused(refusal, facts, settings, warnings),
        }
    }

    fn is_creation(&self) -> bool {
        let request = &self.request;
        let is_pod = request.resource.group.is_empty() && request.resource.resource == "pods";
        request.operation == "CREATE" && is_pod && request.sub_resource.is_empty()
    }

    fn patch(
        &self,
        facts: &Facts,
        settings: &Settings,
        warnings: &mut Warnings,
    ) -> Result<(Outcome, Patch), Refusal> {
        if !self.is_creation() {
            return Err(Refusal::silent(Reason::NotACreation));
        }
        let pod = Pod::new(&self.request.object);
        let plan = plan(pod, self.namespace(), facts, settings, warnings);
        warnings.add_unknown_names(pod, facts);
        let patch = inject::patch(pod, &plan?, settings)
            .map_err(|error| Refusal::new(Reason::MalformedPod, error.to_string()))?;
        let outcome = match pod.container(irsa_sidecar::CONTAINER) {
            None => Outcome::Injected,
            Some(_) if patch.is_empty() => Outcome::Unchanged,
            Some(_) => Outcome::Restored,
        };
        Ok((outcome, patch))
    }

    fn refused(
        &self,
        refusal: Refusal,
        facts: &Facts,
        settings: &Settings,
        mut warnings: Warnings,
    ) -> Reviewed {
        let Refusal { reason, detail } = refusal;
        let detail = printable(&detail).longest(LONGEST).to_string();
        let is_denied = facts.is_required() && reason.is_denied_if_required()
            || reason == Reason::RoleArnInvalid && settings.malformed_arn == MalformedArn::Deny;
        if is_denied {
            let message = format!(
                "irsa cannot inject its sidecar ({}): {detail}",
                reason.as_str()
            );
            return Reviewed {
                response: self.denied(&message, warnings),
                outcome: Outcome::Denied(reason),
                detail,
            };
        }
        let pod = Pod::new(&self.request.object);
        if self.needs_facts() && pod.has_injected_sidecar() {
            return self.kept(pod, reason, detail, warnings);
        }
        if !reason.is_silent() {
            warnings.add_first(format!(
                "sidecar not injected ({}): {detail}",
                reason.as_str()
            ));
        }
        Reviewed {
            response: self.allowed(&Patch::default(), warnings),
            outcome: Outcome::NotInjected(reason),
            detail,
        }
    }

    /// The response for a pod that got its sidecar in an earlier call, although it would get none now: another webhook
    /// changed the pod, or the service account cannot be read any more. The sidecar must at least run.
    fn kept(
        &self,
        pod: Pod<'_>,
        reason: Reason,
        detail: String,
        mut warnings: Warnings,
    ) -> Reviewed {
        if !reason.is_silent() {
            warnings.add_first(format!(
                "sidecar injected, but it may not work ({}): {detail}",
                reason.as_str()
            ));
        }
        Reviewed {
            response: self.allowed(&inject::keep_running(pod), warnings),
            outcome: Outcome::Kept(reason),
            detail,
        }
    }

    fn allowed(&self, patch: &Patch, warnings: Warnings) -> Value {
        let mut fields = Map::new();
        fields.insert("allowed".to_owned(), true.into());
        if !patch.is_empty() {
            let encoded = BASE64_STANDARD.encode(json!(patch).to_string());
            fields.insert("patchType".to_owned(), "JSONPatch".into());
            fields.insert("patch".to_owned(), encoded.into());
        }
        self.envelope(fields, warnings)
    }

    fn denied(&self, message: &str, warnings: Warnings) -> Value {
        let status = json!({"code": 403, "reason": "Forbidden", "message": message});
        let fields = [("allowed", Value::from(false)), ("status", status)];
        let fields = fields.map(|(key, value)| (key.to_owned(), value));
        self.envelope(fields.into_iter().collect(), warnings)
    }

    fn envelope(&self, mut response: Map<String, Value>, warnings: Warnings) -> Value {
        let warnings = warnings.into_texts();
        if !warnings.is_empty() {
            response.insert("warnings".to_owned(), warnings.into());
        }
        response.insert("uid".to_owned(), self.request.uid.clone().into());
        json!({"apiVersion": self.version, "kind": "AdmissionReview", "response": response})
    }
}
