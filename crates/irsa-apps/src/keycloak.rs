//! Keycloak, from its own distribution.
