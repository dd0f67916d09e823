//! Take a person out of everything, for good.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;

use anyhow::bail;

use super::{DEFAULT_DATA, Out};
use crate::app::tables;
use crate::domain::{Clock, Customer, NoWork, Order};
use crate::store::{ErasedList, Store};

/// Take a customer out of everything, for good
///
/// Orders stay with their days, amounts and products under a pseudonym, so that reports keep their totals. Name,
/// e-mail, free texts, parcels, ways of payment and conversations that name the person go, and the store's files are
/// written anew. What was exported or backed up before is not reached; restoring such a backup forgets the person
/// again by the list in the file `erased`. To take a person back, delete that list's line and import the files again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mercato forget C00042")]
pub struct Forget {
    /// The customer's id, telephone number, e-mail or full name
    #[arg(value_name = "CUSTOMER")]
    customer: String,
    /// Do not ask first
    #[arg(long)]
    yes: bool,
    /// A backup made before; the list is put beside it, so that restoring it forgets the person again
    #[arg(long, value_name = "FILE")]
    backup: Vec<PathBuf>,
}

impl Forget {
    pub(super) fn run(self, data: Option<PathBuf>, out: &mut Out) -> anyhow::Result<()> {
        let dir = data.unwrap_or_else(|| DEFAULT_DATA.into());
        let store = Store::open(&dir)?;
        let id = find(&store, &self.customer)?;
        let orders = store.by_index::<Order>("customer", id.as_bytes())?.len();
        out.line(format!(
            "{id}: {orders} orders stay under a pseudonym; everything that says who it was goes"
        ))?;
        out.flush()?;
        if !self.yes && !agreed()? {
            bail!("nothing was changed");
        }
        let done = store.forget(&id, &Clock::system(None), &tables(), &NoWork)?;
        out.line(format!("forgotten; the orders are those of {}", done.pseudonym))?;
        for file in &done.files {
            out.line(format!("  cleared or removed: {file}"))?;
        }
        let list = ErasedList::load(&ErasedList::path(&dir))?;
        for backup in &self.backup {
            let beside = ErasedList::beside(backup);
            let mut all = ErasedList::load(&beside)?;
            all.merge(list.clone());
            all.save(&beside)?;
            out.line(format!("  beside the backup: {}", beside.display()))?;
        }
        out.line(format!(
            "Backups and exports made before still hold the person. Keep {}: restore reads it.",
            ErasedList::path(&dir).display()
        ))
    }
}

/// The id that is meant: an id, a telephone number, an e-mail, or the name of one customer.
fn find(store: &Store, text: &str) -> anyhow::Result<String> {
    for id in [Some(text.to_owned()), store.customer_by_phone(text)?].into_iter().flatten() {
        if store.get::<Customer>(id.as_bytes())?.is_some()
            || !store.by_index::<Order>("customer", id.as_bytes())?.is_empty()
        {
            return Ok(id);
        }
    }
    let wanted = text.to_lowercase();
    let mut found = Vec::new();
    for customer in store.scan::<Customer>() {
        let customer = customer?;
        let is = |known: &Option<String>| known.as_ref().is_some_and(|known| known.to_lowercase() == wanted);
        if is(&customer.email) || is(&customer.name) {
            found.push(customer.id.0);
        }
    }
    match found.as_slice() {
        [id] => Ok(id.clone()),
        [] => {
            bail!("no customer has the id, number, e-mail or name {text}; write the id as the data have it")
        }
        several => bail!("{text} are {} customers; name one by id: {}", several.len(), several.join(", ")),
    }
}

fn agreed() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("this cannot be taken back; say --yes where nobody can be asked");
    }
    eprint!("This cannot be taken back. Go on? Write yes: ");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim() == "yes")
}
