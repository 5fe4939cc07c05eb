//! Another role's session for this one: `sts:AssumeRole`.

use irsa_chain::SessionName;

use super::{Exchange, Exchanged};
use crate::sts::Sts;
use crate::{Identity, RoleStep};

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
            self.sts
                .assume_role(&parent, &self.step, &self.session)
                .await
        })
    }
}
