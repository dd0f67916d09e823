//! What several promises need to be checked.

pub(crate) mod agent;
pub(crate) mod bot_api;
pub(crate) mod charts;
pub(crate) mod data;
pub(crate) mod disguise;
pub(crate) mod files;
pub(crate) mod kill;
pub(crate) mod llm_server;
pub(crate) mod reading;
pub(crate) mod recorded;
pub(crate) mod records;
pub(crate) mod shop;
pub(crate) mod small_shop;
