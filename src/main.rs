//! `mercato`, the program: arguments in, one command run, one clear sentence where it could not.

use std::process::ExitCode;

use clap::Parser;
use mercato::cli::Cli;

fn main() -> ExitCode {
    mercato::llm::install_tls();
    // A panic is a fault of ours, or of a part that meets damaged files; whoever waits for it says so in a sentence.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a panic")));
    match std::panic::catch_unwind(|| Cli::parse().run()) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            eprintln!("mercato: {error:#}");
            ExitCode::FAILURE
        }
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            let text = text.unwrap_or_default();
            eprintln!(
                "mercato: a fault in the program stopped it ({text}); look at the data with mercato doctor"
            );
            ExitCode::FAILURE
        }
    }
}
