//! Creates the exchange of a source.

use std::sync::Arc;

use irsa_chain::SessionName;

use super::Exchange;
use super::env::Env;
use super::imds::Imds;
use super::pod_identity::PodIdentity;
use super::web_identity::WebIdentity;
use crate::http::Http;
use crate::profile::Profile;
use crate::source::SourceKind;
use crate::sts::Sts;
use crate::{Clock, IdentityError, IdentityObserver, IdentitySettings};

/// The tools that all exchanges of an identity share.
#[derive(Debug, Clone)]
pub(crate) struct Tools {
    pub(crate) http: Http,
    pub(crate) sts: Sts,
    pub(crate) session: SessionName,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Option<Arc<dyn IdentityObserver>>,
}

/// Creates the exchange of a source, without any request.
///
/// # Errors
/// The settings or the environment are invalid.
pub(crate) fn from_source(
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
            Box::new(WebIdentity {
                role: role_arn.clone(),
                session: tools.session.clone(),
                token_file: token_file.clone(),
                sts: tools.sts.clone(),
            })
        }
        SourceKind::PodIdentity { uri, token_file } => Box::new(
            PodIdentity::new(uri, token_file, tools.http.clone(), limit)?
                .observed_by(tools.observer.clone()),
        ),
        SourceKind::Env => {
            let aws_time = Arc::new(tools.sts.time().clone());
            Box::new(Env::new(environment, aws_time)?)
        }
        SourceKind::Profile(_) => Box::new(Profile::new(
            settings,
            tools.http.clone(),
            tools.clock.clone(),
        )),
        SourceKind::Imds => Box::new(Imds::new(environment, tools.http.clone(), limit)?),
    })
}
