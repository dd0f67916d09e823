//! What does a plain file of views, carts, messages, opens and clicks hold, in English or Chinese? (a row an event)

use std::collections::BTreeMap;

use super::format::{CurrencyField, Field, Format, Reads, Rows, Sink};
use super::gather::Events;
use super::names::ProductNames;
use super::reject::{Rejects, RowError};
use super::row::{Plan, Row};
use super::{FileReport, ImportError};
use crate::domain::{CustomerId, Interaction, InteractionKind, ProductId, Work};

const DATE: usize = 0;
const CUSTOMER: usize = 1;
const TYPE: usize = 2;
const PRODUCT_ID: usize = 3;
const PRODUCT: usize = 4;
const CHANNEL: usize = 5;
const CAMPAIGN: usize = 6;
const VARIANT: usize = 7;
const VALUE: usize = 8;
const ID: usize = 9;

const FIELDS: [Field; 10] = [
    Field {
        name: "date",
        names: &["date", "time", "timestamp", "event_time", "at", "日期", "时间", "行为时间"],
        reads: Reads::Date,
    },
    Field {
        name: "customer_id",
        names: &["customer_id", "customer", "user_id", "客户编号", "会员号", "客户id", "客户", "用户id"],
        reads: Reads::Id,
    },
    Field {
        name: "type",
        names: &["type", "event", "event_type", "behavior_type", "action", "行为", "类型", "行为类型"],
        reads: Reads::Text,
    },
    Field {
        name: "product_id",
        names: &["product_id", "sku", "item_id", "商品编号", "商品id", "货号"],
        reads: Reads::Id,
    },
    Field {
        name: "product",
        names: &["product", "product_name", "item", "商品名称", "品名", "商品"],
        reads: Reads::Text,
    },
    Field { name: "channel", names: &["channel", "渠道"], reads: Reads::Text },
    Field { name: "campaign", names: &["campaign", "campaign_name", "活动", "计划"], reads: Reads::Text },
    Field { name: "variant", names: &["variant", "copy", "版本", "文案"], reads: Reads::Text },
    Field { name: "value", names: &["value", "amount", "金额", "价值"], reads: Reads::Number },
    Field { name: "id", names: &["id", "event_id", "行为编号", "事件编号"], reads: Reads::Id },
];

/// Words for what happened.
const KINDS: [(InteractionKind, &[&str]); 5] = [
    (
        InteractionKind::View,
        &["view", "viewed", "pv", "page_view", "product_view", "浏览", "查看", "访问", "点击商品"],
    ),
    (
        InteractionKind::Cart,
        &["cart", "add_to_cart", "added_to_cart", "addtocart", "加购", "加入购物车", "加购物车"],
    ),
    (InteractionKind::Send, &["send", "sent", "delivered", "发送", "已发送", "送达"]),
    (InteractionKind::Open, &["open", "opened", "打开", "已打开", "阅读"]),
    (InteractionKind::Click, &["click", "clicked", "点击", "已点击"]),
];
/// Events that other files tell, or that no tool uses: passed over and counted.
const PASSED_OVER: [(&str, &[&str]); 2] = [
    (
        "rows of purchases (files of orders tell them)",
        &["buy", "purchase", "order", "购买", "下单", "支付", "transaction"],
    ),
    ("rows of favourites", &["fav", "favorite", "favourite", "wishlist", "收藏"]),
];

/// The format.
pub(super) struct Interactions;

impl Format for Interactions {
    fn kind(&self) -> &'static str {
        "interactions"
    }
    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }
    fn needs(&self) -> &'static str {
        "date, customer_id, type (view, cart, send, open, click), and product_id or channel"
    }
    fn complete(&self, columns: &[Option<usize>], named: bool) -> bool {
        let has = |field: usize| columns.get(field).copied().flatten().is_some();
        let about = has(PRODUCT_ID) || has(PRODUCT) || has(CHANNEL) || has(CAMPAIGN);
        has(DATE) && has(CUSTOMER) && has(TYPE) && (about || named)
    }
    fn currency_field(&self, columns: &[Option<usize>]) -> CurrencyField {
        match columns.get(VALUE).copied().flatten() {
            Some(_) => CurrencyField::At(None),
            None => CurrencyField::NoAmounts,
        }
    }
    fn begin<'a>(&self, plan: &'a Plan<'a>) -> Result<Box<dyn Rows + 'a>, ImportError> {
        let names = ProductNames::read(plan.store)?;
        Ok(Box::new(List { events: Events::default(), names, passed_over: BTreeMap::new() }))
    }
}

struct List {
    events: Events,
    names: ProductNames,
    passed_over: BTreeMap<&'static str, u64>,
}

impl Rows for List {
    fn row(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let word = row.text(TYPE).map(super::cell::header).unwrap_or_default();
        if let Some((reason, _)) = PASSED_OVER.iter().find(|(_, words)| words.contains(&word.as_str())) {
            *self.passed_over.entry(reason).or_default() += 1;
            return Ok(());
        }
        let kind = KINDS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(kind, _)| *kind);
        let kind = kind
            .ok_or_else(|| row.reject(TYPE, "is no known event", "write view, cart, send, open or click"))?;
        let (at, on) = row.required_at(DATE)?;
        let customer = row.required_id(CUSTOMER)?;
        let product = self.names.product(row.id(PRODUCT_ID)?, row.text(PRODUCT));
        let value = row.number(VALUE)?;
        let own = row.id(ID)?;
        let label = |field: usize| row.text(field).map(str::to_owned);
        let (channel, campaign, variant) = (label(CHANNEL), label(CAMPAIGN), label(VARIANT));
        let time = at.to_string();
        let worth = value.map(|value| value.0.to_string());
        let said =
            [&product, &channel, &campaign, &variant, &worth].map(|text| text.as_deref().unwrap_or_default());
        let content = [&[time.as_str(), customer, &word], said.as_slice()].concat();
        let id = self.events.id(own, &content);
        let event = Interaction {
            id,
            at,
            on,
            customer: CustomerId(customer.to_owned()),
            product: product.map(ProductId),
            kind,
            channel,
            campaign,
            variant,
            value,
        };
        self.events.add(row, own, event)?;
        Ok(())
    }

    fn finish(
        self: Box<Self>,
        sink: &mut Sink<'_>,
        _: &mut Rejects,
        report: &mut FileReport,
        _: &dyn Work,
    ) -> Result<(), ImportError> {
        report.skipped.extend(self.passed_over);
        self.events.finish(sink, report)
    }
}
