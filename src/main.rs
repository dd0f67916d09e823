//! `mercato`, the program: arguments in, one command run, one clear sentence where it could not.

use std::process::ExitCode;

use clap::Parser;
use mercato::cli::Cli;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mercato: {error:#}");
            ExitCode::FAILURE
        }
    }
}
