//! Checks by AWS's read-only calls, decided by `irsa-policy`.
