//! Bring in a shop's files: what was understood, what was left out, what changed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::card::Card;
use super::{DEFAULT_DATA, Out};
use crate::domain::{Clock, Lang, Work};
use crate::store::Store;
use crate::store::export::decimal;
use crate::store::import::{DateOrder, Decimal, FileReport, Options, import_file, in_order};
use crate::tool::ability::Ability;

/// Bring in a shop's files
///
/// Example: mercato import orders.csv customers.csv --currency EUR --timezone Europe/Berlin
#[derive(Debug, clap::Args)]
pub struct Import {
    /// CSV files, XLSX workbooks and tables of our own export, packed with gzip or zip or not
    #[arg(required_unless_present = "undo", conflicts_with = "undo", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Take the newest import back; with a number, only if that is the newest
    #[arg(long, value_name = "IMPORT", num_args = 0..=1, default_missing_value = "0")]
    undo: Option<u64>,
    /// What the files are: customers, feedback, google_ads, interactions, lift_tests, meta_ads, orders,
    /// pinduoduo_orders, products, shopify_customers, shopify_orders, shopify_products, spend, taobao_items,
    /// taobao_orders, uci or woocommerce_orders (found by their columns where left out)
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// A column whose name says too little, and the field it holds
    #[arg(long, value_name = "COLUMN=FIELD")]
    map: Vec<String>,
    /// What 01/05/2026 means: dmy (1 May) or mdy (5 January)
    #[arg(long, value_name = "dmy|mdy", value_parser = date_order)]
    date_order: Option<DateOrder>,
    /// The decimal sign: a point or a comma
    #[arg(long, value_name = ".|,", value_parser = decimal_sign)]
    decimal: Option<Decimal>,
    /// The files' encoding, such as gb18030 or windows-1252
    #[arg(long, value_name = "ENCODING")]
    encoding: Option<String>,
    /// Currency of amounts whose row names none
    #[arg(long, value_name = "EUR")]
    currency: Option<String>,
    /// Zone of the shop's days and of times without one
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// Language of the card that says what can be asked now
    #[arg(long, value_enum, default_value = "en")]
    lang: Lang,
    /// Show what is understood and store nothing
    #[arg(long)]
    dry_run: bool,
    /// The report as one JSON object a file
    #[arg(long)]
    json: bool,
}

impl Import {
    pub(super) fn run(self, data: Option<PathBuf>, out: &mut Out) -> anyhow::Result<()> {
        let dir = data.unwrap_or_else(|| DEFAULT_DATA.into());
        if let Some(batch) = self.undo {
            return self.take_back(&Store::open(&dir)?, batch, out);
        }
        let is_new = !dir.exists();
        let store = self.store(&dir)?;
        let done = self.files(&store, out);
        if is_new && done.is_err() {
            store.undo_create()?;
        }
        done
    }

    fn take_back(&self, store: &Store, batch: u64, out: &mut Out) -> anyhow::Result<()> {
        let undone = store.undo_import((batch > 0).then_some(batch))?;
        if self.json {
            return out.line(serde_json::to_string(&undone)?);
        }
        out.line(format!("took back import {} ({})", undone.batch, undone.what))?;
        out.line(format!("  everything is as it was before it, data version {}", undone.data_version))
    }

    fn files(&self, store: &Store, out: &mut Out) -> anyhow::Result<()> {
        let watch = Watch::start();
        let clock = Clock::system(None);
        let options = self.options();
        let mut card = Card::new(self.lang)?;
        for file in &in_order(&self.files, &options, &watch) {
            let done = import_file(store, file, &options, &clock, &watch);
            watch.bar.finish_and_clear();
            let report = done?;
            let card_lines = self.card(&mut card, store, &report)?;
            if self.json {
                let mut shown = serde_json::to_value(&report)?;
                if let (Some(fields), Some((abilities, _))) = (shown.as_object_mut(), card_lines) {
                    fields.insert("card".into(), serde_json::to_value(abilities)?);
                }
                out.line(shown.to_string())?;
            } else {
                show(&report, out)?;
                for line in card_lines.iter().flat_map(|(_, lines)| lines) {
                    out.line(format!("  {line}"))?;
                }
            }
            out.flush()?;
        }
        Ok(())
    }

