//! What does 淘宝's or 天猫's 宝贝报表 hold? (`订单编号, 标题, 价格, 购买数量, 外部系统编号, …`; a row an item)
//!
//! It has neither dates nor buyers: it gives the orders of the 订单报表 their lines. What the prices are above the
//! order's own 买家应付货款 is discount. Items of an order that the shop does not have are left out; items that cost
//! less than their order are too, and the order stays without lines.

use std::collections::BTreeMap;

use super::format::{CurrencyField, Field, Format, Reads, Rows, Sink, has};
use super::reject::{Reject, Rejects, RowError};
use super::row::{Plan, Row};
use super::spill::{OrderRow, Spill};
use super::whole::{self, Fit};
use super::{FileReport, ImportError};
use crate::domain::{Currency, Line, Micros, Order, Product, ProductId, Work};
use crate::store::lines::discount_to;
use crate::store::redo::AnyRecord;

const ORDER: usize = 0;
const TITLE: usize = 1;
const PRICE: usize = 2;
const QUANTITY: usize = 3;
const OUTER_ID: usize = 4;
const OPTIONS: usize = 5;
const CODE: usize = 6;
const BUNDLE: usize = 7;

const FIELDS: [Field; 8] = [
    Field { name: "order_id", names: &["订单编号"], reads: Reads::Id },
    Field { name: "title", names: &["标题"], reads: Reads::Text },
    Field { name: "price", names: &["价格"], reads: Reads::Number },
    Field { name: "quantity", names: &["购买数量"], reads: Reads::Number },
    Field { name: "outer_id", names: &["外部系统编号"], reads: Reads::Id },
    Field { name: "options", names: &["商品属性"], reads: Reads::Text },
    Field { name: "code", names: &["商家编码"], reads: Reads::Id },
    Field { name: "bundle", names: &["套餐信息"], reads: Reads::Text },
];

/// The format.
pub(super) struct TaobaoItems;

impl Format for TaobaoItems {
    fn kind(&self) -> &'static str {
        "taobao_items"
    }
    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }
    fn needs(&self) -> &'static str {
        "订单编号, 标题, 价格 and 购买数量"
    }
    fn complete(&self, columns: &[Option<usize>], named: bool) -> bool {
        let all = [ORDER, TITLE, PRICE, QUANTITY].iter().all(|field| has(columns, *field));
        all && (named || has(columns, OUTER_ID) || has(columns, BUNDLE))
    }
    fn is_platform(&self) -> bool {
        true
    }
    fn needs_orders(&self) -> bool {
        true
    }
    fn currency_field(&self, _: &[Option<usize>]) -> CurrencyField {
        CurrencyField::At(None)
    }
    fn default_currency(&self) -> Option<Currency> {
        Currency::parse("CNY")
    }
    fn default_zone(&self) -> Option<&'static str> {
        Some("Asia/Shanghai")
    }
    fn begin<'a>(&self, plan: &'a Plan<'a>) -> Result<Box<dyn Rows + 'a>, ImportError> {
        Ok(Box::new(Items { plan, spill: Spill::new(plan.spill.as_deref()), names: BTreeMap::new() }))
    }
}

struct Items<'a> {
    plan: &'a Plan<'a>,
    spill: Spill,
    /// Names of the products by their ids.
    names: BTreeMap<String, String>,
}

impl Rows for Items<'_> {
    fn row(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let mut item = OrderRow::new(row.required_id(ORDER)?, row.line, row.currency()?);
        let title = row.text(TITLE);
        let product = row.id(CODE)?.or(row.id(OUTER_ID)?).or(title);
        let product = product.ok_or_else(|| row.reject(TITLE, "is no product", "fill it in"))?;
        item.product = Some(product.to_owned());
        item.title = title.unwrap_or(product).to_owned();
        item.qty = Some(row.pieces(QUANTITY)?);
        item.unit_price = Some(row.price(PRICE)?);
        item.options = row.text(OPTIONS).map(options).unwrap_or_default();
        self.spill.push(&item)?;
        Ok(())
    }

    fn finish(
        mut self: Box<Self>,
        sink: &mut Sink<'_>,
        rejects: &mut Rejects,
        report: &mut FileReport,
        work: &dyn Work,
    ) -> Result<(), ImportError> {
        let parts = self.spill.parts();
        for part in 0..parts {
            work.check()?;
            work.progress("merge_rows", part as u64, parts as u64);
            let rows = self.spill.read(part)?;
            for rows in rows.chunk_by(|a, b| a.order == b.order) {
                match self.order(rows, report)? {
                    Ok(order) => sink(AnyRecord::Order(order))?,
                    Err((reason, mend)) => {
                        rows.iter().for_each(|row| rejects.add(self.reject(row, reason, mend)));
                    }
                }
            }
        }
        for (id, name) in std::mem::take(&mut self.names) {
            sink(AnyRecord::SeenProduct(Product {
                id: ProductId(id),
                name,
                category: None,
                variants: Vec::new(),
                price: None,
                cost: None,
                stock: None,
            }))?;
        }
        Ok(())
    }
}

impl Items<'_> {
    /// The order with these lines, or why it cannot have them.
    fn order(
        &mut self,
        rows: &[OrderRow],
        report: &mut FileReport,
    ) -> Result<Result<Order, (&'static str, &'static str)>, ImportError> {
        let Some(first) = rows.first() else { return Ok(Err(("has no rows", ""))) };
        let Some(mut order) = self.plan.store.get::<Order>(first.order.as_bytes())? else {
            return Ok(Err((
                "is no order of this shop",
                "import its 订单报表 first, or both in one command",
            )));
        };
        let mut lines: Vec<Line> = rows.iter().zip(1..).map(|(row, n)| whole::line(row, n)).collect();
        if !discount_to(&mut lines, order.goods) {
            return Ok(Err((
                "costs less than 买家应付货款 of its order",
                "export both reports of the same days again",
            )));
        }
        order.discount = lines.iter().map(|line| line.discount).sum::<Micros>();
        order.lines = lines;
        order.flags.lines_unknown = false;
        for row in rows {
            if let Some(product) = &row.product {
                self.names.entry(product.clone()).or_insert_with(|| row.title.clone());
            }
        }
        let rows: Vec<&OrderRow> = rows.iter().collect();
        report.order(&order, &rows, &Fit { said: Some(order.goods), unexplained: false });
        Ok(Ok(order))
    }

    fn reject(&self, row: &OrderRow, reason: &str, mend: &str) -> Reject {
        let column = self.plan.sheet.columns.get(ORDER).copied().flatten();
        Reject {
            line: row.line,
            field: column.map(|column| self.plan.sheet.column_name(column)).unwrap_or_default(),
            value: row.order.clone(),
            reason: reason.to_owned(),
            mend: mend.to_owned(),
        }
    }
}

/// `颜色:黑;尺码:L`
fn options(text: &str) -> Vec<(String, String)> {
    let pairs = text.split([';', '；']).filter_map(|pair| pair.split_once([':', '：']));
    pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
}
