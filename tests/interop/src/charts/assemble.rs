//! A chart with its dependencies, from a checkout that has them in folders beside it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Error;

/// Copies a chart and, into its folder `charts`, what it depends on. What the checkout lacks is replaced by a chart
/// without templates: it must be disabled.
///
/// # Errors
/// A file can't be read or written.
pub(super) fn chart(charts: &Path, source: &Path, target: &Path) -> Result<(), Error> {
    copy(source, target)?;
    let metadata = metadata(target)?;
    for dependency in metadata["dependencies"].as_array().into_iter().flatten() {
        let text = |key: &str| dependency[key].as_str().unwrap_or_default();
        let inner = target.join("charts").join(text("name"));
        if inner.exists() {
            chart(charts, &inner.clone(), &inner)?;
            continue;
        }
        let beside = text("repository").strip_prefix("file://../");
        match beside
            .map(|name| charts.join(name))
            .or_else(|| shared(charts, text("name")))
        {
            Some(source) => chart(charts, &source, &inner)?,
            None => stub(&inner, text("name"), text("version"))?,
        }
    }
    Ok(())
}

/// The version of a chart.
///
/// # Errors
/// Its metadata can't be read.
pub(super) fn version(chart: &Path) -> Result<String, Error> {
    let metadata = metadata(chart)?;
    Ok(metadata["version"].as_str().unwrap_or_default().to_owned())
}

fn metadata(chart: &Path) -> Result<Value, Error> {
    let file = chart.join("Chart.yaml");
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(serde_saphyr::from_str(&text)?)
}

/// The library that all charts share.
fn shared(charts: &Path, name: &str) -> Option<PathBuf> {
    (name == "common").then(|| charts.join("common-2"))
}

fn stub(folder: &Path, name: &str, version: &str) -> Result<(), Error> {
    let version = version.replace('x', "0");
    fs::create_dir_all(folder)?;
    let text = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
    Ok(fs::write(folder.join("Chart.yaml"), text)?)
}

/// Copies a folder, without tests of the chart.
fn copy(source: &Path, target: &Path) -> Result<(), Error> {
    if source == target {
        return Ok(());
    }
    fs::create_dir_all(target)?;
    let entries = fs::read_dir(source).map_err(|error| format!("{}: {error}", source.display()))?;
    for entry in entries {
        let (source, name) = {
            let entry = entry?;
            (entry.path(), entry.file_name())
        };
        let target = target.join(&name);
        if !source.is_dir() {
            fs::copy(&source, &target)?;
        } else if name != "test" {
            copy(&source, &target)?;
        }
    }
    Ok(())
}
