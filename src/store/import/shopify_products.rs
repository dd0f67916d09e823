//! What does Shopify's export of products hold? (`Handle, Title, …, Variant SKU, Variant Price, …`)
//!
//! A row is a variant or a picture; one without a price is a picture. A handle's title stands on its first row. Each
//! variant is a product of its own under its SKU, else under the name by which an order's line calls it, so that
//! orders and products meet.

use std::collections::HashMap;

use super::format::{CurrencyField, Field, Format, Reads, Rows, Sink, has};
use super::once::Once;
use super::reject::{Rejects, RowError};
use super::row::{Plan, Row};
use super::{FileReport, ImportError};
use crate::domain::{Product, ProductId, Work};
use crate::store::redo::AnyRecord;

const HANDLE: usize = 0;
const TITLE: usize = 1;
const CATEGORY: usize = 2;
const TYPE: usize = 3;
const OPTION_1: usize = 4;
const OPTION_2: usize = 5;
const OPTION_3: usize = 6;
const SKU: usize = 7;
const STOCK: usize = 8;
const PRICE: usize = 9;
const COST: usize = 10;

const FIELDS: [Field; 11] = [
    Field { name: "handle", names: &["handle", "url_handle"], reads: Reads::Id },
    Field { name: "title", names: &["title"], reads: Reads::Text },
    Field { name: "category", names: &["product_category"], reads: Reads::Text },
    Field { name: "type", names: &["type"], reads: Reads::Text },
    Field { name: "option1", names: &["option1_value"], reads: Reads::Text },
    Field { name: "option2", names: &["option2_value"], reads: Reads::Text },
    Field { name: "option3", names: &["option3_value"], reads: Reads::Text },
    Field { name: "sku", names: &["variant_sku"], reads: Reads::Id },
    Field { name: "stock", names: &["variant_inventory_qty"], reads: Reads::Number },
    Field { name: "price", names: &["variant_price"], reads: Reads::Number },
    Field { name: "cost", names: &["cost_per_item"], reads: Reads::Number },
];

/// What a shop without variants has in their place.
const NO_VARIANT: &str = "Default Title";

/// The format.
pub(super) struct ShopifyProducts;

impl Format for ShopifyProducts {
    fn kind(&self) -> &'static str {
        "shopify_products"
    }
    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }
    fn needs(&self) -> &'static str {
        "Handle, Title and Variant Price"
    }
    fn complete(&self, columns: &[Option<usize>], _: bool) -> bool {
        [HANDLE, TITLE, PRICE].iter().all(|field| has(columns, *field))
    }
    fn is_platform(&self) -> bool {
        true
    }
    fn currency_field(&self, _: &[Option<usize>]) -> CurrencyField {
        CurrencyField::At(None)
    }
    fn begin<'a>(&self, _: &'a Plan<'a>) -> Result<Box<dyn Rows + 'a>, ImportError> {
        Ok(Box::new(List { once: Once::new("product"), handles: HashMap::new() }))
    }
}

struct List {
    once: Once<Product>,
    /// Title and category by handle.
    handles: HashMap<String, (String, Option<String>)>,
}

impl Rows for List {
    fn row(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let handle = row.required_id(HANDLE)?;
        if let Some(title) = row.text(TITLE) {
            let category = row.text(TYPE).or(row.text(CATEGORY)).map(str::to_owned);
            self.handles.insert(handle.to_owned(), (title.to_owned(), category));
        }
        let Some(price) = row.positive(PRICE)? else { return Ok(()) };
        let known = self.handles.get(handle);
        let (title, category) = known.ok_or_else(|| {
            row.reject(TITLE, "is no title", "put the handle's first row before its others")
        })?;
        let options = [OPTION_1, OPTION_2, OPTION_3].iter().filter_map(|field| row.text(*field));
        let variant = options.filter(|option| *option != NO_VARIANT).collect::<Vec<_>>().join(" / ");
        let name = if variant.is_empty() { title.clone() } else { format!("{title} - {variant}") };
        let id = row.id(SKU)?.unwrap_or(&name).to_owned();
        let product = Product {
            id: ProductId(id.clone()),
            name,
            category: category.clone(),
            variants: if variant.is_empty() { Vec::new() } else { vec![variant] },
            price: Some(price),
            cost: row.positive(COST)?,
            stock: row.count(STOCK)?,
        };
        self.once.add(row, &id, product)?;
        Ok(())
    }

    fn finish(
        self: Box<Self>,
        sink: &mut Sink<'_>,
        _: &mut Rejects,
        report: &mut FileReport,
        _: &dyn Work,
    ) -> Result<(), ImportError> {
        self.once.finish(|product| sink(AnyRecord::Product(product)), report)
    }
}
