//! Error responses: XML in the Query protocol, JSON in REST-JSON.

use irsa_identity::ApiAnswer;
use serde::Deserialize;
use serde_json::Value;

use crate::xml::element;
use crate::{ReadError, ReadErrorKind};

/// The code and the message of an error response; empty if they are missing.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ErrorResponse {
    code: String,
    message: String,
}

/// Reads the error response to a call of `action`.
pub(crate) fn read(action: &'static str, answer: &ApiAnswer) -> ReadError {
    let text = String::from_utf8_lossy(&answer.body);
    let response = if text.trim_start().starts_with('{') {
        ErrorResponse::from_json(&text)
    } else {
        ErrorResponse::from_xml(&text)
    };
    let ErrorResponse { code, message } = response.unwrap_or_default();
    ReadError::from_response(action, answer.status, &code, &message)
}

/// Returns whether a retry may succeed: the call was throttled, or AWS returned an internal error.
pub(crate) fn is_transient(action: &'static str, answer: &ApiAnswer) -> bool {
    match answer.status {
        500 | 502..=504 => true,
        400.. => read(action, answer).kind == ReadErrorKind::Throttled,
        _ => false,
    }
}

impl ErrorResponse {
    fn from_xml(text: &str) -> Option<Self> {
        quick_xml::de::from_str(element(text, "Error")?).ok()
    }

    /// Reads JSON. Services spell the names differently, and some send a second spelling as `null`. A namespace may
    /// precede the code, and a URL may follow it ("Operation error serialization" in Smithy's AWS JSON protocols).
    fn from_json(text: &str) -> Option<Self> {
        let body: Value = serde_json::from_str(text).ok()?;
        let first = |names: &[&str]| {
            let mut texts = names.iter().filter_map(|name| body.get(name)?.as_str());
            texts.next().unwrap_or_default().to_owned()
        };
        let code = first(&["__type", "code", "Code"]);
        let code = code.rsplit('#').next().unwrap_or_default();
        Some(Self {
            code: code.split(':').next().unwrap_or_default().to_owned(),
            message: first(&["message", "Message"]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> ApiAnswer {
        let body = body.as_bytes().to_vec();
        ApiAnswer { status, body }
    }

    #[test]
    fn an_xml_error_is_classified_by_its_code() {
        let text = "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>NoSuchEntity</Code>\
                    <Message>The role with name x cannot be found.</Message></Error></ErrorResponse>";
        let error = read("iam:GetRole", &answer(404, text));
        assert_eq!(error.kind, ReadErrorKind::Absent);
        assert_eq!(
            error.to_string(),
            "`iam:GetRole`: NoSuchEntity: The role with name x cannot be found."
        );
    }

    #[test]
    fn a_json_error_is_read_in_every_spelling() {
        for body in [
            r#"{"Message": "no", "message": null, "__type": "AccessDeniedException"}"#,
            r#"{"message": "no", "code": "AccessDeniedException"}"#,
            r#"{"message": "no", "__type": "com.amazonaws.es#AccessDeniedException:http://x/", "code": 7}"#,
        ] {
            let error = read("es:DescribeDomains", &answer(403, body));
            assert_eq!(error.kind, ReadErrorKind::Denied, "{body}");
            assert_eq!(error.text, "AccessDeniedException: no", "{body}");
        }
    }

    #[test]
    fn an_error_without_a_code_is_classified_by_its_message() {
        let body = r#"{"Message":"User: x is not authorized to perform: es:ListDomainNames"}"#;
        let error = read("es:ListDomainNames", &answer(403, body));
        assert_eq!(error.kind, ReadErrorKind::Denied);
    }

    #[test]
    fn an_error_in_an_unknown_format_is_reported_by_its_status() {
        for text in [
            "",
            "<html>",
            "</Error><Error>",
            "<Error></Error>",
            "{\"message\": 7}",
            "\u{fffd}",
        ] {
            let error = read("iam:GetRole", &answer(502, text));
            assert_eq!(error.text, "HTTP status 502", "{text}");
        }
    }

    #[test]
    fn only_transient_errors_are_retried() {
        let throttled = "<R><Error><Code>Throttling</Code></Error></R>";
        for (status, body, expected) in [
            (400, throttled, true),
            (429, "{}", true),
            (503, "", true),
            (501, "", false),
            (403, "", false),
            (200, throttled, false),
        ] {
            let answer = answer(status, body);
            let is_transient = is_transient("iam:GetRole", &answer);
            assert_eq!(is_transient, expected, "{status} {body}");
        }
    }
}
