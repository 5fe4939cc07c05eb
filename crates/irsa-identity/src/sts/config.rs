//! Which STS to ask, and how.

use std::sync::Arc;

use aws_sdk_sts::Config;
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_sdk_sts::config::{
    AppName, BehaviorVersion, Builder, Region as SdkRegion, StalledStreamProtectionConfig,
};
use aws_smithy_async::rt::sleep::TokioSleep;
use irsa_chain::{Link, Partition, Region};

use crate::clock::SdkTime;
use crate::http::{Http, HttpUrl};
use crate::profile::Profile;
use crate::{Clock, Environment, IdentityError, IdentitySettings, SourceChoice};

/// The SDK's own retries, clock correction and time limits are off: those of this crate apply.
pub(super) fn of(
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
    let environment = &settings.environment;
    let mut config = Config::builder();
    config.set_app_name(AppName::new("irsa").ok());
    config.set_endpoint_url(endpoint.map(|url| url.to_text()));
    Ok(config
        .behavior_version(BehaviorVersion::latest())
        .region(SdkRegion::new(region.as_str().to_owned()))
        .use_fips(settings.fips || is_on(environment, "AWS_USE_FIPS_ENDPOINT"))
        .use_dual_stack(settings.dual_stack || is_on(environment, "AWS_USE_DUALSTACK_ENDPOINT"))
        .http_client(client)
        .sleep_impl(TokioSleep::new())
        .time_source(SdkTime(clock))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .disable_clock_skew_correction(true))
}

/// The URL of settings or environment, else the region's own as AWS's SDKs make it.
pub(super) fn url(settings: &IdentitySettings, region: &Region) -> Result<HttpUrl, IdentityError> {
    if let Some(url) = endpoint(settings)? {
        return Ok(url);
    }
    let environment = &settings.environment;
    let fips = settings.fips || is_on(environment, "AWS_USE_FIPS_ENDPOINT");
    let dual_stack = settings.dual_stack || is_on(environment, "AWS_USE_DUALSTACK_ENDPOINT");
    let service = if fips { "sts-fips" } else { "sts" };
    let suffix = match (dual_stack, region.partition()) {
        (false, partition) => partition.dns_suffix(),
        (true, Partition::AwsCn) => "api.amazonwebservices.com.cn",
        (true, Partition::AwsEusc) => "api.amazonwebservices.eu",
        (true, _) => "api.aws",
    };
    HttpUrl::parse(&format!("https://{service}.{region}.{suffix}/"))
        .map_err(|text| IdentityError::at(Link::StsSession, text))
}

/// See [`Sts::check`](super::Sts::check).
pub(super) fn check(settings: &IdentitySettings) -> Result<(), IdentityError> {
    if !matches!(settings.choice, SourceChoice::Profile(_)) {
        region(settings)?;
    }
    endpoint(settings).map(drop)
}

/// The region of the settings and the environment, else that of the profile that was chosen.
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

/// The region of the settings, else of `AWS_REGION`, else of `AWS_DEFAULT_REGION`.
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
            "the region of STS is not known: neither `AWS_REGION` nor `AWS_DEFAULT_REGION` is set";
        IdentityError::at(Link::StsSession, text)
            .with_remedy("set `AWS_REGION`, or give `--region`")
    })?;
    value.parse().map_err(|error| {
        IdentityError::at(Link::StsSession, format!("`{name}`: {error}"))
            .with_remedy(format!("correct `{name}`, or give `--region`"))
    })
}

/// The endpoint of the settings, else of `AWS_ENDPOINT_URL_STS`. A web identity token can be
/// replayed by whoever sees it, so that it goes in clear text to this machine only.
fn endpoint(settings: &IdentitySettings) -> Result<Option<HttpUrl>, IdentityError> {
    let from_environment = settings.environment.get("AWS_ENDPOINT_URL_STS");
    let Some(text) = settings.sts_endpoint.as_deref().or(from_environment) else {
        return Ok(None);
    };
    let wrong = |text| {
        IdentityError::at(Link::StsSession, format!("the endpoint of STS: {text}"))
            .with_remedy("correct `--sts-endpoint` or `AWS_ENDPOINT_URL_STS`, or leave it out")
    };
    let url = HttpUrl::parse(text).map_err(wrong)?;
    if url.is_https() || url.is_loopback() {
        return Ok(Some(url));
    }
    Err(wrong(format!(
        "`http` would send the token in clear text to `{}`: use `https`",
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
    fn the_region_comes_from_settings_then_environment() {
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
    fn a_missing_region_says_what_to_set() {
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
    fn settings_outrank_the_endpoint_of_the_environment() {
        let mut settings = settings(&[("AWS_ENDPOINT_URL_STS", "https://a.example")]);
        assert_eq!(endpoint(&settings).unwrap().unwrap().host(), "a.example");
        settings.sts_endpoint = Some("https://b.example".to_owned());
        assert_eq!(endpoint(&settings).unwrap().unwrap().host(), "b.example");
    }

    #[test]
    fn without_a_url_the_regions_own_endpoint_is_asked() {
        let url_of = |region: &str, pairs: &[(&str, &str)]| {
            let url = url(&settings(pairs), &region.parse().unwrap()).unwrap();
            url.host().to_owned()
        };
        let dual_stack = [("AWS_USE_DUALSTACK_ENDPOINT", "true")];
        assert_eq!(
            url_of("eu-central-1", &[]),
            "sts.eu-central-1.amazonaws.com"
        );
        assert_eq!(url_of("cn-north-1", &[]), "sts.cn-north-1.amazonaws.com.cn");
        assert_eq!(url_of("us-east-1", &dual_stack), "sts.us-east-1.api.aws");
        let fips = [("AWS_USE_FIPS_ENDPOINT", "true")];
        assert_eq!(
            url_of("us-east-1", &fips),
            "sts-fips.us-east-1.amazonaws.com"
        );
    }

    #[test]
    fn clear_text_is_for_loopback_only() {
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
