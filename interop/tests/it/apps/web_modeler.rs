//! Web Modeler's stack.
