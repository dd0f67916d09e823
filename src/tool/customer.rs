//! Which customer is meant, and may the asker see that one?

use super::{ToolContext, ToolError};
use crate::domain::{Lookup, NamedCustomer, Role};

/// The customer of this id, e-mail, name or part of a name, or the candidates. Whoever is bound to one customer finds
/// nobody else: "not yours" and "does not exist" are the same answer.
pub(super) fn named(ctx: &ToolContext<'_>, text: &str) -> Result<NamedCustomer, ToolError> {
    let say = |error: ToolError| error.with("text", text);
    let mut entities = ctx.warehouse.entities();
    match (&ctx.principal.customer, ctx.principal.role) {
        (Some(own), _) => entities.customers.retain(|customer| customer.id == own.0),
        (None, Role::Manager | Role::Analyst) => {}
        (None, Role::ServiceAgent | Role::Customer) => entities.customers.clear(),
    }
    match entities.customer(text) {
        Lookup::One(customer) => Ok(customer),
        Lookup::Many(found) => {
            let names = candidates(&found);
            Err(say(ToolError::ambiguous("several_customers", names.clone()).with("candidates", names)))
        }
        Lookup::None(nearest) => {
            let names = candidates(&nearest);
            Err(say(ToolError::not_found("unknown_customer").with("candidates", names.clone()).among(names)))
        }
    }
}

/// What each may be called so that it is found again: the name where no other has it, else e-mail or id.
fn candidates(found: &[NamedCustomer]) -> Vec<String> {
    let alone = |name: &String| found.iter().filter(|other| other.name.as_ref() == Some(name)).count() == 1;
    found
        .iter()
        .map(|customer| {
            let name = customer.name.clone().filter(alone);
            name.or_else(|| customer.email.clone()).unwrap_or_else(|| customer.id.clone())
        })
        .collect()
}
