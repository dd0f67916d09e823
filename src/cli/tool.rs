//! Call one tool with arguments, or list them all.

use std::io::BufRead;
use std::path::PathBuf;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::Out;
use crate::agent::audit::{self, Called, Verdict};
use crate::agent::repair::repair;
use crate::app::{App, data_folder};
use crate::domain::{Lang, NoWork, Principal, Role};
use crate::prompts::Prompts;
use crate::render::{Scope, Templates, text_table};
use crate::tool::{self, Outcome, ToolError, schema};

/// Call one tool with arguments
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mercato tool query_metrics --args '{\"metric\": \"revenue\", \"group_by\": \"city\"}' --json"
)]
pub struct Tool {
    /// Its name; `mercato tools` lists them.
    name: String,
    /// Arguments as a JSON object.
    #[arg(long, value_name = "JSON", default_value = "{}", conflicts_with = "batch")]
    args: String,
    /// Print {ok, output, facts, evidence, error} in one line.
    #[arg(long)]
    json: bool,
    /// Read one JSON object of arguments a line from standard input; print one line of JSON for each.
    #[arg(long)]
    batch: bool,
    /// Language of the words.
    #[arg(long, value_enum, default_value = "en")]
    lang: Lang,
}

/// List the tools
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mercato tools --schema strict")]
pub struct Tools {
    /// Print name, description and the arguments' schema as JSON, in this rendering.
    #[arg(long, value_enum)]
    schema: Option<schema::Rendering>,
}

impl Tool {
    pub(super) fn run(self, data: Option<PathBuf>, out: &mut Out) -> anyhow::Result<()> {
        let principal = Principal::local_manager();
        let Some(entry) = tool::find(principal.role, &self.name) else {
            let names: Vec<&str> = tool::for_role(principal.role).iter().map(|entry| entry.name).collect();
            bail!("no tool is called {}; there are {}", self.name, names.join(", "));
        };
        let app = App::open(&data_folder(data))?;
        let templates = &app.templates;
        if self.batch {
            for line in std::io::stdin().lock().lines() {
                let line = line.context("standard input cannot be read")?;
                if !line.trim().is_empty() {
                    let args = parse(&line)?;
                    let done = audited(&app, &entry, &principal, &args)?;
                    out.line(json_line(templates, self.lang, &done).to_string())?;
                }
            }
            return Ok(());
        }
        let args = parse(&self.args)?;
        let done = audited(&app, &entry, &principal, &args)?;
        if self.json {
            out.line(json_line(templates, self.lang, &done).to_string())?;
        }
        match done {
            Ok((args, outcome)) if !self.json => self.print(templates, &args, &outcome, out),
            Ok(_) => Ok(()),
            Err(error) => bail!("{}", people_text(templates, self.lang, &error)),
        }
    }

    /// The answer in words, and its rows.
    fn print(
        &self,
        templates: &Templates,
        args: &Value,
        outcome: &Outcome<Value>,
        out: &mut Out,
    ) -> anyhow::Result<()> {
        let scope = Scope::outcome(self.lang, outcome, args);
        out.line(templates.answer(&self.name, &scope)?)?;
        if let Some(table) = &outcome.table {
            out.line(text_table(templates.prompts(), table, self.lang, None))?;
        }
        Ok(())
    }
}

impl Tools {
    pub(super) fn run(self, out: &mut Out) -> anyhow::Result<()> {
        let prompts = Prompts::load()?;
        let description =
            |name: &str| prompts.tool(name).map(|topic| topic.description.as_str()).unwrap_or_default();
        match self.schema {
            Some(rendering) => {
                let list = tool::for_role(Role::Manager).into_iter().map(|entry| {
                    let parameters = schema::render(&(entry.schema)(), rendering);
                    json!({"name": entry.name, "description": description(entry.name), "parameters": parameters})
                });
                out.line(serde_json::to_string_pretty(&Value::Array(list.collect()))?)
            }
            None => {
                for entry in tool::for_role(Role::Manager) {
                    let first = description(entry.name).lines().next().unwrap_or_default();
                    out.line(format!("{:<16} {first}", entry.name))?;
                }
                Ok(())
            }
        }
    }
}

fn parse(text: &str) -> anyhow::Result<Value> {
    let args: Value = serde_json::from_str(text)
        .with_context(|| format!("--args {text} is not JSON; write an object like {{\"top\": 5}}"))?;
    if args.is_object() {
        Ok(args)
    } else {
        bail!("--args {text} is not a JSON object; write one like {{\"top\": 5}}")
    }
}

/// The checked arguments and the outcome.
type Done = Result<(Value, Outcome<Value>), ToolError>;

fn audited(app: &App, entry: &tool::Entry, principal: &Principal, args: &Value) -> anyhow::Result<Done> {
    let done = call(app, entry, principal, args);
    let (as_run, verdict) = match &done {
        Ok((args, _)) => (args, Verdict::Answered),
        Err(error) => (args, Verdict::Failed(error.kind)),
    };
    let data_version = app.warehouse.data_version;
    let (conversation, turn, tool) = ("", 0, entry.name);
    let called = Called { principal, conversation, turn, tool, args: as_run, verdict, data_version };
    audit::note(&app.store, &app.clock, &called)?;
    Ok(done)
}

fn call(app: &App, entry: &tool::Entry, principal: &Principal, args: &Value) -> Done {
    let (args, _) = repair(args, &(entry.schema)(), app.prompts());
    let args = (entry.check)(&args)?;
    let outcome = (entry.run)(&app.tool_context(principal, &NoWork), &args)?;
    Ok((args, outcome))
}

/// `{ok, output, facts, evidence, error}`.
fn json_line(templates: &Templates, lang: Lang, done: &Done) -> Value {
    match done {
        Ok((_, outcome)) => json!({
            "ok": true, "output": outcome.output, "facts": outcome.all_facts(), "evidence": outcome.evidence, "error": null,
        }),
        Err(error) => json!({
            "ok": false, "output": null, "facts": [], "evidence": null,
            "error": {
                "kind": error.kind, "code": error.code, "params": error.params, "candidates": error.candidates,
                "text": people_text(templates, lang, error),
            },
        }),
    }
}

fn people_text(templates: &Templates, lang: Lang, error: &ToolError) -> String {
    // Whoever writes JSON wants the field and what it takes, not a hint how to put a question.
    if let (Some(path), Some(why)) = (error.params.get("path"), error.params.get("why")) {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        return format!("argument {}: {}", text(path), text(why));
    }
    let scope = Scope::words(lang, &error.params).naming("candidates", error.candidates.clone());
    templates
        .message(&format!("error.{}", error.code), &scope)
        .unwrap_or_else(|fault| format!("{error} ({fault})"))
}