    /// What can be asked now; nothing after a dry run, since it stored nothing.
    fn card(
        &self,
        card: &mut Card,
        store: &Store,
        report: &FileReport,
    ) -> anyhow::Result<Option<(Vec<Ability>, Vec<String>)>> {
        if report.changes.is_none() {
            return Ok(None);
        }
        let abilities = card.read(store)?;
        let lines = card.lines(&abilities)?;
        Ok(Some((abilities, lines)))
    }

    fn options(&self) -> Options {
        Options {
            kind: self.kind.clone(),
            map: self.map.clone(),
            date_order: self.date_order,
            decimal: self.decimal,
            encoding: self.encoding.clone(),
            currency: self.currency.clone(),
            timezone: self.timezone.clone(),
            dry_run: self.dry_run,
        }
    }

    /// A dry run makes no folder.
    fn store(&self, dir: &Path) -> anyhow::Result<Store> {
        Ok(match (self.dry_run, dir.join("store").exists()) {
            (true, false) => Store::memory(),
            _ => Store::create(dir)?,
        })
    }
}

fn date_order(text: &str) -> Result<DateOrder, String> {
    match text {
        "dmy" => Ok(DateOrder::Dmy),
        "mdy" => Ok(DateOrder::Mdy),
        _ => Err("write dmy or mdy".into()),
    }
}

fn decimal_sign(text: &str) -> Result<Decimal, String> {
    match text {
        "." => Ok(Decimal::Point),
        "," => Ok(Decimal::Comma),
        _ => Err("write . or ,".into()),
    }
}

/// Progress on a terminal, and a look at ctrl-c.
struct Watch {
    bar: ProgressBar,
    stopped: Arc<AtomicBool>,
}

impl Watch {
    fn start() -> Self {
        // indicatif draws nothing where stderr is no terminal.
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{msg:12} [{bar:30}] {percent} %") {
            bar.set_style(style.progress_chars("=> "));
        }
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = stopped.clone();
        let (ready, listening) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
                return;
            };
            runtime.block_on(async {
                loop {
                    let mut pressed = std::pin::pin!(tokio::signal::ctrl_c());
                    // Polled once before we say so: until then ctrl-c would end the process without a word.
                    let done = tokio::select! {
                        biased;
                        done = &mut pressed => done,
                        () = async { let _ = ready.send(()); } => pressed.await,
                    };
                    if done.is_err() {
                        return;
                    }
                    stop.store(true, Ordering::Relaxed);
                }
            });
        });
        // Without a listener ctrl-c ends the process, and the next opening clears what it left.
        let _ = listening.recv();
        Self { bar, stopped }
    }
}

