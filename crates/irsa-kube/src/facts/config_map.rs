//! ConfigMaps.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

/// A ConfigMap. Its binary data is not kept.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ConfigMap {
    /// Its texts by key.
    #[serde(default)]
    pub data: BTreeMap<String, String>,
}

/// Shows only the keys: a text may contain a password.
impl fmt::Debug for ConfigMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ConfigMap").field(&self.data.keys()).finish()
    }
}
