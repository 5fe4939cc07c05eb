//! What a PostgreSQL cluster should have, and the statements that make it so. `irsa render sql` writes them into a
//! script, `irsa apply sql` runs those that are missing.
//!
//! Statements have no semicolon at the end.

use std::collections::BTreeSet;

use crate::stack::{PostgresPrivileges, PostgresStore, PostgresUse, Stack};

/// What every mark begins with.
const MARK: &str = "irsa: ";

/// The users and databases that a PostgreSQL cluster should have, each in alphabetical order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresObjects {
    /// The comment by which the setup recognizes what it created.
    pub mark: String,
    /// Users that log in by IAM.
    pub users: Vec<UserObject>,
    /// Databases.
    pub databases: Vec<DatabaseObject>,
    /// Users of the setup's other stores. Two stores can be one cluster, such as a cluster endpoint and an RDS Proxy:
    /// what these users have is not left over.
    pub users_of_other_stores: BTreeSet<String>,
    /// Databases of the setup's other stores.
    pub databases_of_other_stores: BTreeSet<String>,
}

/// A user that logs in by IAM.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserObject {
    /// Name.
    pub name: String,
    /// A user that exists already, and whose sessions this one's are: they have its objects and privileges.
    pub acts_as: Option<String>,
}

/// A database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseObject {
    /// Name.
    pub name: String,
    /// Users with all privileges on the database and on its schema `public`.
    pub writers: Vec<String>,
    /// Users who may connect.
    pub readers: Vec<String>,
    /// Whether no one else may connect, even if the database existed before.
    pub is_exclusive: bool,
}

/// Returns the text by which a setup recognizes what it created: the comment on a database or role of PostgreSQL, and
/// the description of a role of OpenSearch. Setups of different AWS accounts may have the same name.
pub fn ownership_mark(stack: &Stack) -> String {
    format!("{MARK}{} ({})", stack.name, stack.account)
}

/// Returns the name of the setup that a comment is the mark of, or `None` for any other comment.
pub fn marked_setup(comment: &str) -> Option<&str> {
    comment.strip_prefix(MARK)
}

// === impl PostgresObjects ===

impl PostgresObjects {
    /// Collects what the workloads of a setup use in a cluster.
    pub fn for_store(stack: &Stack, store: &PostgresStore) -> Self {
        let uses = || stack.uses_of_postgres(store).map(|(_, used)| used);
        let logins = uses().map(|used| UserObject {
            name: used.user.clone(),
            acts_as: used.acts_as.clone(),
        });
        let with = |database: &str, privileges| {
            let matching =
                uses().filter(|used| used.database == database && used.privileges == privileges);
            // A user that acts as another one has its privileges by membership.
            let names = matching.map(|used| used.acts_as.as_ref().unwrap_or(&used.user).clone());
            sorted(names.collect())
        };
        let databases = store.databases.iter().map(|database| DatabaseObject {
            name: database.name.clone(),
            writers: with(&database.name, PostgresPrivileges::All),
            readers: with(&database.name, PostgresPrivileges::Read),
            is_exclusive: database.is_exclusive,
        });
        let all = stack.workloads.iter();
        let elsewhere = all.filter_map(|workload| workload.postgres.as_ref());
        let elsewhere: Vec<_> = elsewhere.filter(|used| used.store != store.key).collect();
        Self {
            mark: ownership_mark(stack),
            users: sorted(logins.collect()),
            databases: databases.collect(),
            users_of_other_stores: elsewhere.iter().flat_map(|used| names(used)).collect(),
            databases_of_other_stores: elsewhere.iter().map(|used| used.database.clone()).collect(),
        }
    }

    /// Returns whether the specification names a user, in this store or another one.
    pub fn names_user(&self, name: &str) -> bool {
        let acts_as = |user: &UserObject| user.acts_as.as_deref() == Some(name);
        self.users
            .iter()
            .any(|user| user.name == name || acts_as(user))
            || self.users_of_other_stores.contains(name)
    }

    /// Returns whether the specification names a database, in this store or another one.
    pub fn names_database(&self, name: &str) -> bool {
        self.databases.iter().any(|one| one.name == name)
            || self.databases_of_other_stores.contains(name)
    }
}

/// A login user, and the user that it acts as.
fn names(used: &PostgresUse) -> impl Iterator<Item = String> {
    [Some(used.user.clone()), used.acts_as.clone()]
        .into_iter()
        .flatten()
}

// === impl UserObject ===

impl UserObject {
    /// Returns the statements that create the user, for one transaction.
    pub fn create(&self, mark: &str) -> [String; 2] {
        [
            format!("CREATE ROLE {} LOGIN", identifier(&self.name)),
            self.hand_over(mark),
        ]
    }

    /// Returns the statement that makes the user, which exists, one of the setup with this mark.
    pub fn hand_over(&self, mark: &str) -> String {
        format!(
            "COMMENT ON ROLE {} IS {}",
            identifier(&self.name),
            literal(mark)
        )
    }

    /// Returns the statements that give it the objects and privileges of the user that it acts as, for one transaction.
    pub fn act(&self) -> Option<[String; 2]> {
        let (name, acts_as) = (identifier(&self.name), self.acts_as.as_ref()?);
        Some([
            format!("GRANT {} TO {name}", identifier(acts_as)),
            format!("ALTER ROLE {name} SET role = {}", literal(acts_as)),
        ])
    }

    /// Returns the statement that makes it log in by IAM.
    pub fn grant_iam(&self) -> String {
        format!("GRANT rds_iam TO {}", identifier(&self.name))
    }

