//! Constraints on parameters, and the texts that name violated ones.

use irsa_chain::{Cause, RoleArn, SessionName};

use super::error::StsError;
use super::parameters::Parameters;

/// The session durations in seconds that can be requested for any role.
const DURATION: std::ops::RangeInclusive<u64> = 900..=43_200;
/// The default session duration in seconds.
const DEFAULT_DURATION: u64 = 3_600;

/// Parameters that the lab would have to ignore: managed policies, which worlds do not have, and other kinds of proof.
const NOT_EVALUATED: [&str; 5] = [
    "PolicyArns",
    "ProvidedContexts",
    "ProviderId",
    "SerialNumber",
    "TokenCode",
];

/// The parameters of both `AssumeRole` operations.
#[derive(Debug)]
pub(super) struct Assume {
    pub(super) role: RoleArn,
    pub(super) session_name: SessionName,
    pub(super) seconds: u64,
}

impl Assume {
    pub(super) fn read(parameters: &Parameters) -> Result<Self, StsError> {
        if let Some(name) = parameters.first_given(&NOT_EVALUATED) {
            return Err(StsError::not_in_the_lab(&format!("`{name}`")));
        }
        let role = parameters.get("RoleArn");
        let name = parameters.get("RoleSessionName");
        let duration = parameters.get("DurationSeconds");
        let broken: Vec<Broken> = [
            length("roleArn", role, 20, 2_048, Some(Cause::RoleUnknown)),
            words("roleSessionName", name, Some(Cause::SessionNameInvalid)),
            seconds(duration),
        ]
        .into_iter()
        .flatten()
        .collect();
        check(&broken)?;
        let role = role.and_then(|role| role.parse().ok());
        let role =
            role.ok_or_else(|| StsError::validation("Request ARN is invalid", Cause::RoleUnknown))?;
        let session_name = name.and_then(|name| name.parse().ok());
        let session_name = session_name.ok_or_else(|| {
            StsError::validation("RoleSessionName is invalid", Cause::SessionNameInvalid)
        })?;
        let seconds = duration
            .and_then(|seconds| seconds.parse().ok())
            .unwrap_or(DEFAULT_DURATION);
        Ok(Self {
            role,
            session_name,
            seconds,
        })
    }
}

/// Returns the token, if its length is valid.
pub(super) fn web_identity_token(parameters: &Parameters) -> Result<&str, StsError> {
    let token = parameters.get("WebIdentityToken");
    let cause = Some(Cause::TokenMalformed);
    let broken = length("webIdentityToken", token, 4, 20_000, cause);
    // The value is a secret, so the text omits it.
    let broken = broken.map(|broken| Broken {
        shown: token.map(|_| String::new()),
        ..broken
    });
    check(broken.as_slice())?;
    Ok(token.unwrap_or_default())
}

/// A violated constraint.
#[derive(Debug)]
pub(super) struct Broken {
    member: &'static str,
    /// `None`: the value is missing; empty: it is not shown.
    shown: Option<String>,
    constraint: String,
    cause: Option<Cause>,
}

impl Broken {
    fn text(&self) -> String {
        let value = match self.shown.as_deref() {
            None => "Value null".to_owned(),
            Some("") => "Value".to_owned(),
            Some(value) => format!("Value '{value}'"),
        };
        format!(
            "{value} at '{}' failed to satisfy constraint: {}",
            self.member, self.constraint
        )
    }
}

/// Returns one error about all violated constraints.
pub(super) fn check(broken: &[Broken]) -> Result<(), StsError> {
    let Some(first) = broken.first() else {
        return Ok(());
    };
    let errors = if broken.len() == 1 { "error" } else { "errors" };
    let texts: Vec<String> = broken.iter().map(Broken::text).collect();
    let text = format!(
        "{} validation {errors} detected: {}",
        broken.len(),
        texts.join("; ")
    );
    Err(StsError::validation(text, first.cause))
}

/// Requires `least` to `most` characters.
pub(super) fn length(
    member: &'static str,
    value: Option<&str>,
    least: usize,
    most: usize,
    cause: Option<Cause>,
) -> Option<Broken> {
    let characters = value.map(|value| value.chars().count());
    let constraint = match characters {
        None => "Member must not be null".to_owned(),
        Some(characters) if characters < least => {
            format!("Member must have length greater than or equal to {least}")
        }
        Some(characters) if characters > most => {
            format!("Member must have length less than or equal to {most}")
        }
        Some(_) => return None,
    };
    Some(Broken {
        member,
        shown: value.map(str::to_owned),
        constraint,
        cause,
    })
}

/// Requires a session name: 2 to 64 of the allowed characters.
pub(super) fn words(
    member: &'static str,
    value: Option<&str>,
    cause: Option<Cause>,
) -> Option<Broken> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    length(member, value, 2, 64, cause).or_else(|| {
        let value = value.filter(|value| !value.bytes().all(fits))?;
        let constraint = r"Member must satisfy regular expression pattern: [\w+=,.@-]*".to_owned();
        Some(Broken {
            member,
            shown: Some(value.to_owned()),
            constraint,
            cause,
        })
    })
}

fn seconds(value: Option<&str>) -> Option<Broken> {
    let value = value?;
    let constraint = match value.parse::<u64>() {
        Ok(seconds) if DURATION.contains(&seconds) => return None,
        Ok(seconds) if seconds > *DURATION.end() => {
            "Member must have value less than or equal to 43200"
        }
        _ => "Member must have value greater than or equal to 900",
    };
    let (shown, constraint) = (Some(value.to_owned()), constraint.to_owned());
    Some(Broken {
        member: "durationSeconds",
        shown,
        constraint,
        cause: Some(Cause::DurationExceedsMaximum),
    })
}
