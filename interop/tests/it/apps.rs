//! The reference's applications: through irsa as they are, and in their own way.

mod demo;
mod keycloak;
mod search_clients;
mod web_modeler;
