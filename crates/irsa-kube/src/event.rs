//! Creates events (events.k8s.io).

use std::time::{SystemTime, UNIX_EPOCH};

use irsa_chain::timestamp::rfc3339;
use serde_json::{Value, json};

use crate::api_request::{ApiRequest, encoded};
use crate::reader::rule;
use crate::{KubeReader, ReadError};

/// The limits of the API ("Event" in the Kubernetes API reference), in bytes.
const MAX_NOTE: usize = 1024;
const MAX_NAME: usize = 128;
/// The namespace of events about cluster-scoped objects.
const DEFAULT_NAMESPACE: &str = "default";

/// An event to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// The object that it is about.
    pub regarding: ObjectReference,
    /// Its type.
    pub kind: EventKind,
    /// The reason in camel case, such as `SidecarNotInjected`; at most 128 bytes.
    pub reason: String,
    /// What was done or failed, in camel case, such as `Inject`; at most 128 bytes.
    pub action: String,
    /// The text for people; what exceeds 1024 bytes is cut off.
    pub note: String,
    /// The controller that reports it, as a qualified name such as `irsa.dev/webhook`.
    pub controller: String,
    /// The instance of the controller, such as the name of its pod; at most 128 bytes.
    pub instance: String,
}

/// The object that an event is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectReference {
    /// The group and version of its kind, such as `v1` or `apps/v1`.
    pub api_version: String,
    /// Its kind, such as `ServiceAccount`.
    pub kind: String,
    /// Its namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its unique ID, by which `kubectl describe` finds its events.
    pub uid: Option<String>,
}

/// The type of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// Information.
    Normal,
    /// A problem.
    Warning,
}

impl KubeReader {
    /// Creates an event with this time. The API server removes it after an hour by default.
    ///
    /// # Errors
    /// See [`crate::ReadErrorKind`].
    pub async fn create_event(&self, event: &NewEvent, time: SystemTime) -> Result<(), ReadError> {
        let namespace = event.namespace();
        let rule = rule("create", "events.events.k8s.io", Some(namespace), None);
        let path = format!(
            "/apis/events.k8s.io/v1/namespaces/{}/events",
            encoded(namespace)
        );
        let request = ApiRequest::create(&path, &event.object(time));
        self.send(&rule, request).await?;
        Ok(())
    }
}

// === impl NewEvent ===

impl NewEvent {
    fn namespace(&self) -> &str {
        match self.regarding.namespace.as_str() {
            "" => DEFAULT_NAMESPACE,
            namespace => namespace,
        }
    }

    fn object(&self, time: SystemTime) -> Value {
        let regarding = &self.regarding;
        json!({
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {
                "generateName": format!("{}-", regarding.name),
                "namespace": self.namespace(),
            },
            "eventTime": micro_time(time),
            "type": match self.kind {
                EventKind::Normal => "Normal",
                EventKind::Warning => "Warning",
            },
            "reason": truncated(&self.reason, MAX_NAME),
            "action": truncated(&self.action, MAX_NAME),
            "note": truncated(&self.note, MAX_NOTE),
            "reportingController": self.controller,
            "reportingInstance": truncated(&self.instance, MAX_NAME),
            "regarding": {
                "apiVersion": regarding.api_version,
                "kind": regarding.kind,
                "namespace": regarding.namespace,
                "name": regarding.name,
                "uid": regarding.uid,
            },
        })
    }
}

/// A time in the format of `MicroTime`, which requires the fraction.
fn micro_time(time: SystemTime) -> String {
    let seconds = rfc3339(time);
    let micros = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = seconds.trim_end_matches('Z');
    format!("{seconds}.{:06}Z", micros.subsec_micros())
}

/// The text with at most `limit` bytes; an ellipsis replaces the end of a longer one.
fn truncated(text: &str, limit: usize) -> String {
    const ELLIPSIS: char = '…';
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(limit - ELLIPSIS.len_utf8());
    let mut kept = text[..end].to_owned();
    kept.push(ELLIPSIS);
    kept
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn long_texts_are_cut_at_a_character() {
        let note = truncated(&"é".repeat(600), MAX_NOTE);
        assert_eq!(note.len(), 1023);
        assert!(note.ends_with("é…"), "{note}");
        assert_eq!(truncated("short", MAX_NAME), "short");
    }

    #[test]
    fn times_have_microseconds() {
        let time = UNIX_EPOCH + Duration::from_micros(1_000_007);
        assert_eq!(micro_time(time), "1970-01-01T00:00:01.000007Z");
    }
}
