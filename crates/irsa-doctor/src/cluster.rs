//! Checks by the Kubernetes API.
