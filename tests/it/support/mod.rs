//! What several promises need to be checked.

pub(crate) mod records;
