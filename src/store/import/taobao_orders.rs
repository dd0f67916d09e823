//! What does 淘宝's or 天猫's 订单报表 hold? (`订单编号, 买家会员名, 买家应付货款, …`; a row an order)
//!
//! Several items share the one cell of titles, so an order has no lines until its 宝贝报表 comes (`taobao_items.rs`),
//! in the same command or later. Yuan, Shanghai time. Of the address only the city is kept.

use super::assemble::{Assembler, Names};
use super::format::{CurrencyField, Field, Format, Reads, Rows, Sink, has};
use super::reject::{Rejects, RowError};
use super::row::{Plan, Row};
use super::spill::OrderRow;
use super::whole::Whole;
use super::{FileReport, ImportError};
use crate::domain::{Currency, Work, status};

const ORDER: usize = 0;
const CUSTOMER: usize = 1;
const GOODS: usize = 2;
const SHIPPING: usize = 3;
const PAID: usize = 4;
const STATUS: usize = 5;
const CREATED_AT: usize = 6;
const PAID_AT: usize = 7;
const ADDRESS: usize = 8;
const REFUND: usize = 9;
const TITLES: usize = 10;

const FIELDS: [Field; 11] = [
    Field { name: "order_id", names: &["订单编号"], reads: Reads::Id },
    Field { name: "customer", names: &["买家会员名"], reads: Reads::Id },
    Field { name: "goods", names: &["买家应付货款"], reads: Reads::Number },
    Field { name: "shipping", names: &["买家应付邮费"], reads: Reads::Number },
    Field { name: "paid", names: &["买家实际支付金额", "买家实付金额"], reads: Reads::Number },
    Field { name: "status", names: &["订单状态"], reads: Reads::Text },
    Field { name: "created_at", names: &["订单创建时间", "买家下单时间"], reads: Reads::Date },
    Field { name: "paid_at", names: &["订单付款时间", "买家付款时间"], reads: Reads::Date },
    Field { name: "address", names: &["收货地址"], reads: Reads::Text },
    Field { name: "refund", names: &["退款金额"], reads: Reads::Number },
    Field { name: "titles", names: &["宝贝标题"], reads: Reads::Text },
];

/// The format.
pub(super) struct TaobaoOrders;

impl Format for TaobaoOrders {
    fn kind(&self) -> &'static str {
        "taobao_orders"
    }
    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }
    fn needs(&self) -> &'static str {
        "订单编号, 买家会员名, 买家应付货款, 订单状态, 订单创建时间"
    }
    fn complete(&self, columns: &[Option<usize>], named: bool) -> bool {
        let all = [ORDER, GOODS, STATUS, CREATED_AT].iter().all(|field| has(columns, *field));
        all && (named || (has(columns, CUSTOMER) && has(columns, TITLES)))
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
            customer: CUSTOMER,
            date: CREATED_AT,
            currency: past,
            status: STATUS,
            discount: past,
            amount: GOODS,
        };
        Ok(Box::new(Orders { assembler: Assembler::new(plan, names, None, true) }))
    }
}

struct Orders<'a> {
    assembler: Assembler<'a>,
}

impl Rows for Orders<'_> {
    fn row(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let mut order = OrderRow::new(row.required_id(ORDER)?, row.line, row.currency()?);
        order.at = Some(row.required_at(CREATED_AT)?);
        order.paid_at = row.at(PAID_AT)?.map(|(at, _)| at);
        order.customer = row.id(CUSTOMER)?.map(str::to_owned);
        order.city = row.text(ADDRESS).and_then(city).map(str::to_owned);
        let text = row.text(STATUS).unwrap_or_default();
        let mend = "write 等待买家付款, 买家已付款, 卖家已发货, 交易成功 or 交易关闭";
        let known = status::taobao(text);
        order.status = Some(known.ok_or_else(|| row.reject(STATUS, "is not a status of 淘宝", mend))?);
        let goods = row.positive(GOODS)?;
        order.whole = Some(Whole {
            goods: Some(
                goods.ok_or_else(|| row.reject(GOODS, "is no amount", "fill it in, 0 if it was free"))?,
            ),
            refund: row.taken_off(REFUND)?.unwrap_or_default(),
            shipping: row.positive(SHIPPING)?.unwrap_or_default(),
            paid: row.positive(PAID)?,
            ..Whole::default()
        });
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
        report.note("which products were bought: import the 宝贝报表 too, with this file or after it");
        Ok(())
    }
}

/// `浙江省 杭州市 西湖区 …`: the word that ends with 市; of 上海 上海市 it is the second.
fn city(address: &str) -> Option<&str> {
    address.split_whitespace().find(|word| word.ends_with('市'))
}
