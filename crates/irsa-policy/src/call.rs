//! A request made ready: taken apart once, compared with many statements.

use std::borrow::Cow;

use crate::Request;
use crate::arn::Arn;
use crate::principal::Caller;

#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) request: &'a Request<'a>,
    pub(crate) caller: Caller<'a>,
    /// In lower case.
    pub(crate) action: Cow<'a, str>,
    /// The resource, if it is an ARN.
    pub(crate) resource: Option<Arn<'a>>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(request: &'a Request<'a>) -> Self {
        Self {
            request,
            caller: Caller::new(request.principal),
            action: lowercase(request.action),
            resource: request.resource.and_then(Arn::parse),
        }
    }
}

fn lowercase(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}
