//! The STS endpoint and its client configuration.

use std::sync::Arc;

use aws_sdk_sts::Config;
use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_sdk_sts::config::{
    AppName, BehaviorVersion, Builder, Region as SdkRegion, StalledStreamProtectionConfig,
};
use aws_smithy_async::rt::sleep::TokioSleep;
use irsa_chain::{Link, Region};

use crate::clock::SdkTime;
use crate::http::{Http, HttpUrl};
use crate::profile::Profile;
use crate::{Clock, Environment, IdentityError, IdentitySettings, SourceChoice};

/// Creates the configuration. Retries, clock correction and time limits of the SDK are off, because this crate has its
/// own.
pub(super) fn client_config(
    settings: &IdentitySettings,
    region: &Region,
    http: &Http,
    clock: Arc<dyn Clock>,
) -> Result<Builder, IdentityError> {
    let endpoint = endpoint(settings)?;
    let client = match &endpoint {
        Some(url) if url.is_loopback() => http.local(),
        _ => http.aws(),
    };
    let mut config = Config::builder();
    config.set_app_name(AppName::new("irsa").ok());
    config.set_endpoint_url(endpoint.map(|url| url.to_text()));
    Ok(config
        .behavior_version(BehaviorVersion::latest())
        .region(SdkRegion::new(region.as_str().to_owned()))
        .use_fips(uses_fips(settings))
        .use_dual_stack(uses_dual_stack(settings))
        .http_client(client)
        .sleep_impl(TokioSleep::new())
        .time_source(SdkTime(clock))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .disable_clock_skew_correction(true))
}

/// Returns the URL of the settings or the environment, else the SDK's endpoint of the region.
pub(super) async fn url(
    settings: &IdentitySettings,
    region: &Region,
) -> Result<HttpUrl, IdentityError> {
    if let Some(url) = endpoint(settings)? {
        return Ok(url);
    }
    let failed = |text: String| IdentityError::at(Link::StsSession, text);
    let params = Params::builder()
        .region(region.as_str().to_owned())
        .use_fips(uses_fips(settings))
        .use_dual_stack(uses_dual_stack(settings))
        .build()
        .map_err(|error| failed(error.to_string()))?;
    let resolver = DefaultResolver::new();
    let endpoint = ResolveEndpoint::resolve_endpoint(&resolver, &params).await;
    let endpoint =
        endpoint.map_err(|error| failed(format!("cannot determine the STS endpoint: {error}")))?;
    HttpUrl::parse(endpoint.url()).map_err(failed)
}

fn uses_fips(settings: &IdentitySettings) -> bool {
    settings.fips || is_on(&settings.environment, "AWS_USE_FIPS_ENDPOINT")
}

fn uses_dual_stack(settings: &IdentitySettings) -> bool {
    settings.dual_stack || is_on(&settings.environment, "AWS_USE_DUALSTACK_ENDPOINT")
}

/// See [`Sts::check`](super::Sts::check).
pub(super) fn check(settings: &IdentitySettings) -> Result<(), IdentityError> {
    if !matches!(settings.choice, SourceChoice::Profile(_)) {
        region(settings)?;
    }
    endpoint(settings).map(drop)
}

/// Returns the region of the settings or the environment, else that of the chosen profile.
pub(super) async fn region_or_profiles(
    settings: &IdentitySettings,
    http: &Http,
    clock: &Arc<dyn Clock>,
) -> Result<Region, IdentityError> {
    let unknown = match (region(settings), &settings.choice) {
        (Err(unknown), SourceChoice::Profile(_)) => unknown,
        (known, _) => return known,
    };
    Profile::new(settings, http.clone(), clock.clone())
        .region()
        .await
        .ok_or(unknown)
}

/// Returns the region of the settings, else of `AWS_REGION`, else of `AWS_DEFAULT_REGION`.
pub(super) fn region(settings: &IdentitySettings) -> Result<Region, IdentityError> {
    if let Some(region) = &settings.region {
        return Ok(region.clone());
    }
    let names = ["AWS_REGION", "AWS_DEFAULT_REGION"];
    let found = names
        .iter()
        .find_map(|name| Some((name, settings.environment.get(name)?)));
    let (name, value) = found.ok_or_else(|| {
        let text =
            "the region of STS is unknown: neither `AWS_REGION` nor `AWS_DEFAULT_REGION` is set";
        IdentityError::at(Link::StsSession, text).with_remedy("set `AWS_REGION` or `--region`")
    })?;
    value.parse().map_err(|error| {
        IdentityError::at(Link::StsSession, format!("`{name}`: {error}"))
            .with_remedy(format!("correct `{name}`, or set `--region`"))
    })
}

