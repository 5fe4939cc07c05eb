//! The proxy's container in a pod: `irsa render` writes it into manifests and chart values, and the admission webhook
//! injects it. Both use this crate, so that a pod gets the same container either way.

mod container;
pub mod names;
mod sidecar;
mod volume;

pub use self::container::{Container, Resources, SecurityContext, Variable};
pub use self::sidecar::{Identity, Placement, Sidecar, WebIdentity};
pub use self::volume::{Mount, Volume};

/// The name of the container.
pub const CONTAINER: &str = "irsa";
/// The port of the probes and of `/metrics`.
pub const ADMIN_PORT: u16 = 9441;
/// The port of `/status`, which listens on loopback only.
pub const STATUS_PORT: u16 = 9440;
/// The audience of projected tokens for STS.
pub const AUDIENCE: &str = "sts.amazonaws.com";
/// The lifetime of projected tokens in seconds, unless an annotation sets another one.
pub const TOKEN_SECONDS: u64 = 86_400;
