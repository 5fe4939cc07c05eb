//! What AWS's read-only calls say of a workload's chain.
