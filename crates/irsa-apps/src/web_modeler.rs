//! What stands in for Web Modeler's restapi.
