//! The variables and files of this process that configure an identity, a region or a proxy.

use std::path::{Path, PathBuf};

use irsa_chain::Region;
use irsa_identity::{Environment, IdentityError, IdentitySettings, ResolvedSource, SourceChoice};

use crate::pod::text::quoted;

/// The variables of IRSA.
pub(in crate::pod) const WEB_IDENTITY: [&str; 2] = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"];
/// The variables of EKS Pod Identity.
pub(in crate::pod) const POD_IDENTITY: [&str; 2] = [
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// The variables that name a proxy to AWS, and those that exempt hosts from it. Only the names are kept: a proxy's URL
/// may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pod) struct ProxyVariables {
    pub(in crate::pod) proxy: Option<&'static str>,
    pub(in crate::pod) exemptions: Option<&'static str>,
}

/// The name of the identity source; that of the choice if no source could be resolved.
pub(in crate::pod) fn source_name(
    source: &Result<ResolvedSource, IdentityError>,
    settings: &IdentitySettings,
) -> &'static str {
    match (source, &settings.choice) {
        (Ok(source), _) => source.name(),
        (Err(_), SourceChoice::PodIdentity) => "pod-identity",
        (Err(_), SourceChoice::Env) => "env",
        (Err(_), SourceChoice::Profile(_)) => "profile",
        (Err(_), SourceChoice::Imds) => "imds",
        (Err(_), SourceChoice::Auto) if has_only_pod_identity(&settings.environment) => {
            "pod-identity"
        }
        (Err(_), SourceChoice::Auto | SourceChoice::WebIdentity) => "web-identity",
    }
}

fn has_only_pod_identity(environment: &Environment) -> bool {
    let has = |names: [&str; 2]| names.iter().any(|name| environment.get(name).is_some());
    has(POD_IDENTITY) && !has(WEB_IDENTITY)
}

/// The credentials, other than those of `own`, that AWS SDKs would find: names of variables, and paths of files.
pub(in crate::pod) fn rivals(environment: &Environment, own: &[&str]) -> Vec<String> {
    let names = ["AWS_ACCESS_KEY_ID", "AWS_PROFILE"].iter();
    let names = names.chain(WEB_IDENTITY.iter().chain(&POD_IDENTITY));
    let set = names.filter(|name| !own.contains(name) && environment.get(name).is_some());
    let files = shared_files(environment);
    let files = files.iter().map(|path| path.display().to_string());
    set.map(|name| (*name).to_owned()).chain(files).collect()
}

/// The shared files that exist, such as a profile in the image.
fn shared_files(environment: &Environment) -> Vec<PathBuf> {
    let home = environment.get("HOME").map(Path::new);
    let path = |variable, name| {
        let named = environment.get(variable).map(PathBuf::from);
        named.or_else(|| home.map(|home| home.join(".aws").join(name)))
    };
    let files = [
        path("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        path("AWS_CONFIG_FILE", "config"),
    ];
    let files = files.into_iter().flatten();
    files.filter(|path| path.is_file()).collect()
}

/// The region that the identity uses, and the setting or variable that it comes from.
///
/// # Errors
/// A sentence: no region is set, or the value is not a region.
pub(in crate::pod) fn region(
    settings: &IdentitySettings,
) -> Result<(Region, &'static str), String> {
    if let Some(region) = &settings.region {
        return Ok((region.clone(), "the settings"));
    }
    let environment = &settings.environment;
    let mut names = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter();
    let Some((name, value)) = names.find_map(|name| Some((name, environment.get(name)?))) else {
        return Err("neither `AWS_REGION` nor `AWS_DEFAULT_REGION` is set".to_owned());
    };
    match value.parse() {
        Ok(region) => Ok((region, name)),
        Err(_) => Err(format!(
            "`{name}` is {}, which is not a region",
            quoted(value)
        )),
    }
}

/// The variables that decide whether requests to STS use a proxy.
pub(in crate::pod) fn proxy_variables(environment: &Environment) -> ProxyVariables {
    let name = |(name, _): (&'static str, &str)| name;
    ProxyVariables {
        proxy: environment.https_proxy().map(name),
        exemptions: environment.no_proxy().map(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_of_the_other_mechanism_are_rivals() {
        let environment = Environment::from_pairs([
            ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/app"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"),
            ("AWS_PROFILE", "dev"),
            (
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                "http://169.254.170.23",
            ),
        ]);
        let found = rivals(&environment, &WEB_IDENTITY);
        assert_eq!(found, ["AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"]);
    }

    #[test]
    fn a_proxy_is_known_by_the_name_of_its_variable() {
        let environment = Environment::from_pairs([("https_proxy", "http://user:secret@proxy")]);
        let found = proxy_variables(&environment);
        assert_eq!(found.proxy, Some("https_proxy"));
        assert_eq!(found.exemptions, None);
    }
}
