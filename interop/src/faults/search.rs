//! Faults on the way to an OpenSearch domain.
