//! The fields of a signature, from the `Authorization` header or from the query.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::{AUTHORIZATION, DATE};

use super::SignedRequest;
use crate::sigv4::encode::{decode, pairs};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The session token of temporary credentials.
const TOKEN: &str = "x-amz-security-token";
/// Parameters of which any one means that the request is signed in the query.
const OF_A_SIGNATURE: [&str; 3] = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"];

/// The fields of a request's signature.
#[derive(Clone, Copy)]
pub(in crate::sigv4) struct Fields<'a> {
    headers: &'a HeaderMap,
    place: Place<'a>,
}

#[derive(Clone, Copy)]
enum Place<'a> {
    /// The text after the algorithm, if that is AWS4-HMAC-SHA256.
    Header(Option<&'a str>),
    Query(&'a str),
}

impl<'a> Fields<'a> {
    /// Returns the fields; `None` for an unsigned request. The header takes precedence over the query.
    pub(in crate::sigv4) fn from_request(request: &SignedRequest<'a>) -> Option<Self> {
        let headers = request.headers;
        let place = if headers.contains_key(AUTHORIZATION) {
            let authorization = text(headers, AUTHORIZATION.as_str());
            Place::Header(authorization.and_then(|text| text.strip_prefix(ALGORITHM)))
        } else if pairs(request.query).any(|(name, _)| OF_A_SIGNATURE.contains(&name)) {
            Place::Query(request.query)
        } else {
            return None;
        };
        Some(Self { headers, place })
    }

    pub(super) fn is_in_query(&self) -> bool {
        matches!(self.place, Place::Query(_))
    }

    pub(super) fn algorithm_is_known(&self) -> bool {
        match self.place {
            Place::Header(fields) => fields.is_some(),
            Place::Query(query) => {
                parameter(query, "X-Amz-Algorithm").as_deref() == Some(ALGORITHM)
            }
        }
    }

    /// Returns `Credential`, `SignedHeaders` or `Signature`; `None` if it is empty.
    pub(in crate::sigv4) fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let value = match self.place {
            Place::Header(fields) => field(fields?, name).map(Cow::Borrowed),
            Place::Query(query) => parameter(query, &format!("X-Amz-{name}")),
        };
        value.filter(|value| !value.is_empty())
    }

    /// Returns the time of the signature: `X-Amz-Date` takes precedence over `Date` (AWS General Reference, "Handling
    /// dates in Signature Version 4").
    pub(in crate::sigv4) fn date(&self) -> Option<Cow<'a, str>> {
        match self.place {
            Place::Header(_) => {
                let amz = text(self.headers, "x-amz-date");
                amz.or_else(|| text(self.headers, DATE.as_str()))
                    .map(Cow::Borrowed)
            }
            Place::Query(query) => parameter(query, "X-Amz-Date"),
        }
    }

    /// Returns the session token, or an empty text.
    pub(super) fn token(&self) -> Cow<'a, str> {
        let token = match self.place {
            Place::Header(_) => text(self.headers, TOKEN).map(Cow::Borrowed),
            Place::Query(query) => parameter(query, "X-Amz-Security-Token"),
        };
        token.unwrap_or_default()
    }

    /// Returns AWS's sentences about missing fields, and for the header form also the header; empty if no field is
    /// missing.
    pub(in crate::sigv4) fn missing(&self) -> Vec<String> {
        let names = ["Credential", "Signature", "SignedHeaders"];
        let names = names.into_iter().filter(|name| self.get(name).is_none());
        let has_date = self.date().is_some();
        if self.is_in_query() {
            let date = (!has_date).then_some("Date");
            let sentence = |name| {
                format!(
                    "AWS query-string parameters must include 'X-Amz-{name}'. Re-examine the \
                     query-string parameters."
                )
            };
            return names.chain(date).map(sentence).collect();
        }
        let sentence = |name| format!("Authorization header requires '{name}' parameter.");
        let date = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' \
                    header.";
        let date = (!has_date).then(|| date.to_owned());
        names.map(sentence).chain(date).collect()
    }
}

/// Returns the value of `Name=value` among fields that are separated by commas or spaces.
fn field<'a>(fields: &'a str, name: &str) -> Option<&'a str> {
    fields
        .split([',', ' '])
        .filter_map(|field| field.split_once('='))
        .find(|(field, _)| *field == name)
        .map(|(_, value)| value)
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let (_, value) = pairs(query).find(|(one, _)| *one == name)?;
    decode(value)
}

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
