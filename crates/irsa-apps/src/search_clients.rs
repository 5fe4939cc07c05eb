//! Operate's and Zeebe's clients of OpenSearch.
