//! The one integration-test binary: one module a promise we make.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot set its scene should stop right there, and what it measured it says"
)]

mod allocate;
mod audit;
mod bad_input;
mod budget;
mod budget_bad;
mod charts;
mod chat;
mod clv_gold;
mod clv_intervals;
mod clv_lab;
mod damage;
mod demo;
mod demo_clv;
mod demo_events;
mod demo_feedback;
mod demo_recommend;
mod demo_sends;
mod derive;
mod golden;
mod import;
mod import_bad;
mod import_cancel;
mod import_card;
mod import_cli;
mod import_containers;
mod import_fuzz;
mod import_kinds;
mod import_mutation;
mod import_own;
mod import_platforms;
mod import_sums;
mod import_undo;
mod keeping;
mod kill;
mod kill_turn;
mod lab_rfm;
mod ledger;
mod liar;
mod llm;
mod metrics;
mod mix;
mod model_report;
mod planner;
mod profile;
mod recommend;
mod recommend_tools;
mod records;
mod refresh;
mod segments;
mod store;
mod support;
mod telegram;
mod turn;
mod why;
