//! The canonical request and the string to sign.

use std::fmt::Write as _;

use http::HeaderMap;

use super::encode::{encode_again, encode_path, pairs};
use super::key::sha256_hex;
use super::scope::CredentialScope;

/// The parts that a signature covers.
#[derive(Debug)]
pub(super) struct Canonical<'a> {
    pub(super) method: &'a str,
    /// The path as received, encoded once. Signatures of services other than S3 encode it twice.
    pub(super) path: &'a str,
    /// The sorted, encoded query: see [`canonical_query`].
    pub(super) query: &'a str,
    /// `name:value\n` for each signed header: see [`canonical_headers`].
    pub(super) headers: &'a str,
    /// The names of the signed headers: `host;x-amz-date`.
    pub(super) signed_headers: &'a str,
    pub(super) payload_hash: &'a str,
}

impl Canonical<'_> {
    /// Returns the string to sign.
    pub(super) fn string_to_sign(&self, amz_date: &str, scope: &CredentialScope<'_>) -> String {
        string_to_sign(&self.text(), amz_date, scope)
    }

    /// Returns the canonical request.
    pub(super) fn text(&self) -> String {
        let Self {
            method,
            query,
            headers,
            signed_headers,
            payload_hash,
            ..
        } = self;
        let path = encode_path(&normalised(self.path));
        format!("{method}\n{path}\n{query}\n{headers}\n{signed_headers}\n{payload_hash}")
    }
}

/// Removes empty segments and `.`, and applies `..`; a slash or dots at the end leave a slash (RFC 3986, section
/// 5.2.4).
fn normalised(path: &str) -> String {
    let mut kept = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let is_folder = matches!(path.rsplit('/').next(), Some("" | "." | ".."));
    let end = if is_folder && !kept.is_empty() {
        "/"
    } else {
        ""
    };
    format!("/{}{end}", kept.join("/"))
}

/// Returns the string to sign of a canonical request.
pub(super) fn string_to_sign(
    canonical: &str,
    amz_date: &str,
    scope: &CredentialScope<'_>,
) -> String {
    format!(
        "AWS4-HMAC-SHA256\n{amz_date}\n{}\n{}",
        scope.text(),
        sha256_hex(canonical.as_bytes())
    )
}

/// Returns the query without the parameter `except`, sorted and encoded again byte by byte.
pub(super) fn canonical_query(query: &str, except: Option<&str>) -> String {
    let mut pairs: Vec<(String, String)> = pairs(query)
        .map(|(name, value)| (encode_again(name), encode_again(value)))
        .filter(|(name, _)| except != Some(name))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// Returns the signed headers with trimmed values, which are empty for missing headers; `None` if a value is not text.
pub(super) fn canonical_headers(headers: &HeaderMap, signed: &[&str]) -> Option<String> {
    signed.iter().try_fold(String::new(), |mut text, name| {
        writeln!(text, "{name}:{}", header_value(headers, name)?).ok()?;
        Some(text)
    })
}

/// Returns all values of a header, joined by commas, with runs of spaces collapsed.
fn header_value(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Option<Vec<String>> = headers
        .get_all(name)
        .iter()
        .map(|value| {
            let text = std::str::from_utf8(value.as_bytes()).ok()?;
            Some(text.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
        })
        .collect();
    values.map(|values| values.join(","))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (
                name.parse::<HeaderName>().unwrap(),
                value.parse::<HeaderValue>().unwrap(),
            )
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn queries_are_sorted_by_name_then_value() {
        let query = canonical_query("b=2&a=%7e&b=1&c", None);
        assert_eq!(query, "a=~&b=1&b=2&c=");
        assert_eq!(canonical_query("b=2&a=1", Some("b")), "a=1");
    }

    #[test]
    fn header_values_are_trimmed_and_joined() {
        let headers = headers(&[("X-Amz-A", "  1   2 "), ("x-amz-a", "3"), ("host", "h:1")]);
        assert_eq!(
            canonical_headers(&headers, &["host", "x-amz-a"]).unwrap(),
            "host:h:1\nx-amz-a:1 2,3\n"
        );
        assert_eq!(
            canonical_headers(&headers, &["absent"]).unwrap(),
            "absent:\n"
        );
    }

    // The example of the IAM User Guide, "Create a signed AWS API request", step 1 and 2.
    #[test]
    fn matches_the_documented_example() {
        let headers = headers(&[
            (
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8",
            ),
            ("host", "iam.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
        ]);
        let canonical = Canonical {
            method: "GET",
            path: "/",
            query: &canonical_query("Action=ListUsers&Version=2010-05-08", None),
            headers: &canonical_headers(&headers, &["content-type", "host", "x-amz-date"]).unwrap(),
            signed_headers: "content-type;host;x-amz-date",
            payload_hash: &sha256_hex(b""),
        };
        let scope = CredentialScope {
            date: "20150830",
            region: "us-east-1",
            service: "iam",
        };
        let expected = "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n\
             f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59";
        assert_eq!(
            canonical.string_to_sign("20150830T123600Z", &scope),
            expected
        );
    }
}
