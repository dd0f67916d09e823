//! The one integration-test binary: one module a promise we make.