    /// Returns the statement that takes back [`UserObject::grant_iam`].
    pub fn revoke_iam(&self) -> String {
        format!("REVOKE rds_iam FROM {}", identifier(&self.name))
    }
}

// === impl DatabaseObject ===

impl DatabaseObject {
    /// Returns the statement that creates the database. No one can connect to it, so that an interrupted run leaves
    /// nothing open; [`DatabaseObject::open`] recognizes it by its connection limit of 0.
    pub fn create(&self) -> String {
        let name = identifier(&self.name);
        format!("CREATE DATABASE {name} ALLOW_CONNECTIONS false CONNECTION LIMIT 0")
    }

    /// Returns the statements that let only chosen users connect to a database that was just created.
    pub fn open(&self, mark: &str) -> [String; 3] {
        let name = identifier(&self.name);
        [
            self.revoke_public(),
            format!("COMMENT ON DATABASE {name} IS {}", literal(mark)),
            format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true CONNECTION LIMIT -1"),
        ]
    }

    /// Returns the statement after which only users who were granted it can connect.
    pub fn revoke_public(&self) -> String {
        let name = identifier(&self.name);
        format!("REVOKE CONNECT, TEMPORARY ON DATABASE {name} FROM PUBLIC")
    }

    /// Returns the statement after which only users who were granted it can connect, and those have all other
    /// privileges that they had.
    pub fn revoke_public_connect(&self) -> String {
        let name = identifier(&self.name);
        format!("REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
    }

    /// Returns the statement that lets a user connect.
    pub fn grant_connect(&self, user: &str) -> String {
        grant_connect(&self.name, user)
    }

    /// Returns the statement that gives a user all privileges on the database.
    pub fn grant_all(&self, user: &str) -> String {
        format!(
            "GRANT ALL PRIVILEGES ON DATABASE {} TO {}",
            identifier(&self.name),
            identifier(user)
        )
    }
}

/// Returns the statement that lets a user connect to a database.
pub fn grant_connect(database: &str, user: &str) -> String {
    format!(
        "GRANT CONNECT ON DATABASE {} TO {}",
        identifier(database),
        identifier(user)
    )
}

/// Returns the statement that gives a user all privileges on the schema `public` of the current database.
pub fn grant_schema(user: &str) -> String {
    format!("GRANT ALL ON SCHEMA public TO {}", identifier(user))
}

/// Returns the statement that lets a user find objects in the schema `public` of the current database.
pub fn grant_schema_usage(user: &str) -> String {
    format!("GRANT USAGE ON SCHEMA public TO {}", identifier(user))
}

/// The statement after which only users who were granted it can create objects in the schema `public` of the current
/// database.
pub const REVOKE_PUBLIC_CREATE: &str = "REVOKE CREATE ON SCHEMA public FROM PUBLIC";

/// Returns the statement that lets a user create objects in the schema `public` of the current database.
pub fn grant_create(user: &str) -> String {
    format!("GRANT CREATE ON SCHEMA public TO {}", identifier(user))
}

/// Returns the statement that takes privileges on a database, such as `CONNECT, CREATE`, from a user.
pub fn revoke_on_database(database: &str, privileges: &str, user: &str) -> String {
    format!(
        "REVOKE {privileges} ON DATABASE {} FROM {}",
        identifier(database),
        identifier(user)
    )
}

/// Returns the statement that takes privileges on the schema `public` of the current database from a user.
pub fn revoke_on_schema(privileges: &str, user: &str) -> String {
    format!(
        "REVOKE {privileges} ON SCHEMA public FROM {}",
        identifier(user)
    )
}

/// Returns the statements that undo [`UserObject::act`], for one transaction.
pub fn stop_acting(user: &str, role: &str) -> [String; 2] {
    let name = identifier(user);
    [
        format!("REVOKE {} FROM {name}", identifier(role)),
        format!("ALTER ROLE {name} RESET role"),
    ]
}

/// Returns the statements that make the current user a member of a role, and that end this.
pub fn membership(role: &str) -> [String; 2] {
    let name = identifier(role);
    [
        format!("GRANT {name} TO CURRENT_USER"),
        format!("REVOKE {name} FROM CURRENT_USER"),
    ]
}

/// Returns the statement that makes the current user a role until the end of the transaction.
pub fn assume(role: &str) -> String {
    format!("SET LOCAL ROLE {}", identifier(role))
}

/// Returns the statement that lets a user log in.
pub fn allow_login(user: &str) -> String {
    format!("ALTER ROLE {} LOGIN", identifier(user))
}

/// Returns the statement after which a user cannot log in.
pub fn forbid_login(user: &str) -> String {
    format!("ALTER ROLE {} NOLOGIN", identifier(user))
}

/// Returns the statement that removes a user.
pub fn drop_user(user: &str) -> String {
    format!("DROP ROLE {}", identifier(user))
}

/// Quotes an identifier.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes a string constant, which means the same with either value of `standard_conforming_strings`.
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if text.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort();
    values.dedup();
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_end_nothing() {
        assert_eq!(
            identifier("a\"; DROP DATABASE x; --"),
            "\"a\"\"; DROP DATABASE x; --\""
        );
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\' or 1"), "E'a\\\\'' or 1'");
    }

    #[test]
    fn a_second_user_has_what_the_first_one_has() {
        let user = UserObject {
            name: "keycloak_iam".to_owned(),
            acts_as: Some("keycloak".to_owned()),
        };
        let [member, session] = user.act().unwrap();
        assert_eq!(member, "GRANT \"keycloak\" TO \"keycloak_iam\"");
        assert_eq!(session, "ALTER ROLE \"keycloak_iam\" SET role = 'keycloak'");
    }
}
