//! The Query protocol of IAM and RDS: the request is a form, the response is XML ("Making query requests" in the IAM user
//! guide).

use irsa_chain::Region;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::endpoints::Service;
use crate::reader::MAX_PAGES;
use crate::xml::element;
use crate::{AwsReader, ReadError, error_response};

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// An operation of an API.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation {
    /// The action with its service prefix, such as `iam:GetRole`.
    pub(crate) action: &'static str,
    pub(crate) service: Service,
    pub(crate) version: &'static str,
}

/// A list in the format of IAM.
#[derive(Debug, Deserialize)]
pub(crate) struct Members<T> {
    #[serde(rename = "member", default = "Vec::new")]
    pub(crate) all: Vec<T>,
}

/// A page of a list.
pub(crate) trait Page: DeserializeOwned {
    type Item;

    /// The items on the page, and the marker of the next one.
    fn split(self) -> (Vec<Self::Item>, Option<String>);
}

impl AwsReader {
    /// Calls an operation, and reads the `…Result` element of the response.
    pub(crate) async fn query<T: DeserializeOwned>(
        &self,
        operation: Operation,
        region: &Region,
        parameters: &[(&str, &str)],
    ) -> Result<T, ReadError> {
        let Operation {
            action, service, ..
        } = operation;
        let body = Some((FORM, operation.form(parameters)));
        let answer = self.call(action, (service, region), "/", body).await?;
        if answer.status >= 300 {
            return Err(error_response::read(action, &answer));
        }
        let text = String::from_utf8_lossy(&answer.body);
        let name = format!("{}Result", operation.name());
        let missing = || ReadError::invalid(action, format!("no element `{name}`"));
        let result = element(&text, &name).ok_or_else(missing)?;
        quick_xml::de::from_str(result).map_err(|error| ReadError::invalid(action, error))
    }

    /// Reads all pages of a list.
    pub(crate) async fn query_all<P: Page>(
        &self,
        operation: Operation,
        region: &Region,
        parameters: &[(&str, &str)],
    ) -> Result<Vec<P::Item>, ReadError> {
        let (mut items, mut next) = (Vec::new(), None::<String>);
        for _ in 0..MAX_PAGES {
            let mut parameters = parameters.to_vec();
            parameters.extend(next.as_deref().map(|marker| ("Marker", marker)));
            let page: P = self.query(operation, region, &parameters).await?;
            let (more, marker) = page.split();
            items.extend(more);
            match marker.filter(|marker| !marker.is_empty()) {
                Some(marker) => next = Some(marker),
                None => return Ok(items),
            }
        }
        let why = format!("the list has more than {MAX_PAGES} pages");
        Err(ReadError::invalid(operation.action, why))
    }
}

impl Operation {
    fn name(self) -> &'static str {
        self.action
            .split_once(':')
            .map_or(self.action, |(_, name)| name)
    }

    fn form(self, parameters: &[(&str, &str)]) -> String {
        let mut form = format!("Action={}&Version={}", self.name(), self.version);
        for (name, value) in parameters {
            form.extend(["&", *name, "="]);
            form.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
        }
        form
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET_ROLE: Operation = Operation {
        action: "iam:GetRole",
        service: Service::Iam,
        version: "2010-05-08",
    };

    #[test]
    fn values_are_encoded_and_names_are_not() {
        assert_eq!(
            GET_ROLE.form(&[("RoleName", "a/b c")]),
            "Action=GetRole&Version=2010-05-08&RoleName=a%2Fb%20c"
        );
    }

    #[test]
    fn an_empty_list_can_have_an_empty_element() {
        for text in ["<L></L>", "<L/>"] {
            let list: Members<String> = quick_xml::de::from_str(text).unwrap();
            assert!(list.all.is_empty());
        }
    }
}
