//! Checks that apply to all data stores.

use irsa_chain::untrusted::quoted;
use irsa_chain::{Arn, Region};

use super::Resolver;
use crate::mistake::Mistake;

/// Letters of the DNS names of AWS.
pub(super) const DNS: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
impl Resolver<'_> {
    pub(super) fn create_or_existing(
        &mut self,
        kind: &str,
        key: &str,
        create: bool,
        existing: bool,
    ) {
        let message = match (create, existing) {
            (true, true) => "`create` and `existing` exclude each other",
            (false, false) => "needs `create` or `existing`",
            _ => return,
        };
        let place = self.root.key_place(&[kind, key]);
        let message = format!("{}: {message}", quoted(key));
        self.mistakes.push(Mistake::new(place, message));
    }

    /// Refuses a region in another partition, where the roles of this account do not exist.
    pub(super) fn partition(&mut self, kind: &str, key: &str, region: &Region) {
        let own = self.file.aws.region.partition();
        let partition = region.partition();
        if partition != own {
            let message = format!(
                "{region} is in partition {partition}, but the roles are in {own}: IAM policies do not apply to \
                 other partitions"
            );
            let path = [kind, key, "region"];
            let place = self.root.place_of(&path);
            self.mistakes.push(Mistake::new(place, message));
        }
    }

    /// Refuses a KMS key of a different region, which does not encrypt anything here.
    pub(super) fn kms_key(
        &mut self,
        kind: &str,
        key: &str,
        kms_key: Option<&String>,
        region: &Region,
    ) {
        let found = kms_key.and_then(|arn| arn.parse::<Arn>().ok());
        if let Some(found) = found.filter(|found| found.region() != region.as_str()) {
            let message = format!(
                "the KMS key is in region {}, but the store is in {region}",
                quoted(found.region())
            );
            self.mistake(&[kind, key, "create", "kms_key"], message);
        }
    }

    pub(super) fn compare_region(
        &mut self,
        kind: &str,
        key: &str,
        found: Option<Region>,
        region: &Region,
    ) {
        if let Some(found) = found.filter(|found| found != region) {
            let message = format!(
                "{} is in region {found}, but irsa.yaml has {region}",
                quoted(key)
            );
            self.contradiction(&[kind, key, "endpoint"], message);
        }
    }
}
