//! What can be typed at the terminal? One file a command.

mod ask;
mod backup;
mod card;
mod chat;
mod demo;
mod doctor;
mod export;
mod forget;
mod import;
mod lab;
mod out;
mod telegram;
mod tool;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub use out::Out;

/// Ask your shop's data in plain Chinese or English.
#[derive(Debug, Parser)]
#[command(name = "mercato", version, max_term_width = 100)]
pub struct Cli {
    /// The shop's data folder.
    #[arg(long, global = true, env = "MERCATO_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// One command each.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask one question
    Ask(ask::Ask),
    /// Talk with your shop's data
    Chat(chat::Chat),
    /// Write the whole shop into one file
    Backup(backup::Backup),
    /// Make the sample shop and try it
    Demo(demo::Demo),
    /// Examine the data folder
    Doctor(doctor::Doctor),
    /// Write every table as JSON lines
    Export(export::Export),
    /// Take a customer out of everything, for good
    Forget(forget::Forget),
    /// Bring in a shop's files
    Import(import::Import),
    /// The models on plain files, without a shop
    #[command(subcommand)]
    Lab(lab::Lab),
    /// Make a shop of a backup, in a new folder
    Restore(backup::Restore),
    /// Answer in Telegram
    Telegram(telegram::Telegram),
    /// Call one tool with arguments
    Tool(tool::Tool),
    /// List the tools
    Tools(tool::Tools),
}

impl Cli {
    /// Runs the command; an error is one clear sentence for the person at the terminal.
    pub fn run(self) -> anyhow::Result<()> {
        let mut out = Out::stdout();
        let data = self.data;
        match self.command {
            Command::Ask(command) => command.run(data, &mut out),
            Command::Chat(command) => command.run(data, &mut out),
            Command::Backup(command) => command.run(data, &mut out),
            Command::Demo(command) => command.run(data, &mut out),
            Command::Doctor(command) => command.run(data, &mut out),
            Command::Export(command) => command.run(data, &mut out),
            Command::Forget(command) => command.run(data, &mut out),
            Command::Import(command) => command.run(data, &mut out),
            Command::Lab(command) => command.run(data, &mut out),
            Command::Restore(command) => command.run(data, &mut out),
            Command::Telegram(command) => command.run(data, &mut out),
            Command::Tool(command) => command.run(data, &mut out),
            Command::Tools(command) => command.run(&mut out),
        }
    }
}

/// The data folder that a command uses where none is named.
pub const DEFAULT_DATA: &str = "mercato-data";
