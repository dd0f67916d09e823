//! mercato answers a shop's data questions in plain Chinese or English, and says how sure it is.
//!
//! # The map of the house
//! ```text
//! channel → agent → tool → model ← features ← warehouse ← store        (and everybody may use domain)
//! ```
//! | room | what lives there |
//! |---|---|
//! | [`domain`] | the words everybody shares: money, days, periods, records, facts, evidence, who asks |
//! | [`store`] | the records on disk: an ordered key-value store, typed tables, import as a redo log, export |
//! | [`warehouse`] | the shop as plain columns in memory, and the metrics as kernels over them |
//! | [`features`] | from columns to what models eat: recency, frequency, T |
//! | [`model`] | pure numbers: customer lifetime value with its intervals and back-tests |
//! | [`tool`] | one file a question that can be computed: typed arguments in, figures with evidence out |
//! | [`llm`] | the one wrapper of async-openai: a language model at any server of the OpenAI kind, however it behaves |
//! | [`agent`] | the loop: plan, run, compose, check every figure; a turn is a value that can be stored and resumed |
//! | [`render`] | numbers, tables, pictures and templates in the asker's language |
//! | [`prompts`] | all words people or models read, parsed from `prompts/` |
//! | [`channel`] | the terminal and Telegram: each proves who speaks, and draws the agent's events |
//! | [`demo`] | the sample shop, with known truth |
//! | [`app`], [`config`], [`cli`] | the parts put together, the settings, one file a command |
//!
//! # The life of a question
//! 1. A command or a chat channel proves who speaks and makes a `Principal`.
//! 2. The driver loads the conversation's memory and starts a `Turn`, saved after each of its steps.
//! 3. The planner makes typed calls of it, or asks back, or refuses. One plan call a question.
//! 4. Arguments are repaired (`8万` is 80000), then checked by serde against the tool's struct.
//! 5. The tool resolves names and periods against the warehouse.
//! 6. It asks `features` for the model's input and fits the model, or takes the one kept for these data.
//! 7. It gives back facts, a table, evidence with a grade, and follow-up questions; no sentence.
//! 8. The composer fills the tool's template from the facts, in the question's language.
//! 9. The ledger lets a sentence through only if each figure in it is a fact, and each claimed action happened.
//! 10. The memory keeps the call, so that "and Paris?" changes one slot of it; the turn's record answers `/why`.
//!
//! # What is deliberately absent
//! - `model` never sees a customer's name, a clock or a file; the same input gives the same bits on any machine.
//! - No figure is computed by a planner or a template: both only name facts.
//! - The store knows none of the others, and nothing reads the demo's truth file.
//! - No words for people in code: they are in `prompts/`, in both languages.

pub mod agent;
pub mod app;
pub mod channel;
pub mod cli;
pub mod config;
pub mod demo;
pub mod domain;
pub mod features;
pub mod llm;
pub mod model;
pub mod prompts;
pub mod render;
pub mod store;
pub mod tool;
pub mod warehouse;
