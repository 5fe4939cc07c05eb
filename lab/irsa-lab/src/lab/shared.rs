//! State that all services of a lab share.

use std::path::Path;
use std::sync::Arc;

use irsa_chain::IssuerUrl;
use irsa_net::tls::LocalAuthority;

use crate::clock::{LabClock, SkewedClock, SystemClock};
use crate::error::LabError;
use crate::faults::Faults;
use crate::ledger::Ledger;
use crate::oidc::Issuer;
use crate::pods::pods;
use crate::projection::Projections;
use crate::random;
use crate::secret::Secret;
use crate::sessions::Sessions;
use crate::world::World;

/// The length of a password that RDS generates.
const PASSWORD_LENGTH: usize = 28;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) world: Arc<World>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) faults: Arc<Faults>,
    /// AWS's clock.
    pub(super) clock: Arc<dyn LabClock>,
    pub(super) authority: Arc<LocalAuthority>,
    pub(super) issuer: Arc<Issuer>,
    pub(super) projections: Arc<Projections>,
}

impl Shared {
    /// Generates keys, and writes the first token files below `folder`.
    pub(super) async fn new(
        mut world: World,
        session_seconds: Option<u64>,
        token_seconds: u64,
        folder: &Path,
    ) -> Result<Self, LabError> {
        let faults = Arc::new(Faults::default());
        faults.change(|plan| plan.session_seconds = session_seconds);
        let clock = SkewedClock::new(Arc::new(SystemClock), Arc::clone(&faults));
        let clock: Arc<dyn LabClock> = Arc::new(clock);
        let authority = LocalAuthority::generate()
            .map_err(|error| LabError::part("certificate authority", error))?;
        let issuer = issuer(world.kubernetes().issuer.clone()).await?;
        world.set_managed_passwords(|| Secret::new(random::aws_id("", PASSWORD_LENGTH)));
        let pods = pods(&world, token_seconds);
        let projections = Projections::new(Arc::clone(&issuer), folder.join("tokens"), pods);
        projections.renew()?;
        Ok(Self {
            world: Arc::new(world),
            sessions: Arc::default(),
            ledger: Arc::new(Ledger::new(Arc::clone(&clock))),
            faults,
            clock,
            authority: Arc::new(authority),
            issuer,
            projections: Arc::new(projections),
        })
    }
}

/// Returns the issuer. It uses the cluster's clock, which the skew fault does not affect.
async fn issuer(url: IssuerUrl) -> Result<Arc<Issuer>, LabError> {
    let making = tokio::task::spawn_blocking(move || Issuer::new(url, Arc::new(SystemClock)));
    let made = making
        .await
        .map_err(|error| LabError::part("OIDC issuer", error))?;
    made.map(Arc::new)
}
