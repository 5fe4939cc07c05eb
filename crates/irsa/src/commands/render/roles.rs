//! Roles that `terraform apply` replaces because their names have changed.

use super::blocks::{Block, of_file};

/// A role, and the one that takes its place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Renamed {
    /// The name of the old role.
    pub(super) from: String,
    /// The name of the new role.
    pub(super) to: String,
}

/// Returns the roles that the old text of a file has and the new one does not, where a role that is new trusts the same
/// service accounts.
pub(super) fn renamed(old: &str, new: &str) -> Vec<Renamed> {
    let (old, new) = (roles(old), roles(new));
    let is_in = |role: &Role<'_>, others: &[Role<'_>]| others.iter().any(|it| it.name == role.name);
    let gone = old.iter().filter(|role| !is_in(role, &new));
    let renamed = gone.filter_map(|role| {
        let mut added = new.iter().filter(|one| !is_in(one, &old));
        let same = added.find(|one| one.trust == role.trust)?;
        Some(Renamed {
            from: role.name.to_owned(),
            to: same.name.to_owned(),
        })
    });
    renamed.collect()
}

struct Role<'t> {
    name: &'t str,
    /// The code of whom it trusts.
    trust: &'t str,
}

fn roles(text: &str) -> Vec<Role<'_>> {
    of_file(text).filter_map(role).collect()
}

fn role(block: Block<'_>) -> Option<Role<'_>> {
    let is_role = block.module().is_some()
        || block
            .resource()
            .is_some_and(|(kind, _)| kind == "aws_iam_role");
    let name = block.text(&["name", "role_name"]).filter(|_| is_role)?;
    // Whom a role trusts is the last attribute.
    let starts = ["  oidc_providers = ", "  assume_role_policy = "];
    let start = starts.iter().find_map(|start| block.body.find(start))?;
    let trust = block.body.get(start..)?;
    Some(Role { name, trust })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULE: &str = r#"# Rendered

module "shop_api" {
  source = "x"
  name   = "shop-api"
  policies = {
    policy = aws_iam_policy.shop_api.arn
  }
  oidc_providers = {
    shop = {
      namespace_service_accounts = ["shop:api"]
    }
  }
}
"#;
    const PLAIN: &str = r#"resource "aws_iam_role" "shop_api" {
  name = "shop-api"
  path = "/"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
  })
}
"#;

    #[test]
    fn a_new_role_for_the_same_service_accounts_is_a_renamed_one() {
        for old in [MODULE, PLAIN] {
            let new = old
                .replace("shop-api", "shop-web")
                .replace("shop_api", "shop_web");
            let expected = Renamed {
                from: "shop-api".to_owned(),
                to: "shop-web".to_owned(),
            };
            assert_eq!(renamed(old, &new), [expected], "{old}");
        }
    }

    #[test]
    fn other_changes_rename_nothing() {
        let other = MODULE
            .replace("shop-api", "shop-web")
            .replace("shop:api", "shop:web");
        let added = MODULE.to_owned() + &other;
        for (old, new) in [
            (MODULE, MODULE),
            (MODULE, ""),
            ("", MODULE),
            (MODULE, PLAIN),
            (MODULE, other.as_str()),
            (MODULE, added.as_str()),
        ] {
            assert_eq!(renamed(old, new), [], "{old} {new}");
        }
    }
}
