//! What the Kubernetes API says of a workload's chain.
