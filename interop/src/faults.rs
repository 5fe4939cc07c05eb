//! Links broken on purpose, and what each application and irsa say of it.
pub mod database;
pub mod search;
