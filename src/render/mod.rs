//! How does a figure read, in Chinese and in English?
//!
//! `numbers` writes figures, dates and periods (DEFINITIONS §11), `templates` fills the templates of `prompts/`,
//! `tables` draws rows as text, `sheet` writes them for a spreadsheet, `chart` draws pictures. Nothing here computes: a
//! figure comes in as a fact and goes out as words.

pub mod chart;
pub mod numbers;
pub mod sheet;
mod tables;
mod templates;

pub use tables::{cells, head, label, text_table};
pub use templates::{Scope, TemplateError, Templates};
