//! What does Shopify's export of customers hold? (`Customer ID, First Name, Last Name, Email, …`)
//!
//! The key is the e-mail address, else the telephone number, by which the orders name their customer, else Shopify's
//! own number. Only `yes` is consent. Totals and counts of orders are the orders' business.

use super::customers::yes_or_no;
use super::format::{CurrencyField, Field, Format, Reads, Rows, Sink, has};
use super::once::Once;
use super::reject::{Rejects, RowError};
use super::row::{Plan, Row};
use super::{FileReport, ImportError};
use crate::domain::{Consent, Customer, CustomerId, Work};
use crate::store::redo::AnyRecord;

const ID: usize = 0;
const FIRST_NAME: usize = 1;
const LAST_NAME: usize = 2;
const EMAIL: usize = 3;
const CONSENT_EMAIL: usize = 4;
const CITY: usize = 5;
const CONSENT_SMS: usize = 6;
const TOTAL_ORDERS: usize = 7;
const PHONE: usize = 8;
const ADDRESS_PHONE: usize = 9;

const FIELDS: [Field; 10] = [
    Field { name: "customer_id", names: &["customer_id"], reads: Reads::Id },
    Field { name: "first_name", names: &["first_name"], reads: Reads::Text },
    Field { name: "last_name", names: &["last_name"], reads: Reads::Text },
    Field { name: "email", names: &["email"], reads: Reads::Text },
    Field {
        name: "consent_email",
        names: &["accepts_email_marketing", "accepts_marketing"],
        reads: Reads::Text,
    },
    Field { name: "city", names: &["default_address_city", "city"], reads: Reads::Text },
    Field { name: "consent_sms", names: &["accepts_sms_marketing"], reads: Reads::Text },
    Field { name: "total_orders", names: &["total_orders"], reads: Reads::Text },
    Field { name: "phone", names: &["phone"], reads: Reads::Text },
    Field { name: "address_phone", names: &["default_address_phone"], reads: Reads::Text },
];

/// The format.
pub(super) struct ShopifyCustomers;

impl Format for ShopifyCustomers {
    fn kind(&self) -> &'static str {
        "shopify_customers"
    }
    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }
    fn needs(&self) -> &'static str {
        "First Name, Last Name, Email and Total Orders"
    }
    fn complete(&self, columns: &[Option<usize>], named: bool) -> bool {
        let all = [FIRST_NAME, LAST_NAME, EMAIL].iter().all(|field| has(columns, *field));
        all && (named || has(columns, TOTAL_ORDERS))
    }
    fn is_platform(&self) -> bool {
        true
    }
    fn currency_field(&self, _: &[Option<usize>]) -> CurrencyField {
        CurrencyField::NoAmounts
    }
    fn begin<'a>(&self, _: &'a Plan<'a>) -> Result<Box<dyn Rows + 'a>, ImportError> {
        Ok(Box::new(List { once: Once::new("customer") }))
    }
}

struct List {
    once: Once<Customer>,
}

impl Rows for List {
    fn row(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let email = row.email(EMAIL)?;
        let id = match row.person(EMAIL, &[PHONE, ADDRESS_PHONE])? {
            Some(person) => person,
            None => row.required_id(ID)?.to_owned(),
        };
        let names: Vec<&str> = [FIRST_NAME, LAST_NAME].iter().filter_map(|field| row.text(*field)).collect();
        let customer = Customer {
            id: CustomerId(id.clone()),
            name: (!names.is_empty()).then(|| names.join(" ")),
            email,
            city: row.text(CITY).map(str::to_owned),
            joined: None,
            gender: None,
            birth_year: None,
            consent: Consent {
                email: yes_or_no(row, CONSENT_EMAIL)?,
                sms: yes_or_no(row, CONSENT_SMS)?,
                push: None,
            },
        };
        self.once.add(row, &id, customer)?;
        Ok(())
    }

    fn finish(
        self: Box<Self>,
        sink: &mut Sink<'_>,
        _: &mut Rejects,
        report: &mut FileReport,
        _: &dyn Work,
    ) -> Result<(), ImportError> {
        self.once.finish(|customer| sink(AnyRecord::Customer(customer)), report)?;
        report.note("when somebody became a customer: the file has no such day");
        Ok(())
    }
}
