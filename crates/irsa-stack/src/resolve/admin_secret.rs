//! The secrets in which AWS keeps the passwords of administrators.

use irsa_chain::untrusted::quoted;
use irsa_chain::{AccountId, Arn, Region};

use super::stores::DNS;
use super::{Resolver, invented};
use crate::specification::{KnownBy, Postgres};
use crate::stack::AdminSecret;

impl Resolver<'_> {
    /// The secret of a cluster whose administrator is in the file: known from Terraform, or invented.
    pub(super) fn admin_secret(
        &mut self,
        key: &str,
        store: &Postgres,
        home: (&Region, &AccountId),
    ) -> Option<AdminSecret> {
        store.admin.as_ref()?;
        let outputs = self.outputs();
        if let Some(output) = outputs.and_then(|outputs| outputs.postgres.get(key)) {
            let secret = output.admin_secret.clone()?;
            self.compare_secret(key, &secret, home);
            return Some(secret);
        }
        let existing = store.existing.as_ref();
        let has_endpoint =
            existing.is_some_and(|one| matches!(one.known_by(), KnownBy::Endpoint(..)));
        (!has_endpoint).then(|| placeholder(key, home)).flatten()
    }

    fn compare_secret(
        &mut self,
        key: &str,
        secret: &AdminSecret,
        (region, account): (&Region, &AccountId),
    ) {
        let arn = &secret.arn;
        if arn.region() != region.as_str() || arn.account() != account.as_str() {
            let message = format!(
                "the secret of {} is not in region {region} of account {account}",
                quoted(key)
            );
            self.contradiction(&["postgres", key, "admin_secret", "arn"], message);
        }
    }
}

fn placeholder(key: &str, (region, account): (&Region, &AccountId)) -> Option<AdminSecret> {
    let arn = |service: &str, resource: String| {
        let partition = region.partition().as_str();
        Arn::from_parts(
            partition,
            service,
            region.as_str(),
            account.as_str(),
            &resource,
        )
    };
    let id = |kind: &str, length| invented(&format!("{kind} {key}"), DNS, length);
    let secret = format!(
        "secret:rds!cluster-{}-{}",
        id("secret", 12),
        id("suffix", 6)
    );
    Some(AdminSecret {
        arn: arn("secretsmanager", secret).ok()?,
        kms_key: arn("kms", format!("key/{}", id("key", 12))).ok(),
    })
}
