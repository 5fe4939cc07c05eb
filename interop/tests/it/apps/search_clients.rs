//! Operate's and Zeebe's clients.
