//! `GetCallerIdentity`: allowed for every authenticated caller, whatever policies say.

use bytes::Bytes;
use http::Request;

use super::Sts;
use super::error::StsError;
use super::xml::Element;
use crate::iam;

impl Sts {
    pub(super) fn caller_identity(
        &self,
        request: &Request<Bytes>,
    ) -> Result<Vec<Element>, StsError> {
        let (session, role) = self.authenticate(request, self.clock.now())?;
        Ok(vec![
            Element::Text("Arn", session.principal().to_string()),
            Element::Text("UserId", iam::user_id(&session, role)),
            Element::Text("Account", role.arn.account().to_string()),
        ])
    }
}
