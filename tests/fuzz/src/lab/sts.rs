//! Requests to STS with a signature or a projected token.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::fixture::{FIXTURE, StsResponse};

/// The body of a token exchange without the token.
const EXCHANGE: &str = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn:aws:iam::111122223333:role/camunda/keycloak-role&RoleSessionName=keycloak-0&WebIdentityToken=";

/// The minimum length of token parts to search for. Shorter parts can occur in responses by chance.
const MIN_PART: usize = 64;

/// Sends a request in the form `METHOD PATH`, headers, an empty line, body. The response is well-formed XML and never
/// an internal error.
pub fn sts_request(data: &[u8]) {
    let Some(request) = request(data) else {
        return;
    };
    let response = FIXTURE.send_to_sts(&request).response;
    assert_ne!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_is_closed_xml(&response);
}

/// Exchanges a projected token that is not signed by the issuer. STS returns an error, and neither the response nor the
/// ledger contains parts of the token.
pub fn web_identity_token(data: &[u8]) {
    let token = &*String::from_utf8_lossy(data);
    let StsResponse { response, ledger } = exchange(token);
    assert!(response.status().is_client_error());
    assert_is_closed_xml(&response);
    let body = String::from_utf8_lossy(response.body());
    for part in token.split('.').filter(|part| part.len() >= MIN_PART) {
        assert!(!body.contains(part));
        assert!(
            ledger
                .last_refusal()
                .is_none_or(|refusal| !refusal.message.contains(part))
        );
    }
}

/// Exchanges a token for a session of the role that trusts the service account.
pub(super) fn exchange(token: &str) -> StsResponse {
    let escaped = utf8_percent_encode(token, NON_ALPHANUMERIC);
    let mut request = Request::new(Bytes::from(format!("{EXCHANGE}{escaped}")));
    *request.method_mut() = Method::POST;
    FIXTURE.send_to_sts(&request)
}

fn request(data: &[u8]) -> Option<Request<Bytes>> {
    let end = data.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = data.split_at(end.unwrap_or(data.len()));
    let mut lines = head.split(|&byte| byte == b'\n');
    let mut fields = lines.next()?.split(|&byte| byte == b' ');
    let method = Method::from_bytes(fields.next()?).ok()?;
    let mut builder = Request::builder().method(method).uri(fields.next()?);
    for line in lines {
        let colon = line.iter().position(|&byte| byte == b':')?;
        let (name, value) = line.split_at(colon);
        builder = builder.header(name, value.get(1..)?.trim_ascii());
    }
    let body = body.get(2..).unwrap_or_default();
    builder.body(Bytes::copy_from_slice(body)).ok()
}

/// Asserts that the input of the caller cannot open or close XML elements.
fn assert_is_closed_xml(response: &Response<Bytes>) {
    let body = String::from_utf8_lossy(response.body());
    let mut open: Vec<&str> = Vec::new();
    for piece in body.split('<').skip(1) {
        let Some((tag, _text)) = piece.split_once('>') else {
            panic!("unterminated tag in {body}");
        };
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{body}"),
            None => open.push(tag.split(' ').next().unwrap_or_default()),
        }
    }
    assert!(open.is_empty(), "{body}");
    assert_eq!(
        response.status() == StatusCode::OK,
        !body.contains("<Error>")
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise the code after the signature check would not be reached.
    #[test]
    fn the_seeds_are_signed() {
        for seed in [
            &include_bytes!("../../corpus/sts_request/caller_identity")[..],
            include_bytes!("../../corpus/sts_request/caller_identity_by_get"),
        ] {
            let response = FIXTURE.send_to_sts(&request(seed).unwrap()).response;
            assert_eq!(response.status(), StatusCode::OK, "{:?}", response.body());
        }
    }
}
