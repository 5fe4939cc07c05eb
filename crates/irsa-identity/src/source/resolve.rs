//! Determines the source from the user's choice and the environment, or reports what is missing.

use irsa_chain::{Cause, RoleArn};

use super::{ResolvedSource, SourceChoice, SourceKind};
use crate::exchange::agent_url;
use crate::{Environment, IdentityError};

const ROLE_ARN: &str = "AWS_ROLE_ARN";
const WEB_TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
const POD_URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const POD_TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
const KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET_KEY: &str = "AWS_SECRET_ACCESS_KEY";

/// Two variables that are useful only together.
struct Pair<'a> {
    names: [&'static str; 2],
    values: [Option<&'a str>; 2],
}

pub(super) fn resolve(
    choice: &SourceChoice,
    environment: &Environment,
) -> Result<ResolvedSource, IdentityError> {
    match choice {
        SourceChoice::Auto => auto(environment),
        SourceChoice::WebIdentity => web_identity(&Pair::web_identity(environment)),
        SourceChoice::PodIdentity => pod_identity(&Pair::pod_identity(environment)),
        SourceChoice::Env => {
            Pair::read(environment, [KEY_ID, SECRET_KEY]).both("env")?;
            Ok(SourceKind::Env.into())
        }
        SourceChoice::Profile(name) => Ok(SourceKind::Profile(name.clone()).into()),
        SourceChoice::Imds => Ok(SourceKind::Imds.into()),
    }
}

/// Prefers web identity, like the AWS SDKs. Half of it is an error even if Pod Identity is complete, because the pod's
/// author intended something that is missing.
fn auto(environment: &Environment) -> Result<ResolvedSource, IdentityError> {
    let web = Pair::web_identity(environment);
    let pod = Pair::pod_identity(environment);
    if web.is_empty() && pod.is_empty() {
        return Err(nothing_given(environment));
    }
    if web.is_empty() {
        return pod_identity(&pod);
    }
    let mut source = web_identity(&web).map_err(|error| name_the_other(error, &pod))?;
    if !pod.is_empty() {
        source.warnings.push(format!(
            "using web identity; Pod Identity (`{}`) is also configured but not used: remove one of them, \
             or set `--identity pod-identity`",
            pod.given().join("`, `")
        ));
    }
    Ok(source)
}

fn web_identity(pair: &Pair<'_>) -> Result<ResolvedSource, IdentityError> {
    let [role_arn, token_file] = pair.both("web-identity")?;
    let role_arn: RoleArn = role_arn.parse().map_err(|error| {
        IdentityError::new(Cause::RoleArnMalformed, format!("`{ROLE_ARN}`: {error}")).with_remedy(
            "set the annotation `eks.amazonaws.com/role-arn` of the service account to the role's \
             ARN and recreate the pod",
        )
    })?;
    Ok(SourceKind::WebIdentity {
        role_arn,
        token_file: token_file.into(),
    }
    .into())
}

fn pod_identity(pair: &Pair<'_>) -> Result<ResolvedSource, IdentityError> {
    let [uri, token_file] = pair.both("pod-identity")?;
    agent_url(uri)?;
    Ok(SourceKind::PodIdentity {
        uri: uri.to_owned(),
        token_file: token_file.into(),
    }
    .into())
}

fn name_the_other(error: IdentityError, pod: &Pair<'_>) -> IdentityError {
    if pod.values.iter().any(Option::is_none) {
        return error;
    }
    let remedy = error.remedy();
    error.with_remedy(format!(
        "{remedy}; or use Pod Identity, which is configured, with `--identity pod-identity`"
    ))
}

fn nothing_given(environment: &Environment) -> IdentityError {
    let unused = match environment.get(KEY_ID) {
        Some(_) => format!("; `{KEY_ID}` is set, but is only used with `--identity env`"),
        None => String::new(),
    };
    let message = format!(
        "the pod is configured neither for web identity (`{ROLE_ARN}` and `{WEB_TOKEN_FILE}`) nor for Pod Identity \
         (`{POD_URI}` and `{POD_TOKEN_FILE}`){unused}"
    );
    IdentityError::new(Cause::NoIdentityGiven, message).with_remedy(
        "annotate the service account with `eks.amazonaws.com/role-arn` or create a Pod Identity \
         association, then recreate the pod; on your own machine, use `--identity profile`",
    )
}

impl<'a> Pair<'a> {
    fn web_identity(environment: &'a Environment) -> Self {
        Self::read(environment, [ROLE_ARN, WEB_TOKEN_FILE])
    }

    fn pod_identity(environment: &'a Environment) -> Self {
        Self::read(environment, [POD_URI, POD_TOKEN_FILE])
    }

    fn read(environment: &'a Environment, names: [&'static str; 2]) -> Self {
        Self {
            names,
            values: names.map(|name| environment.get(name)),
        }
    }

    fn is_empty(&self) -> bool {
        self.given().is_empty()
    }

    fn given(&self) -> Vec<&'static str> {
        self.names_where(true)
    }

    fn missing(&self) -> Vec<&'static str> {
        self.names_where(false)
    }

    fn names_where(&self, is_set: bool) -> Vec<&'static str> {
        let pairs = self.names.iter().zip(&self.values);
        let wanted = pairs.filter(|(_, value)| value.is_some() == is_set);
        wanted.map(|(name, _)| *name).collect()
    }

    fn both(&self, source: &str) -> Result<[&'a str; 2], IdentityError> {
        if let [Some(first), Some(second)] = self.values {
            return Ok([first, second]);
        }
        let missing = self.missing().join("` and `");
        let (cause, message) = match self.given().as_slice() {
            [] => (
                Cause::NoIdentityGiven,
                format!("`{source}` requires `{missing}`"),
            ),
            [given, ..] => (
                Cause::HalfAnIdentity,
                format!("`{given}` is set, but `{missing}` is not; `{source}` requires both"),
            ),
        };
        Err(IdentityError::new(cause, message).with_remedy(self.remedy(source, &missing)))
    }

    fn remedy(&self, source: &str, missing: &str) -> String {
        match source {
            "env" => format!("set `{missing}`"),
            _ if self.is_empty() => format!(
                "the cluster normally sets `{missing}`: check the pod's service account and recreate the \
                 pod; on your own machine, use `--identity profile`"
            ),
            _ => format!(
                "remove `{}` from the environment in the pod specification, so that the cluster sets both, or also set \
                 `{missing}`",
                self.given().join("`, `")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use irsa_chain::Link;

    use super::*;

    const WEB: [(&str, &str); 2] = [
        (ROLE_ARN, "arn:aws:iam::123456789012:role/app"),
        (
            WEB_TOKEN_FILE,
            "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
        ),
    ];
    const POD: [(&str, &str); 2] = [
        (POD_URI, "http://169.254.170.23/v1/credentials"),
        (
            POD_TOKEN_FILE,
            "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/token",
        ),
    ];

    fn auto_of(variables: &[(&str, &str)]) -> Result<ResolvedSource, IdentityError> {
        let environment = Environment::from_pairs(variables.iter().copied());
        ResolvedSource::resolve(&SourceChoice::Auto, &environment)
    }

    #[test]
    fn auto_uses_the_configured_source() {
        let web = auto_of(&WEB).unwrap();
        assert_eq!(web.name(), "web-identity");
        assert_eq!(web.role_arn().unwrap().name(), "app");
        assert_eq!(web.token_file().unwrap(), WEB[1].1);
        let pod = auto_of(&POD).unwrap();
        assert_eq!((pod.name(), pod.role_arn()), ("pod-identity", None));
        assert!(web.warnings().is_empty() && pod.warnings().is_empty());
    }

    #[test]
    fn auto_prefers_web_identity_and_warns() {
        let source = auto_of(&[WEB, POD].concat()).unwrap();
        assert_eq!(source.name(), "web-identity");
        assert!(source.warnings()[0].contains(POD_URI), "{source:?}");
    }

    #[test]
    fn auto_warns_about_half_of_the_other_source() {
        let source = auto_of(&[WEB[0], WEB[1], POD[1]]).unwrap();
        assert_eq!(source.name(), "web-identity");
        assert!(source.warnings()[0].contains(POD_TOKEN_FILE), "{source:?}");
    }

    #[test]
    fn auto_without_a_source_explains_the_options() {
        let error = auto_of(&[(KEY_ID, "AKIDEXAMPLE"), (SECRET_KEY, "hush")]).unwrap_err();
        assert_eq!(error.cause(), Some(Cause::NoIdentityGiven));
        assert_eq!(error.link(), Link::ServiceAccount);
        assert!(error.to_string().contains(WEB_TOKEN_FILE), "{error}");
        assert!(error.to_string().contains("`--identity env`"), "{error}");
        assert!(error.remedy().contains("--identity profile"));
        assert!(!error.is_transient());
    }

    #[test]
    fn half_an_identity_names_both_variables() {
        for (pair, given) in [(WEB, 0), (WEB, 1), (POD, 0), (POD, 1)] {
            let error = auto_of(&[pair[given]]).unwrap_err();
            assert_eq!(error.cause(), Some(Cause::HalfAnIdentity));
            for (name, _) in pair {
                assert!(error.to_string().contains(name), "{error}");
            }
        }
    }

    #[test]
    fn half_of_web_identity_does_not_fall_back_to_pod_identity() {
        let error = auto_of(&[WEB[0], POD[0], POD[1]]).unwrap_err();
        assert_eq!(error.cause(), Some(Cause::HalfAnIdentity));
        assert!(error.remedy().contains("--identity pod-identity"));
    }

    #[test]
    fn a_malformed_role_arn_is_an_error_at_the_start() {
        let error = auto_of(&[(ROLE_ARN, "arn:aws:iam::12345:role/app"), WEB[1]]).unwrap_err();
        assert_eq!(error.cause(), Some(Cause::RoleArnMalformed));
        assert!(error.to_string().contains(ROLE_ARN), "{error}");
    }

    #[test]
    fn an_untrusted_agent_address_is_an_error_at_the_start() {
        let error = auto_of(&[(POD_URI, "http://credentials.internal/"), POD[1]]).unwrap_err();
        assert_eq!(error.cause(), Some(Cause::CredentialsUriNotAllowed));
        assert!(
            error.to_string().contains("credentials.internal"),
            "{error}"
        );
    }

    #[test]
    fn a_named_source_reads_only_its_own_variables() {
        let environment = Environment::from_pairs(WEB);
        for choice in [SourceChoice::PodIdentity, SourceChoice::Env] {
            let error = ResolvedSource::resolve(&choice, &environment).unwrap_err();
            assert_eq!(error.cause(), Some(Cause::NoIdentityGiven), "{choice}");
        }
        for choice in [
            SourceChoice::Imds,
            SourceChoice::Profile(Some("dev".into())),
        ] {
            assert!(ResolvedSource::resolve(&choice, &environment).is_ok());
        }
    }

    #[test]
    fn neither_error_nor_debug_shows_a_value_of_env() {
        let environment = Environment::from_pairs([(SECRET_KEY, "hush-hush")]);
        let error = ResolvedSource::resolve(&SourceChoice::Env, &environment).unwrap_err();
        assert_eq!(error.cause(), Some(Cause::HalfAnIdentity));
        assert!(!format!("{error} {error:?} {}", error.remedy()).contains("hush"));
    }
}
