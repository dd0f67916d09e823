//! From the shop's columns to what models eat.
#![warn(missing_docs)]

pub mod clv;
pub mod margin;
pub mod media;
pub mod recommend;
pub mod rfm;
