//! The events of a watch ("WatchEvent" in the Kubernetes API reference).

use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::ReadErrorKind;
use crate::response_error::{Status, error_kind};

/// An event, with the version from which a watch continues after it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WatchEvent<T> {
    pub(super) version: String,
    pub(super) change: Change<T>,
}

/// The change that an event reports.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change<T> {
    /// The object was created or changed.
    Set(T),
    /// It was deleted.
    Deleted(T),
    /// Nothing but the version has changed.
    Bookmark,
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: String,
    object: ObjectHead,
}

#[derive(Deserialize)]
struct ObjectHead {
    #[serde(default)]
    metadata: MetadataHead,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct MetadataHead {
    resource_version: String,
}

#[derive(Deserialize)]
struct Body<T> {
    object: T,
}

impl<T: DeserializeOwned> WatchEvent<T> {
    /// Parses a line.
    ///
    /// # Errors
    /// The line is not an event, or it reports an error: the watch cannot continue from where it is.
    pub(super) fn parse(line: &[u8]) -> Result<Self, ReadErrorKind> {
        let Head { kind, object } = parse(line)?;
        let change = match kind.as_str() {
            "ADDED" | "MODIFIED" => Change::Set(parse::<Body<T>>(line)?.object),
            "DELETED" => Change::Deleted(parse::<Body<T>>(line)?.object),
            "BOOKMARK" => Change::Bookmark,
            "ERROR" => return Err(error(&parse::<Body<Status>>(line)?.object)),
            _ => return Err(malformed("an unknown type")),
        };
        let version = object.metadata.resource_version;
        if version.is_empty() {
            return Err(malformed("no version"));
        }
        Ok(Self { version, change })
    }
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T, ReadErrorKind> {
    // The position of the error, not the text.
    serde_json::from_slice(line).map_err(|error| {
        malformed(&format!(
            "an unexpected format at column {}",
            error.column()
        ))
    })
}

fn error(status: &Status) -> ReadErrorKind {
    match StatusCode::from_u16(status.code) {
        Ok(code) => error_kind(code, status),
        Err(_) => malformed("an error without a status"),
    }
}

fn malformed(what: &str) -> ReadErrorKind {
    ReadErrorKind::Other(format!("an event of the watch has {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Namespace;

    fn event(line: &str) -> Result<WatchEvent<Namespace>, ReadErrorKind> {
        WatchEvent::parse(line.as_bytes())
    }

    #[test]
    fn parses_each_type() {
        let object = r#"{"kind": "PartialObjectMetadata", "metadata": {"name": "shop", "resourceVersion": "7"}}"#;
        for (kind, name) in [("ADDED", "shop"), ("MODIFIED", "shop"), ("DELETED", "shop")] {
            let event = event(&format!(r#"{{"type": "{kind}", "object": {object}}}"#)).unwrap();
            assert_eq!(event.version, "7");
            let (Change::Set(set) | Change::Deleted(set)) = &event.change else {
                panic!("{event:?}");
            };
            assert_eq!(set.metadata.name, name);
            assert_eq!(
                matches!(event.change, Change::Deleted(_)),
                kind == "DELETED"
            );
        }
        let bookmark =
            event(r#"{"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "8"}}}"#);
        let expected = WatchEvent {
            version: "8".to_owned(),
            change: Change::Bookmark,
        };
        assert_eq!(bookmark.unwrap(), expected);
    }

    #[test]
    fn errors_have_their_status() {
        let gone = r#"{"type": "ERROR", "object": {"kind": "Status", "metadata": {}, "code": 410,
                      "message": "too old resource version: 1 (9)", "reason": "Expired"}}"#;
        let expected = ReadErrorKind::Expired("too old resource version: 1 (9)".to_owned());
        assert_eq!(event(gone).unwrap_err(), expected);
    }

    #[test]
    fn anything_else_is_an_error() {
        for line in [
            "",
            "{}",
            "[",
            r#"{"type": "ADDED", "object": {}}"#,
            r#"{"type": "ADDED", "object": {"metadata": {"resourceVersion": ""}}}"#,
            r#"{"type": "ADDED", "object": {"metadata": {"resourceVersion": 7}}}"#,
            r#"{"type": "MOVED", "object": {"metadata": {"resourceVersion": "7"}}}"#,
            r#"{"type": "ERROR", "object": {}}"#,
            r#"{"type": "ERROR", "object": {"code": 99999}}"#,
        ] {
            let error = event(line).unwrap_err();
            assert!(matches!(error, ReadErrorKind::Other(_)), "{line}: {error}");
        }
        assert!(event(&"[".repeat(100_000)).is_err());
    }
}
