//! Forward proxies.

use aws_smithy_http_client::proxy::ProxyConfig;
use irsa_chain::Link;

use crate::{Environment, IdentityError};

/// Returns the proxy in `HTTPS_PROXY`, else in `ALL_PROXY`, for `https` URLs except the hosts in `NO_PROXY`. The names
/// are also accepted in lower case. `HTTP_PROXY` is not used, because AWS is never called in clear text. The connection
/// to the proxy uses HTTP or HTTPS (`CONNECT`), with the password in its URL if there is one. SOCKS is not supported.
///
/// # Errors
/// The variable does not contain such a URL. The message does not include it, because it may contain a password.
pub(super) fn from_environment(environment: &Environment) -> Result<ProxyConfig, IdentityError> {
    let Some((name, url)) = environment.https_proxy() else {
        return Ok(ProxyConfig::disabled());
    };
    let has_scheme = url.contains("://");
    let url = if has_scheme {
        url.to_owned()
    } else {
        format!("http://{url}")
    };
    let proxy = ProxyConfig::https(url).map_err(|_| {
        IdentityError::at(
            Link::StsSession,
            format!("`{name}` is not the URL of an HTTP proxy"),
        )
        .with_remedy(format!("set `{name}` to `http://HOST:PORT`, or unset it"))
    })?;
    Ok(match environment.no_proxy() {
        Some((_, hosts)) => proxy.no_proxy(hosts),
        None => proxy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy_of(pairs: &[(&str, &str)]) -> Result<ProxyConfig, IdentityError> {
        from_environment(&Environment::from_pairs(pairs.iter().copied()))
    }

    #[test]
    fn no_variable_means_no_proxy() {
        assert!(proxy_of(&[]).unwrap().is_disabled());
        assert!(
            proxy_of(&[("HTTP_PROXY", "http://p:1")])
                .unwrap()
                .is_disabled()
        );
    }

    #[test]
    fn a_url_without_a_scheme_is_http() {
        assert!(
            !proxy_of(&[("https_proxy", "proxy.corp:3128")])
                .unwrap()
                .is_disabled()
        );
    }

    #[test]
    fn rejects_socks_without_quoting_its_password() {
        let error = proxy_of(&[("ALL_PROXY", "socks5://me:hush@proxy:1080")]).unwrap_err();
        assert!(error.to_string().contains("`ALL_PROXY`"), "{error}");
        assert!(!format!("{error:?} {}", error.remedy()).contains("hush"));
    }
}
