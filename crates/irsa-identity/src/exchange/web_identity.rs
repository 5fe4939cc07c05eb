//! Exchanges the pod's projected token for a role session: `sts:AssumeRoleWithWebIdentity`.

use std::path::PathBuf;

use irsa_chain::{RoleArn, SessionName};

use super::{Exchange, Exchanged};
use crate::sts::Sts;
use crate::token_file;

#[derive(Debug)]
pub(super) struct WebIdentity {
    pub(super) role: RoleArn,
    pub(super) session: SessionName,
    pub(super) token_file: PathBuf,
    pub(super) sts: Sts,
}

impl Exchange for WebIdentity {
    fn exchange(&self) -> Exchanged<'_> {
        Box::pin(async {
            let token = token_file::read(&self.token_file).await?;
            let sts = &self.sts;
            sts.assume_role_with_web_identity(&self.role, &self.session, &token)
                .await
        })
    }
}
