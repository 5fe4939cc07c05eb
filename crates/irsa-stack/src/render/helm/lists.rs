//! Lists of the values: ours, then those of the user or, if the user sets no list, of the chart, because Helm replaces
//! lists as a whole.

use irsa_chain::untrusted::quoted;
use serde_json::Value;

use super::UserValues;
use super::chart::{Chart, List, Own, Pod};
use super::tpl::escaped;
use crate::yaml::Yaml;

/// The list of a pod. `remarks` gets what is lost.
///
/// # Errors
/// The user's value is no list, or only the chart's values file has the chart's items.
pub(super) fn list(
    (chart, pod): (&Chart, &Pod),
    list: &List,
    ours: Vec<Yaml>,
    user: &UserValues,
    remarks: &mut Vec<String>,
) -> Result<Yaml, String> {
    let path = pod.path(list.key);
    let times = pod.templated(&path);
    let ours: Vec<_> = ours.into_iter().map(|one| escaped(one, times)).collect();
    if pod.has_texts {
        return text(&path, ours, user);
    }
    let theirs = theirs(chart, list, &path, user)?;
    let names: Vec<_> = ours
        .iter()
        .filter_map(Yaml::name)
        .map(str::to_owned)
        .collect();
    let mut items = ours;
    for item in &theirs {
        let name = item.get("name").and_then(Value::as_str);
        if let Some(name) = name.filter(|name| names.iter().any(|ours| ours == name)) {
            remarks.push(format!("{} of `{path}` replaces yours.", quoted(name)));
        } else {
            items.push(Yaml::from(item));
        }
    }
    Ok(Yaml::List(items))
}

/// The user's items, or the chart's.
fn theirs(chart: &Chart, list: &List, path: &str, user: &UserValues) -> Result<Vec<Value>, String> {
    let mut is_given = false;
    for path in [path].into_iter().chain(list.others.iter().copied()) {
        match user.at(path) {
            Some((_, Value::Array(items))) if !items.is_empty() => return Ok(items.clone()),
            Some((_, Value::Array(_) | Value::Null)) => is_given = true,
            Some((file, _)) => return Err(format!("{}: `{path}` must be a list", quoted(file))),
            None => {}
        }
    }
    match list.own {
        _ if is_given => Ok(Vec::new()),
        Own::Nothing => Ok(Vec::new()),
        Own::Items(json) => {
            serde_json::from_str(json).map_err(|error| format!("`{path}` of the chart: {error}"))
        }
        Own::InChart => Err(in_chart(chart, path)),
    }
}

fn in_chart(chart: &Chart, path: &str) -> String {
    let Chart {
        source, version, ..
    } = chart;
    format!(
        "the chart's own `{path}` would be lost, because Helm replaces lists: run `helm show values {source} --version \
         {version} > chart-values.yaml`, and add `--values chart-values.yaml` before your own files"
    )
}

/// A list as text: the user's text follows ours.
fn text(path: &str, ours: Vec<Yaml>, user: &UserValues) -> Result<Yaml, String> {
    let mut text = Yaml::List(ours).write();
    match user.at(path) {
        None | Some((_, Value::Null)) => {}
        Some((_, Value::String(theirs))) => {
            text.push_str(theirs.trim_end());
            text.push('\n');
        }
        Some((file, _)) => return Err(format!("{}: `{path}` must be a text", quoted(file))),
    }
    let text = text.trim_end();
    Ok(Yaml::Block(format!("{text}\n")))
}
