//! What does a plain file of orders hold, in English or Chinese? (a row a line; order fields may repeat)
//!
//! Returns belong into the refund column of their order; a negative quantity is left out with that mend.

use super::assemble::{Assembler, Names};
use super::format::{CurrencyField, Field, Format, Reads, Rows, Sink};
use super::reject::{Reject, Rejects, RowError};
use super::row::{Plan, Row};
use super::spill::OrderRow;
use super::{FileReport, ImportError};
use crate::domain::{LineKind, Micros, OrderStatus, Work};

const ORDER: usize = 0;
const DATE: usize = 1;
const AMOUNT: usize = 2;
const ORDER_AMOUNT: usize = 3;
const QUANTITY: usize = 4;
const UNIT_PRICE: usize = 5;
const CUSTOMER: usize = 6;
const PRODUCT_ID: usize = 7;
const PRODUCT: usize = 8;
const STATUS: usize = 9;
const DISCOUNT: usize = 10;
const REFUND: usize = 11;
const SHIPPING: usize = 12;
const TAX: usize = 13;
const CURRENCY: usize = 14;
const CITY: usize = 15;
const PAID_AT: usize = 16;

const FIELDS: [Field; 17] = [
    Field {
        name: "order_id",
        names: &["order_id", "order", "order_no", "order_number", "订单号", "订单编号", "订单id"],
        reads: Reads::Id,
    },
    Field {
        name: "date",
        names: &[
            "date",
            "created_at",
            "order_date",
            "ordered_at",
            "placed_at",
            "下单时间",
            "日期",
            "下单日期",
            "订单日期",
            "订单创建时间",
        ],
        reads: Reads::Date,
    },
    Field {
        name: "amount",
        names: &["amount", "total", "revenue", "line_total", "金额", "实付金额"],
        reads: Reads::Number,
    },
    Field {
        name: "order_amount", names: &["order_amount", "order_total", "订单金额"], reads: Reads::Number
    },
    Field { name: "quantity", names: &["quantity", "qty", "数量", "件数"], reads: Reads::Number },
    Field { name: "unit_price", names: &["unit_price", "price", "单价"], reads: Reads::Number },
    Field {
        name: "customer_id",
        names: &["customer_id", "customer", "客户编号", "会员号", "客户id", "客户", "会员编号"],
        reads: Reads::Id,
    },
    Field {
        name: "product_id",
        names: &["product_id", "sku", "item_id", "商品编号", "商品id", "货号"],
        reads: Reads::Id,
    },
    Field {
        name: "product",
        names: &["product", "product_name", "title", "item", "商品名称", "品名", "商品"],
        reads: Reads::Text,
    },
    Field {
        name: "status", names: &["status", "order_status", "状态", "订单状态"], reads: Reads::Text
    },
    Field {
        name: "discount", names: &["discount", "优惠", "优惠金额", "折扣"], reads: Reads::Number
    },
    Field {
        name: "refund",
        names: &["refund", "refund_amount", "refunded", "refunded_amount", "退款金额", "退款"],
        reads: Reads::Number,
    },
    Field { name: "shipping", names: &["shipping", "运费", "邮费"], reads: Reads::Number },
    Field { name: "tax", names: &["tax", "taxes", "vat", "税", "税额"], reads: Reads::Number },
    Field { name: "currency", names: &["currency", "币种", "货币"], reads: Reads::Text },
    Field { name: "city", names: &["city", "城市", "收货城市"], reads: Reads::Text },
    Field { name: "paid_at", names: &["paid_at", "付款时间", "支付时间"], reads: Reads::Date },
];

/// Words for a status, as exports have them.
const STATUSES: [(OrderStatus, &[&str]); 7] = [
    (OrderStatus::Pending, &["pending", "unpaid", "open", "待付款", "未付款", "等待买家付款"]),
    (
        OrderStatus::Paid,
        &["paid", "processing", "authorized", "已付款", "买家已付款", "待发货", "等待卖家发货"],
    ),
    (OrderStatus::Shipped, &["shipped", "sent", "in_transit", "已发货", "卖家已发货", "待收货", "运输中"]),
    (
        OrderStatus::Completed,
        &[
            "completed",
            "complete",
            "done",
            "delivered",
            "fulfilled",
            "已完成",
            "完成",
            "交易成功",
            "已收货",
            "已签收",
        ],
    ),
    (
        OrderStatus::Cancelled,
        &["cancelled", "canceled", "voided", "void", "failed", "交易关闭", "已取消", "取消", "已关闭"],
    ),
    (OrderStatus::Refunded, &["refunded", "returned", "已退款", "退款成功", "全额退款", "已退货"]),
    (
        OrderStatus::PartiallyRefunded,
        &["partially_refunded", "partial_refund", "partly_refunded", "部分退款"],
    ),
];

/// The format.
pub(super) struct Orders;

