//! XML responses with the layout of STS: two spaces of indentation, a line break at the end.

use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};

use crate::reply;

/// The namespace of STS.
pub(super) const STS_NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// An element with text or with child elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Element {
    Text(&'static str, String),
    Parent(&'static str, Vec<Element>),
}

/// Returns `<OPERATIONResponse>` with `<OPERATIONResult>`.
pub(super) fn success(operation: &str, result: &[Element], request_id: &str) -> Response<Bytes> {
    let mut body = String::new();
    for element in result {
        write_element(&mut body, element, 2);
    }
    let body = format!(
        "<{operation}Response xmlns=\"{STS_NAMESPACE}\">\n  <{operation}Result>\n{body}  \
         </{operation}Result>\n  <ResponseMetadata>\n    <RequestId>{request_id}</RequestId>\n  \
         </ResponseMetadata>\n</{operation}Response>\n"
    );
    response(StatusCode::OK, body, request_id)
}

/// Returns `<ErrorResponse>` with its `<Error>`.
pub(super) fn error(
    status: StatusCode,
    namespace: &str,
    error: Vec<Element>,
    request_id: &str,
) -> Response<Bytes> {
    let mut body = format!("<ErrorResponse xmlns=\"{namespace}\">\n");
    write_element(&mut body, &Element::Parent("Error", error), 1);
    write_element(
        &mut body,
        &Element::Text("RequestId", request_id.to_owned()),
        1,
    );
    body.push_str("</ErrorResponse>\n");
    response(status, body, request_id)
}

fn response(status: StatusCode, body: String, request_id: &str) -> Response<Bytes> {
    let mut response = reply::with_type("text/xml", status, body);
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        response
            .headers_mut()
            .insert("x-amzn-requestid", request_id);
    }
    response
}

fn write_element(out: &mut String, element: &Element, depth: usize) {
    let indent = "  ".repeat(depth);
    // Writing to a `String` cannot fail.
    let _ = match element {
        Element::Text(name, text) => writeln!(out, "{indent}<{name}>{}</{name}>", escape(text)),
        Element::Parent(name, children) => {
            let _ = writeln!(out, "{indent}<{name}>");
            for child in children {
                write_element(out, child, depth + 1);
            }
            writeln!(out, "{indent}</{name}>")
        }
    };
}

/// Escapes markup, and drops characters that XML does not allow.
fn escape(text: &str) -> String {
    let allowed = |c: &char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
    text.chars()
        .filter(allowed)
        .fold(String::with_capacity(text.len()), |mut out, c| {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                _ => out.push(c),
            }
            out
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_has_the_layout_of_sts() {
        let result = vec![Element::Parent(
            "User",
            vec![Element::Text("Arn", "a<b>&c".to_owned())],
        )];
        let response = success("GetX", &result, "id-1");
        let expected = "<GetXResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  \
                        <GetXResult>\n    <User>\n      <Arn>a&lt;b&gt;&amp;c</Arn>\n    \
                        </User>\n  </GetXResult>\n  <ResponseMetadata>\n    \
                        <RequestId>id-1</RequestId>\n  </ResponseMetadata>\n</GetXResponse>\n";
        assert_eq!(response.body(), expected);
        assert_eq!(response.headers()["content-type"], "text/xml");
        assert_eq!(response.headers()["x-amzn-requestid"], "id-1");
    }

    #[test]
    fn an_error_has_the_layout_of_sts() {
        let element = vec![
            Element::Text("Type", "Sender".to_owned()),
            Element::Text("Code", "X".to_owned()),
        ];
        let response = error(StatusCode::FORBIDDEN, STS_NAMESPACE, element, "id-1");
        let expected = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  \
                        <Error>\n    <Type>Sender</Type>\n    <Code>X</Code>\n  </Error>\n  \
                        <RequestId>id-1</RequestId>\n</ErrorResponse>\n";
        assert_eq!(response.body(), expected);
    }
}
