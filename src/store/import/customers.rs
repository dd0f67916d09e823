//! What does a plain file of customers hold, in English or Chinese? (a row a customer)

use super::cell;
use super::format::{CurrencyField, Field, Format, Reads, Rows, Sink};
use super::once::Once;
use super::reject::{Rejects, RowError};
use super::row::{Plan, Row};
use super::{FileReport, ImportError};
use crate::domain::{Consent, Customer, CustomerId, Work};
use crate::store::redo::AnyRecord;

const ID: usize = 0;
const NAME: usize = 1;
const EMAIL: usize = 2;
const CITY: usize = 3;
const JOINED: usize = 4;
const GENDER: usize = 5;
const BIRTH_YEAR: usize = 6;
const CONSENT_EMAIL: usize = 7;
const CONSENT_SMS: usize = 8;
const CONSENT_PUSH: usize = 9;

const FIELDS: [Field; 10] = [
    Field {
        name: "id",
        names: &["id", "customer_id", "客户编号", "会员号", "客户id", "会员编号", "会员id"],
        reads: Reads::Id,
    },
    Field {
        name: "name",
        names: &["name", "customer_name", "full_name", "姓名", "昵称", "客户姓名"],
        reads: Reads::Text,
    },
    Field { name: "email", names: &["email", "e_mail", "邮箱", "电子邮箱"], reads: Reads::Text },
    Field { name: "city", names: &["city", "城市"], reads: Reads::Text },
    Field {
        name: "joined",
        names: &["joined", "signup_date", "joined_at", "registered_at", "注册日期", "注册时间"],
        reads: Reads::Date,
    },
    Field { name: "gender", names: &["gender", "性别"], reads: Reads::Text },
    Field { name: "birth_year", names: &["birth_year", "出生年份", "出生年"], reads: Reads::Text },
    Field { name: "consent_email", names: &["consent_email", "邮件同意"], reads: Reads::Text },
    Field { name: "consent_sms", names: &["consent_sms", "短信同意"], reads: Reads::Text },
    Field { name: "consent_push", names: &["consent_push", "推送同意"], reads: Reads::Text },
];

/// The format.
pub(super) struct Customers;

impl Format for Customers {
    fn kind(&self) -> &'static str {
        "customers"
    }
    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }
    fn needs(&self) -> &'static str {
        "id (customer_id) and one of name, email, city, joined …"
    }
    /// An id alone is in every file of events; it takes a person to say that such a file is one of customers.
    fn complete(&self, columns: &[Option<usize>], named: bool) -> bool {
        let has = |field: usize| columns.get(field).copied().flatten().is_some();
        has(ID) && (named || (NAME..FIELDS.len()).any(has))
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
        let id = row.required_id(ID)?;
        let customer = Customer {
            id: CustomerId(id.to_owned()),
            name: row.text(NAME).map(str::to_owned),
            email: row.email(EMAIL)?,
            city: row.text(CITY).map(str::to_owned),
            joined: row.at(JOINED)?.map(|(_, day)| day),
            gender: row.text(GENDER).map(str::to_owned),
            birth_year: birth_year(row)?,
            consent: Consent {
                email: yes_or_no(row, CONSENT_EMAIL)?,
                sms: yes_or_no(row, CONSENT_SMS)?,
                push: yes_or_no(row, CONSENT_PUSH)?,
            },
        };
        self.once.add(row, id, customer)?;
        Ok(())
    }

    fn finish(
        self: Box<Self>,
        sink: &mut Sink<'_>,
        _: &mut Rejects,
        report: &mut FileReport,
        _: &dyn Work,
    ) -> Result<(), ImportError> {
        self.once.finish(|customer| sink(AnyRecord::Customer(customer)), report)
    }
}

fn birth_year(row: &Row<'_>) -> Result<Option<i16>, RowError> {
    let Some(text) = row.text(BIRTH_YEAR) else { return Ok(None) };
    let year = cell::id(text).and_then(|year| year.parse().ok()).filter(|year| (1900..=2100).contains(year));
    Ok(Some(year.ok_or_else(|| row.reject(BIRTH_YEAR, "is not a year", "write four digits"))?))
}

/// Whether the cell agrees; `None` where it is empty.
pub(super) fn yes_or_no(row: &Row<'_>, field: usize) -> Result<Option<bool>, RowError> {
    let Some(text) = row.text(field) else { return Ok(None) };
    match text.to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" | "是" | "同意" => Ok(Some(true)),
        "no" | "n" | "false" | "0" | "否" | "不同意" => Ok(Some(false)),
        _ => Err(row.reject(field, "is neither yes nor no", "write yes or no").into()),
    }
}
