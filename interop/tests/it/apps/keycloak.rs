//! Keycloak.
