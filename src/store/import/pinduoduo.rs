//! What does 拼多多's export of orders hold? (a line of description, then `订单成交时间, 商品, 订单号, …`)
//!
//! A row is an order with its one line. What the shop receives (商家实收金额) is what the goods brought: the platform's
//! subsidies belong to the shop. There is no buyer at all. Without a time the first six digits of the number are the
//! day. Yuan, Shanghai time.

use super::assemble::{Assembler, Names};
use super::date::{self, DateOrder};
use super::format::{CurrencyField, Field, Format, Reads, Rows, Sink, has};
use super::reject::{Rejects, RowError};
use super::row::{Plan, Row};
use super::spill::OrderRow;
use super::whole::Whole;
use super::{FileReport, ImportError};
use crate::domain::{Currency, Day, Micros, OrderStatus, Work, status};

const TIME: usize = 0;
const TITLE: usize = 1;
const ORDER: usize = 2;
const STATUS: usize = 3;
const GROSS: usize = 4;
const SHIPPING: usize = 5;
const SHOP_DISCOUNT: usize = 6;
const PAID: usize = 7;
const RECEIVED: usize = 8;
const QUANTITY: usize = 9;
const PRODUCT: usize = 10;
const OPTIONS: usize = 11;
const AFTER_SALES: usize = 12;
const CITY: usize = 13;
const PAID_AT: usize = 14;
const REFUND: usize = 15;

const FIELDS: [Field; 16] = [
    Field { name: "time", names: &["订单成交时间", "拼单成功时间"], reads: Reads::Date },
    Field { name: "title", names: &["商品"], reads: Reads::Text },
    Field { name: "order_id", names: &["订单号"], reads: Reads::Id },
    Field { name: "status", names: &["订单状态"], reads: Reads::Text },
    Field { name: "gross", names: &["商品总价"], reads: Reads::Number },
    Field { name: "shipping", names: &["邮费"], reads: Reads::Number },
    Field { name: "shop_discount", names: &["店铺优惠折扣"], reads: Reads::Number },
    Field { name: "paid", names: &["用户实付金额"], reads: Reads::Number },
    Field { name: "received", names: &["商家实收金额"], reads: Reads::Number },
    Field { name: "quantity", names: &["商品数量(件)"], reads: Reads::Number },
    Field { name: "product_id", names: &["商品id"], reads: Reads::Id },
    Field { name: "options", names: &["商品规格"], reads: Reads::Text },
    Field { name: "after_sales", names: &["售后状态"], reads: Reads::Text },
    Field { name: "city", names: &["市"], reads: Reads::Text },
    Field { name: "paid_at", names: &["支付时间"], reads: Reads::Date },
    Field { name: "refund", names: &["退款金额"], reads: Reads::Number },
];

/// The format.
pub(super) struct Pinduoduo;

impl Format for Pinduoduo {
    fn kind(&self) -> &'static str {
        "pinduoduo_orders"
    }
    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }
    fn needs(&self) -> &'static str {
        "订单号, 订单状态, 商品, 商家实收金额 and 商品数量(件)"
    }
    fn complete(&self, columns: &[Option<usize>], _: bool) -> bool {
        [ORDER, STATUS, TITLE, RECEIVED, QUANTITY].iter().all(|field| has(columns, *field))
    }
    fn is_platform(&self) -> bool {
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
        let past = FIELDS.len();
        let names = Names {
            customer: past,
            date: TIME,
            currency: past,
            status: STATUS,
            discount: SHOP_DISCOUNT,
            amount: RECEIVED,
        };
        Ok(Box::new(Orders { assembler: Assembler::new(plan, names, None, true), dated_by_number: 0 }))
    }
}

struct Orders<'a> {
    assembler: Assembler<'a>,
    dated_by_number: u64,
}

impl Rows for Orders<'_> {
    fn row(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let number = row.required_id(ORDER)?;
        let mut order = OrderRow::new(number, row.line, row.currency()?);
        order.paid_at = row.at(PAID_AT)?.map(|(at, _)| at);
        order.at = match row.at(TIME)?.or(row.at(PAID_AT)?) {
            Some(at) => Some(at),
            None => {
                self.dated_by_number += 1;
                let at = day_of_number(number, row.plan);
                Some(at.ok_or_else(|| row.reject(TIME, "is no date", "fill it in"))?)
            }
        };
        order.city = row.text(CITY).map(str::to_owned);
        let known = status::pinduoduo(row.text(STATUS).unwrap_or_default());
        let mend = "write 待支付, 待发货, 已发货, 已收货 or 已取消";
        let known = known.ok_or_else(|| row.reject(STATUS, "is not a status of 拼多多", mend))?;
        let given_back = [STATUS, AFTER_SALES].iter().any(|field| says_refunded(row, *field));
        order.status =
            Some(if given_back && known != OrderStatus::Cancelled { OrderStatus::Refunded } else { known });
        order.sells(row.id(PRODUCT)?, row.text(TITLE));
        order.options =
            row.text(OPTIONS).map(|text| vec![("规格".to_owned(), text.to_owned())]).unwrap_or_default();
        order.qty = Some(row.pieces(QUANTITY)?);
        let (whole, gross) = amounts(row, given_back)?;
        order.amount = Some(gross);
        order.whole = Some(whole);
        self.assembler.push(&order)?;
        Ok(())
    }

    fn finish(
        self: Box<Self>,
        sink: &mut Sink<'_>,
        rejects: &mut Rejects,
        report: &mut FileReport,
        work: &dyn Work,
    ) -> Result<(), ImportError> {
        self.assembler.finish(sink, rejects, report, work)?;
        if self.dated_by_number > 0 {
            report.note("the time of some orders: their day is taken from their number");
        }
        Ok(())
    }
}

fn says_refunded(row: &Row<'_>, field: usize) -> bool {
    row.text(field).is_some_and(|text| text.contains("退款成功"))
}

/// The order's amounts, and what its goods cost before discounts.
fn amounts(row: &Row<'_>, given_back: bool) -> Result<(Whole, Micros), RowError> {
    let received = row.positive(RECEIVED)?;
    let received =
        received.ok_or_else(|| row.reject(RECEIVED, "is no amount", "fill it in, 0 if it was free"))?;
    let shipping = row.positive(SHIPPING)?.unwrap_or_default();
    let discount = row.taken_off(SHOP_DISCOUNT)?;
    // What the shop receives includes postage where the sum says so.
    let price = row.positive(GROSS)?;
    let with_postage = price.is_some_and(|price| price - discount.unwrap_or_default() + shipping == received);
    let goods = if with_postage { received - shipping } else { received };
    let refund = row.taken_off(REFUND)?;
    let whole = Whole {
        goods: Some(goods),
        discount,
        refund: refund.unwrap_or_default(),
        refund_estimated: given_back && refund.unwrap_or_default() == Micros::ZERO,
        shipping,
        paid: row.positive(PAID)?,
        ..Whole::default()
    };
    Ok((whole, price.unwrap_or(goods).max(goods)))
}

/// `260531-607198974342268` was placed on 31 May 2026.
fn day_of_number(number: &str, plan: &Plan<'_>) -> Option<(i64, Day)> {
    let (day, _) = number.split_once('-').filter(|(day, _)| day.len() == 6)?;
    let at = date::parse(&format!("20{day}"), DateOrder::Dmy)?.at(&plan.zone, &plan.shop_zone)?;
    (at.1 <= plan.last_day).then_some(at)
}
