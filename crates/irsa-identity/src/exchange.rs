//! One exchange: something the pod has, for credentials.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

use irsa_chain::SessionName;

use crate::http::Http;
use crate::profile::Profile;
use crate::source::SourceKind;
use crate::sts::Sts;
use crate::{Clock, IdentityError, IdentitySettings, SessionCredentials};

mod agent;
mod assume_role;
mod env;
mod imds;
mod pod_identity;
mod web_identity;

pub(crate) use assume_role::AssumeRole;
pub(crate) use imds::Imds;

/// What an exchange comes to.
pub(crate) type Exchanged<'a> =
    Pin<Box<dyn Future<Output = Result<SessionCredentials, IdentityError>> + Send + 'a>>;

/// A way to get credentials.
pub(crate) trait Exchange: Debug + Send + Sync {
    /// Tries once.
    fn exchange(&self) -> Exchanged<'_>;
}

/// What the exchanges of an identity share.
#[derive(Debug, Clone)]
pub(crate) struct Tools {
    pub(crate) http: Http,
    pub(crate) sts: Sts,
    pub(crate) session: SessionName,
    pub(crate) clock: Arc<dyn Clock>,
}

/// The exchange of a source; nothing is asked yet.
///
/// # Errors
/// For what is wrong with the settings or the environment.
pub(crate) fn of(
    source: &SourceKind,
    settings: &IdentitySettings,
    tools: &Tools,
) -> Result<Box<dyn Exchange>, IdentityError> {
    let environment = &settings.environment;
    let limit = settings.timeouts.exchange;
    Ok(match source {
        SourceKind::WebIdentity {
            role_arn,
            token_file,
        } => {
            tools.sts.check()?;
            Box::new(web_identity::WebIdentity {
                role: role_arn.clone(),
                session: tools.session.clone(),
                token_file: token_file.clone(),
                sts: tools.sts.clone(),
            })
        }
        SourceKind::PodIdentity { uri, token_file } => Box::new(pod_identity::PodIdentity::new(
            uri,
            token_file,
            tools.http.clone(),
            limit,
        )?),
        SourceKind::Env => {
            let aws_time = Arc::new(tools.sts.time().clone());
            Box::new(env::Env::new(environment, aws_time)?)
        }
        SourceKind::Profile(_) => Box::new(Profile::new(
            settings,
            tools.http.clone(),
            tools.clock.clone(),
        )),
        SourceKind::Imds => Box::new(imds::Imds::new(environment, tools.http.clone(), limit)?),
    })
}
