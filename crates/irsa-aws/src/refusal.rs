//! What a refusal says: in XML by the Query protocol, in JSON by REST-JSON.

use irsa_identity::ApiAnswer;
use serde::Deserialize;
use serde_json::Value;

use crate::query::element;
use crate::{ReadError, ReadErrorKind};

/// AWS's own words; what the answer does not tell is empty.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Refusal {
    code: String,
    message: String,
}

/// The refusal of a call of `action`.
pub(crate) fn read(action: &'static str, answer: &ApiAnswer) -> ReadError {
    let text = String::from_utf8_lossy(&answer.body);
    let told = if text.trim_start().starts_with('{') {
        Refusal::from_json(&text)
    } else {
        Refusal::from_xml(&text)
    };
    let Refusal { code, message } = told.unwrap_or_default();
    ReadError::refused(action, answer.status, &code, &message)
}

/// Whether the same call may well succeed a moment later: it was throttled, or AWS failed.
pub(crate) fn passes(action: &'static str, answer: &ApiAnswer) -> bool {
    match answer.status {
        500 | 502..=504 => true,
        400.. => read(action, answer).kind == ReadErrorKind::Throttled,
        _ => false,
    }
}

impl Refusal {
    fn from_xml(text: &str) -> Option<Self> {
        quick_xml::de::from_str(element(text, "Error")?).ok()
    }

    /// Services differ in how they write the names, and some send one of two as `null`. A code may have its namespace
    /// before it and an address behind it ("Operation error serialization" in Smithy's AWS JSON protocols).
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
    fn a_refusal_in_xml_is_told_by_its_code() {
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
    fn a_refusal_in_json_is_told_however_it_is_spelled() {
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
    fn a_refusal_without_a_code_is_told_by_its_words() {
        let body = r#"{"Message":"User: x is not authorized to perform: es:ListDomainNames"}"#;
        let error = read("es:ListDomainNames", &answer(403, body));
        assert_eq!(error.kind, ReadErrorKind::Denied);
    }

    #[test]
    fn a_refusal_in_no_known_form_is_told_by_its_status() {
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
    fn only_what_may_pass_is_worth_another_attempt() {
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
            assert_eq!(passes("iam:GetRole", &answer), expected, "{status} {body}");
        }
    }
}
