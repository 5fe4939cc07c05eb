//! Requests to the API server.

use http::{Method, Request, header};
use kube_client::client::Body;
use serde_json::Value;
use url::form_urlencoded;

use crate::ReadErrorKind;

const JSON: &str = "application/json";
/// The metadata of an object instead of the object ("Receiving resources as Tables" and "PartialObjectMetadata" in the
/// Kubernetes API concepts). Watches use the same type for the object of each event.
pub(crate) const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/// The metadata of the objects of a list.
pub(crate) const METADATA_LIST: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// A request. Its body may contain secrets.
#[derive(Clone)]
pub(crate) struct ApiRequest {
    pub(crate) method: Method,
    pub(crate) path: String,
    accept: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
}

impl ApiRequest {
    pub(crate) fn get(path: &str) -> Self {
        Self::new(Method::GET, path, Vec::new())
    }

    /// Creates an object in the collection at this path.
    pub(crate) fn create(path: &str, object: &Value) -> Self {
        Self::new(Method::POST, path, object.to_string().into_bytes())
    }

    /// Replaces the object at this path.
    pub(crate) fn replace(path: &str, object: &Value) -> Self {
        Self::new(Method::PUT, path, object.to_string().into_bytes())
    }

    /// Applies a JSON Patch (RFC 6902) to the object at this path.
    pub(crate) fn json_patch(path: &str, operations: &Value) -> Self {
        Self {
            content_type: "application/json-patch+json",
            ..Self::new(Method::PATCH, path, operations.to_string().into_bytes())
        }
    }

    /// Asks for this representation of the object.
    pub(crate) fn accept(self, accept: &'static str) -> Self {
        Self { accept, ..self }
    }

    fn new(method: Method, path: &str, body: Vec<u8>) -> Self {
        Self {
            method,
            path: path.to_owned(),
            accept: "application/json, */*",
            content_type: JSON,
            body,
        }
    }

    pub(crate) fn http(&self) -> Result<Request<Body>, ReadErrorKind> {
        Request::builder()
            .method(&self.method)
            .uri(&self.path)
            .header(header::ACCEPT, self.accept)
            .header(header::CONTENT_TYPE, self.content_type)
            .body(Body::from(self.body.clone()))
            .map_err(|error| ReadErrorKind::Other(error.to_string()))
    }
}

/// A name as one segment of a path, or as the value of a parameter.
pub(crate) fn encoded(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_segment_of_the_path() {
        assert_eq!(encoded("../secrets?x"), "..%2Fsecrets%3Fx");
    }
}
