//! The standard variables of OpenTelemetry.

use irsa_identity::Environment;
use irsa_ops::trace::TraceSettings;

use super::Mistakes;
use crate::build;

/// Returns the settings of traces, if they are on.
pub(super) fn resolve(environment: &Environment, mistakes: &mut Mistakes) -> Option<TraceSettings> {
    let get = |name: &str| environment.get(name).map(str::to_owned);
    let settings = TraceSettings::from_variables(&get, build::VERSION);
    settings
        .map_err(|found| mistakes.extend(found))
        .ok()
        .flatten()
}
