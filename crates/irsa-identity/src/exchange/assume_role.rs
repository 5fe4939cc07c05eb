//! Exchanges a session for a session of the next role: `sts:AssumeRole`.

use irsa_chain::{Cause, SessionName};

use super::{Exchange, Exchanged};
use crate::sts::Sts;
use crate::{Identity, IdentityError, RoleStep, SessionCredentials};

#[derive(Debug)]
pub(crate) struct AssumeRole {
    pub(crate) parent: Identity,
    pub(crate) step: RoleStep,
    pub(crate) session: SessionName,
    pub(crate) sts: Sts,
}

impl Exchange for AssumeRole {
    fn exchange(&self) -> Exchanged<'_> {
        Box::pin(async {
            let parent = self.parent.credentials().await?;
            let outcome = self.assume(&parent).await;
            let is_expired = |error: &IdentityError| error.cause() == Some(Cause::SessionExpired);
            match outcome {
                Err(error) if is_expired(&error) => match self.parent.renew(&parent).await {
                    Some(fresh) => self.assume(&fresh).await,
                    None => Err(error),
                },
                outcome => outcome,
            }
        })
    }
}

impl AssumeRole {
    async fn assume(
        &self,
        parent: &SessionCredentials,
    ) -> Result<SessionCredentials, IdentityError> {
        self.sts
            .assume_role(parent, &self.step, &self.session)
            .await
    }
}
