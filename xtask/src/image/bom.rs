//! The software bill of materials in CycloneDX 1.6 (ECMA-424): every package that irsa is built from.

use irsa_chain::timestamp::rfc3339_from_unix;
use serde_json::{Value, json};

use crate::product::{Package, Tree};

/// Returns the document. It has no serial number, which would have to differ from build to build.
pub(super) fn document(tree: &Tree, epoch: u64) -> String {
    let (own, others): (Vec<_>, Vec<_>) = tree.packages().partition(|one| one.name == "irsa");
    let components: Vec<_> = others.iter().map(component).collect();
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": rfc3339_from_unix(epoch),
            "component": own.first().map(application),
        },
        "components": components,
        "dependencies": tree.packages().map(|one| dependencies(&one)).collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}

fn application(package: &Package<'_>) -> Value {
    let mut component = component(package);
    component["type"] = json!("application");
    component
}

fn component(package: &Package<'_>) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(package.name, package.version),
        "name": package.name,
        "version": package.version,
        "scope": "required",
    });
    // What is not on crates.io has no address there.
    if !package.is_ours {
        component["purl"] = json!(reference(package.name, package.version));
    }
    if let Some(license) = package.license {
        // Old packages have a slash between licenses, which SPDX writes as `OR`.
        let expression = license.replace('/', " OR ");
        component["licenses"] = json!([{"expression": expression}]);
    }
    component
}

fn dependencies(package: &Package<'_>) -> Value {
    let on: Vec<_> = package
        .dependencies
        .iter()
        .map(|(name, version)| reference(name, version))
        .collect();
    json!({"ref": reference(package.name, package.version), "dependsOn": on})
}

/// The package URL (<https://github.com/package-url/purl-spec>), in which `+` of a version is escaped.
fn reference(name: &str, version: &str) -> String {
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_have_licenses_addresses_and_dependencies() {
        let tree = Tree::parse(
            "0irsa v1.0.0 (/w)\tApache-2.0\n1irsa-a v1.0.0 (/w/a)\tApache-2.0\n2x v1.0.0+z\tMIT/Apache-2.0\n",
        )
        .unwrap();
        let document: Value = serde_json::from_str(&document(&tree, 0)).unwrap();
        assert_eq!(document["metadata"]["component"]["name"], "irsa");
        assert_eq!(document["metadata"]["timestamp"], "1970-01-01T00:00:00Z");
        let ours = &document["components"][0];
        assert_eq!(
            (&ours["name"], &ours["purl"]),
            (&json!("irsa-a"), &Value::Null)
        );
        let external = &document["components"][1];
        assert_eq!(external["purl"], "pkg:cargo/x@1.0.0%2Bz");
        assert_eq!(external["licenses"][0]["expression"], "MIT OR Apache-2.0");
        let expected =
            json!({"ref": "pkg:cargo/irsa-a@1.0.0", "dependsOn": ["pkg:cargo/x@1.0.0%2Bz"]});
        assert_eq!(document["dependencies"][1], expected);
    }
}
