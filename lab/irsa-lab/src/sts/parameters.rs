//! The parameters of a Query request, from the query and from the form in the body of a POST.

use bytes::Bytes;
use http::{Method, Request};
use url::form_urlencoded;

/// The operations of the lab. Others are counted under one name, so that callers cannot fill the ledger.
const OPERATIONS: [&str; 3] = [
    "AssumeRoleWithWebIdentity",
    "AssumeRole",
    "GetCallerIdentity",
];

/// Decoded names and values. `Debug` does not show values, because one of them may be a token.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn from_request(request: &Request<Bytes>) -> Self {
        let form: &[u8] = match *request.method() {
            Method::POST => request.body(),
            _ => b"",
        };
        let query = request.uri().query().unwrap_or("").as_bytes();
        let all = form_urlencoded::parse(form).chain(form_urlencoded::parse(query));
        Self(
            all.into_iter()
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    /// Returns a parameter's value; `None` if it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(one, _)| one == name)?;
        Some(found.1.as_str()).filter(|value| !value.is_empty())
    }

    /// Returns the first of several parameters that is present, including lists (`PolicyArns.member.1`).
    pub(super) fn first_given(&self, names: &[&'static str]) -> Option<&'static str> {
        let given = |name: &&&str| {
            self.0
                .iter()
                .any(|(one, _)| one.split('.').next() == Some(name))
        };
        names.iter().find(given).copied()
    }

    /// Returns the operation's name, or `unknown`.
    pub(super) fn operation(&self) -> &'static str {
        let asked = self.get("Action");
        OPERATIONS
            .into_iter()
            .find(|operation| asked == Some(operation))
            .unwrap_or("unknown")
    }
}

impl std::fmt::Debug for Parameters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}