impl Format for Orders {
    fn kind(&self) -> &'static str {
        "orders"
    }
    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }
    fn needs(&self) -> &'static str {
        "order_id, date, and amount or quantity with unit_price"
    }
    fn complete(&self, columns: &[Option<usize>], _: bool) -> bool {
        let has = |field: usize| columns.get(field).copied().flatten().is_some();
        let value = has(AMOUNT) || has(ORDER_AMOUNT) || (has(QUANTITY) && has(UNIT_PRICE));
        has(ORDER) && has(DATE) && value
    }
    fn currency_field(&self, columns: &[Option<usize>]) -> CurrencyField {
        CurrencyField::At(columns.get(CURRENCY).copied().flatten().map(|_| CURRENCY))
    }
    fn adds_up(&self) -> &'static [usize] {
        &[AMOUNT, QUANTITY, DISCOUNT, REFUND, SHIPPING, TAX]
    }
    fn begin<'a>(&self, plan: &'a Plan<'a>) -> Result<Box<dyn Rows + 'a>, ImportError> {
        let names = Names {
            customer: CUSTOMER,
            date: DATE,
            currency: CURRENCY,
            status: STATUS,
            discount: DISCOUNT,
            amount: AMOUNT,
        };
        let assembler = Assembler::new(plan, names, Some(TAX), plan.named.contains("amount"));
        Ok(Box::new(Lines { assembler }))
    }
}

struct Lines<'a> {
    assembler: Assembler<'a>,
}

impl Rows for Lines<'_> {
    fn row(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let order = row.required_id(ORDER)?;
        let product = row.id(PRODUCT_ID)?.or_else(|| row.text(PRODUCT));
        let title = row.text(PRODUCT).or(product).unwrap_or_default();
        let qty = row.count(QUANTITY)?;
        if qty.is_some_and(|qty| qty < 0) {
            return Err(row.reject(QUANTITY, "is negative", RETURN).into());
        }
        if qty == Some(0) {
            return Err(row
                .reject(QUANTITY, "is no quantity", "write the pieces, or leave the row out")
                .into());
        }
        let amount = positive(row, AMOUNT)?;
        let order_amount = positive(row, ORDER_AMOUNT)?;
        let unit_price = positive(row, UNIT_PRICE)?.filter(|_| qty.is_some() || amount.is_none());
        if unit_price.is_none() && amount.is_none() && order_amount.is_none() {
            let field = if row.has(AMOUNT) { AMOUNT } else { UNIT_PRICE };
            return Err(row.reject(field, "is no amount", "fill it in, 0 if it was free").into());
        }
        self.assembler.push(&OrderRow {
            order: order.to_owned(),
            line: row.line,
            at: row.at(DATE)?,
            paid_at: row.at(PAID_AT)?.map(|(at, _)| at),
            customer: row.id(CUSTOMER)?.map(str::to_owned),
            kind: LineKind::Product,
            product: product.map(str::to_owned),
            title: title.to_owned(),
            qty,
            unit_price,
            amount,
            order_amount,
            discount: taken_off(row, DISCOUNT)?,
            refund: taken_off(row, REFUND)?,
            shipping: positive(row, SHIPPING)?.unwrap_or_default(),
            tax: positive(row, TAX)?.unwrap_or_default(),
            status: status(row)?,
            currency: row.currency()?,
            city: row.text(CITY).map(str::to_owned),
            options: Vec::new(),
            whole: None,
        })?;
        Ok(())
    }

    fn finish(
        self: Box<Self>,
        sink: &mut Sink<'_>,
        rejects: &mut Rejects,
        report: &mut FileReport,
        work: &dyn Work,
    ) -> Result<(), ImportError> {
        self.assembler.finish(sink, rejects, report, work)
    }
}

const RETURN: &str = "write a return into the refund column of its order";

fn positive(row: &Row<'_>, field: usize) -> Result<Option<Micros>, Reject> {
    match row.number(field)? {
        Some(number) if number < Micros::ZERO => Err(row.reject(field, "is negative", RETURN)),
        number => Ok(number),
    }
}

/// Exports write what is taken off with or without its minus.
fn taken_off(row: &Row<'_>, field: usize) -> Result<Micros, Reject> {
    let number = row.number(field)?.unwrap_or_default();
    Ok(Micros(number.0.saturating_abs()))
}

fn status(row: &Row<'_>) -> Result<Option<OrderStatus>, Reject> {
    let Some(text) = row.text(STATUS) else { return Ok(None) };
    let name = super::cell::header(text);
    let known = STATUSES.iter().find(|(_, words)| words.contains(&name.as_str()));
    let mend = "write pending, paid, shipped, completed, cancelled, refunded or partially_refunded";
    known.map(|(status, _)| Some(*status)).ok_or_else(|| row.reject(STATUS, "is not a known status", mend))
}