/// Returns the endpoint of the settings, else of `AWS_ENDPOINT_URL_STS`. Anyone who sees a web identity token can
/// replay it, so it is sent in clear text to this machine only.
fn endpoint(settings: &IdentitySettings) -> Result<Option<HttpUrl>, IdentityError> {
    let from_environment = settings.environment.get("AWS_ENDPOINT_URL_STS");
    let Some(text) = settings.sts_endpoint.as_deref().or(from_environment) else {
        return Ok(None);
    };
    let wrong = |text| {
        IdentityError::at(Link::StsSession, format!("invalid STS endpoint: {text}"))
            .with_remedy("correct or unset `--sts-endpoint` or `AWS_ENDPOINT_URL_STS`")
    };
    let url = HttpUrl::parse(text).map_err(wrong)?;
    if url.is_https() || url.is_loopback() {
        return Ok(Some(url));
    }
    Err(wrong(format!(
        "`http` would send the token in clear text to `{}`; use `https`",
        url.host()
    )))
}

fn is_on(environment: &Environment, name: &str) -> bool {
    environment
        .get(name)
        .is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> IdentitySettings {
        let environment = Environment::from_pairs(pairs.iter().copied());
        IdentitySettings::new(SourceChoice::WebIdentity, environment)
    }

    #[test]
    fn the_region_of_the_settings_takes_precedence() {
        let mut settings = settings(&[
            ("AWS_REGION", "eu-west-1"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
        ]);
        assert_eq!(region(&settings).unwrap().as_str(), "eu-west-1");
        settings.region = Some("cn-north-1".parse().unwrap());
        assert_eq!(region(&settings).unwrap().as_str(), "cn-north-1");
    }

    #[test]
    fn falls_back_to_the_default_region_of_the_environment() {
        let settings = settings(&[("AWS_DEFAULT_REGION", "us-east-1")]);
        assert_eq!(region(&settings).unwrap().as_str(), "us-east-1");
    }

    #[test]
    fn a_missing_region_has_a_remedy() {
        let error = region(&settings(&[])).unwrap_err();
        assert_eq!((error.link(), error.cause()), (Link::StsSession, None));
        assert!(error.remedy().contains("AWS_REGION") && error.remedy().contains("--region"));
    }

    #[test]
    fn a_malformed_region_names_its_variable() {
        let error = region(&settings(&[("AWS_REGION", "Frankfurt")])).unwrap_err();
        assert!(error.to_string().starts_with("`AWS_REGION`: "), "{error}");
    }

    #[test]
    fn the_endpoint_of_the_settings_takes_precedence() {
        let mut settings = settings(&[("AWS_ENDPOINT_URL_STS", "https://a.example")]);
        assert_eq!(endpoint(&settings).unwrap().unwrap().host(), "a.example");
        settings.sts_endpoint = Some("https://b.example".to_owned());
        assert_eq!(endpoint(&settings).unwrap().unwrap().host(), "b.example");
    }

    #[tokio::test]
    async fn the_default_endpoint_is_that_of_the_sdk() {
        const NONE: &[(&str, &str)] = &[];
        const FIPS: &[(&str, &str)] = &[("AWS_USE_FIPS_ENDPOINT", "true")];
        const DUAL_STACK: &[(&str, &str)] = &[("AWS_USE_DUALSTACK_ENDPOINT", "true")];
        for (region, pairs, host) in [
            ("eu-central-1", NONE, "sts.eu-central-1.amazonaws.com"),
            ("cn-north-1", NONE, "sts.cn-north-1.amazonaws.com.cn"),
            ("eusc-de-east-1", NONE, "sts.eusc-de-east-1.amazonaws.eu"),
            ("us-east-1", DUAL_STACK, "sts.us-east-1.api.aws"),
            (
                "cn-north-1",
                DUAL_STACK,
                "sts.cn-north-1.api.amazonwebservices.com.cn",
            ),
            ("us-east-1", FIPS, "sts-fips.us-east-1.amazonaws.com"),
            // GovCloud's own endpoints are FIPS endpoints; `sts-fips` does not exist.
            ("us-gov-west-1", FIPS, "sts.us-gov-west-1.amazonaws.com"),
        ] {
            let url = url(&settings(pairs), &region.parse().unwrap()).await;
            assert_eq!(url.unwrap().host(), host);
        }
    }

    #[test]
    fn clear_text_is_allowed_for_loopback_only() {
        for (url, fine) in [
            ("http://127.0.0.1:4566", true),
            ("http://localhost:4566", true),
            ("https://sts.internal", true),
            ("http://sts.internal", false),
            ("sts.internal", false),
        ] {
            assert_eq!(
                endpoint(&settings(&[("AWS_ENDPOINT_URL_STS", url)])).is_ok(),
                fine,
                "{url}"
            );
        }
    }
}
