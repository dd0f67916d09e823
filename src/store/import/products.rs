//! What does a plain file of products hold, in English or Chinese? (a row a product, or a row a variant)

use super::format::{CurrencyField, Field, Format, Reads, Rows, Sink};
use super::once::Once;
use super::reject::{Reject, Rejects, RowError};
use super::row::{Plan, Row};
use super::{FileReport, ImportError};
use crate::domain::{Micros, Product, ProductId, Work};
use crate::store::redo::AnyRecord;

const ID: usize = 0;
const NAME: usize = 1;
const CATEGORY: usize = 2;
const PRICE: usize = 3;
const COST: usize = 4;
const STOCK: usize = 5;
const VARIANT: usize = 6;

const FIELDS: [Field; 7] = [
    Field {
        name: "id", names: &["id", "product_id", "sku", "商品编号", "商品id", "货号"], reads: Reads::Id
    },
    Field {
        name: "name", names: &["name", "product_name", "title", "商品名称", "品名"], reads: Reads::Text
    },
    Field { name: "category", names: &["category", "品类", "类目", "分类"], reads: Reads::Text },
    Field { name: "price", names: &["price", "unit_price", "售价", "单价"], reads: Reads::Number },
    Field { name: "cost", names: &["cost", "unit_cost", "成本", "成本价"], reads: Reads::Number },
    Field { name: "stock", names: &["stock", "inventory", "库存"], reads: Reads::Number },
    Field { name: "variant", names: &["variant", "规格", "型号"], reads: Reads::Text },
];

/// The format.
pub(super) struct Products;

impl Format for Products {
    fn kind(&self) -> &'static str {
        "products"
    }
    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }
    fn needs(&self) -> &'static str {
        "id (product_id, sku) and name"
    }
    fn complete(&self, columns: &[Option<usize>], _: bool) -> bool {
        [ID, NAME].iter().all(|field| columns.get(*field).copied().flatten().is_some())
    }
    fn currency_field(&self, columns: &[Option<usize>]) -> CurrencyField {
        let has = |field: usize| columns.get(field).copied().flatten().is_some();
        if has(PRICE) || has(COST) { CurrencyField::At(None) } else { CurrencyField::NoAmounts }
    }
    fn begin<'a>(&self, _: &'a Plan<'a>) -> Result<Box<dyn Rows + 'a>, ImportError> {
        Ok(Box::new(List { once: Once::new("product") }))
    }
}

struct List {
    once: Once<Product>,
}

impl Rows for List {
    fn row(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let id = row.required_id(ID)?;
        let name = row.text(NAME).ok_or_else(|| row.reject(NAME, "is no name", "fill it in"))?;
        let product = Product {
            id: ProductId(id.to_owned()),
            name: name.to_owned(),
            category: row.text(CATEGORY).map(str::to_owned),
            variants: row.text(VARIANT).map(str::to_owned).into_iter().collect(),
            price: amount(row, PRICE)?,
            cost: amount(row, COST)?,
            stock: row.count(STOCK)?,
        };
        self.once.add_or_join(row, id, product, join_variants)?;
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

/// A row a variant: what differs is the variant alone.
fn join_variants(known: &mut Product, row: &Product) -> bool {
    let apart = |product: &Product| Product { variants: Vec::new(), ..product.clone() };
    let [variant] = row.variants.as_slice() else { return false };
    if apart(known) != apart(row) || known.variants.is_empty() {
        return false;
    }
    if !known.variants.contains(variant) {
        known.variants.push(variant.clone());
    }
    true
}

fn amount(row: &Row<'_>, field: usize) -> Result<Option<Micros>, Reject> {
    match row.number(field)? {
        Some(number) if number < Micros::ZERO => {
            Err(row.reject(field, "is negative", "write it without the minus"))
        }
        number => Ok(number),
    }
}
