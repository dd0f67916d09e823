//! What do the numbers say? Pure numbers: no I/O, no async, no clock, no names.
#![warn(missing_docs)]

pub mod allocate;
pub mod clv;
pub mod keep;
pub mod mix;
pub mod plan;
pub mod recommend;

pub use keep::{Models, Shelf};
