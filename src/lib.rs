//! mercato: ask your shop's data in plain Chinese or English.

pub mod agent;
pub mod cli;
pub mod config;
pub mod demo;
pub mod domain;
pub mod features;
pub mod model;
pub mod prompts;
pub mod render;
pub mod store;
pub mod tool;
pub mod warehouse;