impl Work for Watch {
    fn progress(&self, what: &str, done: u64, total: u64) {
        self.bar.set_message(what.replace('_', " "));
        self.bar.set_length(total);
        self.bar.set_position(done);
    }
    fn cancelled(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

fn show(report: &FileReport, out: &mut Out) -> anyhow::Result<()> {
    understood(report, out)?;
    read(report, out)?;
    match &report.changes {
        None => out.line("  dry run: nothing was stored")?,
        Some(changes) if !changes.changed() => {
            out.line(format!("  nothing changed, data version {}", changes.data_version))?;
        }
        Some(changes) => {
            for (table, changes) in &changes.tables {
                let mut line = format!(
                    "  {table}: {} created, {} updated, {} unchanged",
                    changes.created, changes.updated, changes.unchanged
                );
                if changes.older > 0 {
                    line += &format!(", {} left as they are (the file is older)", changes.older);
                }
                out.line(line)?;
            }
            out.line(format!(
                "  data version {}; to take it back: mercato import --undo",
                changes.data_version
            ))?;
        }
    }
    Ok(())
}

fn understood(report: &FileReport, out: &mut Out) -> anyhow::Result<()> {
    let delimiter = match report.delimiter {
        '\t' => "tab".to_owned(),
        sign => format!("{sign:?}"),
    };
    out.line(format!("{}: {}", report.file, report.kind))?;
    let mut line = match (report.header_line, report.encoding) {
        (0, encoding) => format!("  read as {encoding}, one record of our own export a line"),
        (header, "XLSX") => format!("  read as a workbook, header in line {header}"),
        (header, encoding) => {
            format!("  read as {encoding}, cells separated by {delimiter}, header in line {header}")
        }
    };
    if let Some(sign) = report.decimal {
        line += &format!(", decimals after {sign:?}");
    }
    if report.date_order == Some("mdy") {
        line += ", dates month first";
    }
    if !report.timezone.is_empty() {
        line += &format!(", times in {}", report.timezone);
    }
    out.line(line)?;
    if report.header_line == 0 {
        return Ok(());
    }
    if !report.other_sheets.is_empty() {
        out.line(format!("  sheets not read: {}", report.other_sheets.join(", ")))?;
    }
    let columns = report.columns.iter().map(|(column, field)| format!("{column} → {field}"));
    out.line(format!("  columns: {}", columns.collect::<Vec<_>>().join(", ")))?;
    if !report.unused.is_empty() {
        out.line(format!("  not used: {}", report.unused.join(", ")))?;
    }
    // Where the encoding was a decision, the person sees whether it was a good one.
    if report.changes.is_none() || report.encoding != "UTF-8" {
        for row in &report.first_rows {
            out.line(format!("  | {}", row.join(" | ")))?;
        }
    }
    Ok(())
}

fn read(report: &FileReport, out: &mut Out) -> anyhow::Result<()> {
    let mut line = format!("  {} rows", report.rows);
    for (count, what) in [
        (report.orders, "orders"),
        (report.lines, "order lines"),
        (report.returns, "returns"),
        (report.fees, "lines of fees"),
        (report.corrections, "lines of corrections"),
        (report.totals, "rows of totals passed over"),
        (report.repeats, "repeated rows"),
        (report.joined, "rows added to their day and campaign"),
    ] {
        if count > 0 {
            line += &format!(", {count} {what}");
        }
    }
    for (reason, count) in &report.skipped {
        line += &format!(", {count} {reason} passed over");
    }
    out.line(line)?;
    if let Some(days) = report.days {
        out.line(format!("  from {} to {}", days.from, days.to))?;
    }
    for (currency, spent) in &report.spent {
        out.line(format!("  {currency}: {} spent, in {} rows by day", decimal(spent.cost), spent.rows))?;
    }
    for (currency, sums) in &report.sums {
        let (lines, orders) = (decimal(sums.lines_total), decimal(sums.orders_total));
        out.line(format!(
            "  {currency}: {} orders, sum of lines {lines}, sum of orders {orders}",
            sums.orders
        ))?;
    }
    for warning in &report.warnings {
        out.line(format!("  warning: {warning}"))?;
    }
    if report.orders > 0 {
        let share = 100.0 * report.with_customer as f64 / report.orders as f64;
        out.line(format!("  {share:.1} % of the orders have a customer"))?;
    }
    if report.rejected.count > 0 {
        out.line(format!("  {} rows left out:", report.rejected.count))?;
        for reject in &report.rejected.first {
            out.line(format!("    {reject}"))?;
        }
        if let Some(file) = &report.rejected.file {
            out.line(format!("    all of them: {}", file.display()))?;
        }
    }
    for note in &report.cannot_answer {
        out.line(format!("  not in the file: {note}"))?;
    }
    Ok(())
}
