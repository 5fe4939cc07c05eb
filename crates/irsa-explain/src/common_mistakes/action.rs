//! Mistakes in action names.

use super::{Part, Suggestion};
use crate::{actions, web_identity};

pub(super) fn no_such_action(_: &Part<'_>, action: &str) -> Option<Suggestion> {
    let name = action.split_once(':').map_or(action, |(_, name)| name);
    if name.is_empty() || name.contains(' ') {
        let bare = action.replace(' ', "");
        return Some((!bare.ends_with(':')).then_some(bare));
    }
    actions::unknown(action).map(|unknown| unknown.instead)
}

pub(super) fn connect_of_rds(_: &Part<'_>, action: &str) -> Option<Suggestion> {
    let is_it = action.eq_ignore_ascii_case("rds:connect");
    is_it.then(|| Some("rds-db:connect".to_owned()))
}

pub(super) fn http_of_es(_: &Part<'_>, action: &str) -> Option<Suggestion> {
    let (service, name) = action.split_once(':')?;
    let is_other = ["opensearch", "aoss"]
        .iter()
        .any(|other| service.eq_ignore_ascii_case(other));
    let is_http = name.to_ascii_lowercase().starts_with("eshttp");
    (is_other && is_http).then(|| Some(format!("es:{name}")))
}

pub(super) fn assume_role_of_token(part: &Part<'_>, action: &str) -> Option<Suggestion> {
    let Part::Action {
        names,
        is_for_tokens: true,
    } = *part
    else {
        return None;
    };
    let may_exchange = |name: &String| web_identity::is_exchange(name) || name.contains(['*', '?']);
    let others = ["sts:AssumeRole", "sts:AssumeRoleWithSAML"];
    let is_other = others
        .iter()
        .any(|other| action.eq_ignore_ascii_case(other));
    let is_it = is_other && !names.iter().any(may_exchange);
    is_it.then(|| Some(web_identity::ACTION.to_owned()))
}
