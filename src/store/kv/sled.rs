//! The store on disk.

pub(crate) struct SledKv;
