//! Headers that are not forwarded.

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};

/// Hop-by-hop headers (RFC 9110, section 7.6.1, and older names that clients still send).
const HOP_BY_HOP: [HeaderName; 7] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Removes the headers of a client's request that are not forwarded to the domain: those of this connection, and those
/// that would conflict with irsa's signature. `Content-Length` is set when the body is sent.
pub(crate) fn clean_request(headers: &mut HeaderMap) {
    remove_hop_by_hop(headers);
    for name in [AUTHORIZATION, CONTENT_LENGTH, EXPECT, HOST, TE, TRAILER] {
        headers.remove(name);
    }
    remove_all(headers, |name| name.as_str().starts_with("x-amz-"));
}

/// Removes the headers of the domain's response that are not forwarded to the client. `Trailer` is kept, because
/// trailers are forwarded. `Access-Control-*` is removed, because the listener decides which web pages can read a
/// response.
///
/// A `Content-Length` next to chunked encoding is invalid (RFC 9112, section 6.3) and would truncate the forwarded
/// body, so it is removed.
pub(crate) fn clean_response(headers: &mut HeaderMap) {
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
    }
    remove_hop_by_hop(headers);
    remove_all(headers, |name| name.as_str().starts_with("access-control-"));
}

/// Returns whether a body has both chunked encoding and a length, which may contradict each other.
pub(crate) fn is_framed_twice(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH)
}

/// Returns whether the body has no transfer coding other than chunked. Other codings would have to be decoded here,
/// which is not supported (RFC 9112, section 6.1).
pub(crate) fn has_supported_coding(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let is_chunked = |coding: &HeaderValue| {
        let coding = coding.to_str().unwrap_or_default().trim();
        coding.eq_ignore_ascii_case("chunked")
    };
    codings.next().is_none_or(is_chunked) && codings.next().is_none()
}

/// Returns the value of a header, or `None` if the header is missing or repeated.
pub(crate) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    for name in named_by_connection(headers) {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

/// Returns the headers named by `Connection`, except those that frame or route the message.
fn named_by_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    let values = headers.get_all(CONNECTION).iter();
    let options = values.filter_map(|value| value.to_str().ok());
    options
        .flat_map(|options| options.split(','))
        .filter_map(|option| option.trim().parse().ok())
        .filter(|name| *name != CONTENT_LENGTH && *name != HOST)
        .collect()
}

fn remove_all(headers: &mut HeaderMap, mut is_unwanted: impl FnMut(&HeaderName) -> bool) {
    let unwanted: Vec<_> = headers
        .keys()
        .filter(|name| is_unwanted(name))
        .cloned()
        .collect();
    for name in unwanted {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| {
                let name = HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            })
            .collect()
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn hop_by_hop_and_signature_headers_are_removed() {
        let mut request = headers(&[
            ("authorization", "Basic aGk6aG8="),
            ("connection", "close, X-Mine"),
            ("x-mine", "1"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("trailer", "x-sum"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("proxy-authorization", "Basic aGk6aG8="),
            ("proxy-connection", "keep-alive"),
            ("x-amz-date", "20251124T000000Z"),
            ("x-amz-anything-else", "1"),
            ("expect", "100-continue"),
            ("host", "localhost:9200"),
            ("content-length", "3"),
            ("content-type", "application/json"),
            ("content-encoding", "gzip"),
        ]);
        clean_request(&mut request);
        assert_eq!(names(&request), ["content-encoding", "content-type"]);
    }

    #[test]
    fn chunked_is_the_only_supported_transfer_coding() {
        let coded = |values: &[&'static str]| {
            let pairs: Vec<_> = values
                .iter()
                .map(|value| ("transfer-encoding", *value))
                .collect();
            has_supported_coding(&headers(&pairs))
        };
        assert!(coded(&[]) && coded(&["chunked"]) && coded(&[" Chunked "]));
        for values in [
            &["gzip, chunked"][..],
            &["gzip", "chunked"],
            &["chunked, chunked"],
            &["chunked", "chunked"],
            &["identity"],
            &[""],
        ] {
            assert!(!coded(values), "{values:?}");
        }
    }

    #[test]
    fn duplicates_stay_in_order() {
        let mut request = headers(&[("accept", "a"), ("accept", "b"), ("x-opaque-id", "7")]);
        clean_request(&mut request);
        let accept: Vec<_> = request.get_all("accept").iter().collect();
        assert_eq!(accept, ["a", "b"]);
    }

    #[test]
    fn connection_cannot_remove_length_or_host() {
        let mut response = headers(&[
            ("connection", "content-length, host"),
            ("content-length", "3"),
        ]);
        clean_response(&mut response);
        assert_eq!(names(&response), ["content-length"]);
    }

    #[test]
    fn cors_headers_of_a_response_are_removed() {
        let mut response = headers(&[
            ("access-control-allow-origin", "*"),
            ("access-control-allow-private-network", "true"),
            ("vary", "origin"),
        ]);
        clean_response(&mut response);
        assert_eq!(names(&response), ["vary"]);
    }

    #[test]
    fn a_repeated_header_has_no_single_value() {
        let request = headers(&[("accept", "a"), ("accept", "b"), ("host", "h")]);
        assert!(single(&request, &HeaderName::from_static("accept")).is_none());
        assert_eq!(single(&request, &HOST).unwrap(), "h");
    }
}
