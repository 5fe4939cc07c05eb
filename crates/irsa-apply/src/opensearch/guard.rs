//! Keeps the administrators of a domain.

use irsa_chain::untrusted::quoted;

use super::found::Caller;
use crate::ApplyError;

/// The roles whose members may use the security plugin's API on Amazon OpenSearch Service, and with it change
/// everything (developer guide, "Fine-grained access control").
pub(super) const ADMINISTRATORS: [&str; 2] = ["all_access", "security_manager"];

/// Refuses to replace or remove a role, or to remove its mapping, if the caller could no longer administer the domain.
///
/// # Errors
/// The role makes administrators, or it is what makes the caller one.
pub(super) fn check(role: &str, caller: &Caller) -> Result<(), ApplyError> {
    let is_administrators = |name: &str| ADMINISTRATORS.contains(&name);
    if is_administrators(role) {
        let message = format!(
            "role {} makes the administrators of the domain: it is not changed",
            quoted(role)
        );
        return Err(ApplyError::new(message));
    }
    let has_another = caller.roles.iter().any(|name| is_administrators(name));
    if has_another || !caller.roles.iter().any(|name| name == role) {
        return Ok(());
    }
    let message = format!(
        "role {} may be what lets {} administer the domain: it is not changed",
        quoted(role),
        quoted(caller.name())
    );
    let remedy = format!("map {} to `all_access` first", caller.name());
    Err(ApplyError::new(message).with_remedy(remedy))
}

// === impl Caller ===

impl Caller {
    /// The name of the caller, for messages.
    pub(super) fn name(&self) -> &str {
        self.user_name.as_deref().unwrap_or("the caller")
    }
}
