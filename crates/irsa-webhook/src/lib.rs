//! The admission webhook: from an `AdmissionReview` to its response, with the JSON Patch that injects the proxy.
//!
//! It works on raw JSON, because typed webhooks remove the fields that their version of the Kubernetes API does not
//! know. It reads and changes nothing but the review: the caller looks up the service account and the namespace.
//!
//! ```
//! use irsa_webhook::{Facts, Lookup, Object, Outcome, Review, Settings};
//!
//! let review = br#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
//!     "uid": "7f3c", "operation": "CREATE", "namespace": "shop", "resource": {"version": "v1", "resource": "pods"},
//!     "object": {"metadata": {"annotations": {"irsa.dev/postgres": "db.example.com"}},
//!                "spec": {"serviceAccountName": "api", "containers": [{"name": "api"}]}}}}"#;
//! let review = Review::parse(review)?;
//! let role = ("irsa.dev/role-arn".to_owned(), "arn:aws:iam::111122223333:role/api".to_owned());
//! let account = Object { annotations: [role].into(), ..Object::default() };
//! let facts = Facts { service_account: Lookup::Found(account), namespace: Lookup::Absent, is_required: false };
//! let settings = Settings::new("0.2.0", "registry.example.com/irsa@sha256:0", |_, _| Ok(vec![5432]));
//! assert_eq!(review.respond(&facts, &settings).outcome, Outcome::Injected);
//! # Ok::<(), irsa_webhook::ReviewError>(())
//! ```

#![warn(clippy::indexing_slicing, clippy::string_slice)]

mod data_stores;
mod facts;
mod identity;
mod inject;
mod missing;
mod patch;
mod placement;
mod plan;
mod pod;
mod quantity;
mod reason;
mod resources;
mod restore;
mod review;
mod settings;
mod skip_containers;
mod sources;
mod warnings;

pub use self::facts::{Facts, Lookup, Object};
pub use self::missing::lacks_sidecar;
pub use self::quantity::parse as quantity_value;
pub use self::reason::Reason;
pub use self::review::{MAX_BYTES, Outcome, Review, ReviewError, Reviewed};
pub use self::settings::{MalformedArn, Settings, UpstreamPorts};

#[cfg(test)]
mod tests;
