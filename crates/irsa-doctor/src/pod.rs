//! Checks from where the workload runs.
