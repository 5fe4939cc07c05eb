//! Faults on the way to a database.
