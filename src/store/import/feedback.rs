//! What does a plain file of reviews hold, in English or Chinese? (a row a review, complaint or answer)

use std::collections::HashMap;

use super::cell;
use super::format::{CurrencyField, Field, Format, Reads, Rows, Sink};
use super::gather::Events;
use super::names::ProductNames;
use super::reject::{Reject, Rejects, RowError};
use super::row::{Plan, Row};
use super::{FileReport, ImportError};
use crate::domain::{CustomerId, Feedback, Lang, Micros, ProductId, Work};

const DATE: usize = 0;
const TEXT: usize = 1;
const CUSTOMER: usize = 2;
const PRODUCT_ID: usize = 3;
const PRODUCT: usize = 4;
const RATING: usize = 5;
const SOURCE: usize = 6;
const ID: usize = 7;
const LANG: usize = 8;

const FIELDS: [Field; 9] = [
    Field {
        name: "date",
        names: &["date", "review_date", "created_at", "日期", "评价时间", "评价日期", "评论时间"],
        reads: Reads::Date,
    },
    Field {
        name: "text",
        names: &[
            "text",
            "review",
            "comment",
            "feedback",
            "review_text",
            "内容",
            "评论",
            "评价内容",
            "评论内容",
            "反馈",
            "反馈内容",
        ],
        reads: Reads::Text,
    },
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
        names: &["product", "product_name", "item", "商品名称", "品名", "商品"],
        reads: Reads::Text,
    },
    Field {
        name: "rating",
        names: &["rating", "stars", "score", "star_rating", "评分", "星级", "打分"],
        reads: Reads::Text,
    },
    Field { name: "source", names: &["source", "来源", "渠道"], reads: Reads::Text },
    Field {
        name: "id",
        names: &["id", "review_id", "feedback_id", "评价编号", "评论编号"],
        reads: Reads::Id,
    },
    Field { name: "lang", names: &["lang", "language", "语言"], reads: Reads::Text },
];

/// What shops show where nobody wrote anything.
const NO_TEXT: [&str; 3] = ["此用户没有填写评价", "此用户没有填写评价。", "此用户未填写评价内容"];
/// Three-level marks, on the scale of stars.
const MARKS: [(&[&str], u8); 3] = [(&["好评", "good"], 5), (&["中评", "neutral"], 3), (&["差评", "bad"], 1)];

/// The format.
pub(super) struct Reviews;

impl Format for Reviews {
    fn kind(&self) -> &'static str {
        "feedback"
    }
    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }
    fn needs(&self) -> &'static str {
        "date and text"
    }
    fn complete(&self, columns: &[Option<usize>], _: bool) -> bool {
        [DATE, TEXT].iter().all(|field| columns.get(*field).copied().flatten().is_some())
    }
    fn currency_field(&self, _: &[Option<usize>]) -> CurrencyField {
        CurrencyField::NoAmounts
    }
    /// A review may begin with "Total: …".
    fn has_totals(&self) -> bool {
        false
    }
    fn begin<'a>(&self, plan: &'a Plan<'a>) -> Result<Box<dyn Rows + 'a>, ImportError> {
        let names = ProductNames::read(plan.store)?;
        Ok(Box::new(List { events: Events::default(), names, marks: 0, sources: HashMap::new() }))
    }
}

struct List {
    events: Events,
    names: ProductNames,
    /// Ratings that were words.
    marks: u64,
    sources: HashMap<String, u64>,
}

impl Rows for List {
    fn row(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let (at, on) = row.required_at(DATE)?;
        let text = cell::prose(row.words(TEXT).unwrap_or_default());
        let text = if NO_TEXT.contains(&text.as_str()) { String::new() } else { text };
        let rating = self.rating(row)?;
        if text.is_empty() && rating.is_none() {
            return Err(row.reject(TEXT, "says nothing", "leave the row out").into());
        }
        let customer = row.id(CUSTOMER)?;
        let product = self.names.product(row.id(PRODUCT_ID)?, row.text(PRODUCT));
        let source = row.text(SOURCE).unwrap_or("review").to_owned();
        let own = row.id(ID)?;
        let (time, stars) = (at.to_string(), rating.map(|stars| stars.to_string()).unwrap_or_default());
        let content = [
            &time,
            customer.unwrap_or_default(),
            product.as_deref().unwrap_or_default(),
            &stars,
            &source,
            &text,
        ];
        let id = self.events.id(own, &content);
        *self.sources.entry(source.clone()).or_default() += 1;
        let feedback = Feedback {
            id,
            at,
            on,
            customer: customer.map(|id| CustomerId(id.to_owned())),
            product: product.map(ProductId),
            rating,
            text,
            source,
            lang: lang(row)?,
        };
        self.events.add(row, own, feedback)?;
        Ok(())
    }

    fn finish(
        self: Box<Self>,
        sink: &mut Sink<'_>,
        _: &mut Rejects,
        report: &mut FileReport,
        _: &dyn Work,
    ) -> Result<(), ImportError> {
        if self.marks > 0 {
            report.note("stars: good, neutral and bad are taken as 5, 3 and 1");
        }
        self.events.finish(sink, report)
    }
}

impl List {
    fn rating(&mut self, row: &Row<'_>) -> Result<Option<u8>, Reject> {
        let Some(text) = row.text(RATING) else { return Ok(None) };
        let word = text.to_lowercase();
        if let Some((_, stars)) = MARKS.iter().find(|(words, _)| words.contains(&word.as_str())) {
            self.marks += 1;
            return Ok(Some(*stars));
        }
        let drawn = text.chars().filter(|sign| *sign == '★').count();
        let bare = ["星", "分", "stars", "star", "/5"].iter().find_map(|unit| word.strip_suffix(unit));
        let number = super::number::parse(bare.unwrap_or(&word), super::Decimal::Point);
        let stars = match (drawn, number) {
            (1..=5, _) => i64::try_from(drawn).ok(),
            (_, Some(number)) if number.0 % Micros::UNIT == 0 => Some(number.0 / Micros::UNIT),
            _ => None,
        };
        let stars = stars.and_then(|stars| u8::try_from(stars).ok()).filter(|stars| (1..=5).contains(stars));
        stars
            .map(Some)
            .ok_or_else(|| row.reject(RATING, "is no rating", "write 1 to 5 stars, whole, or leave it empty"))
    }
}

fn lang(row: &Row<'_>) -> Result<Option<Lang>, Reject> {
    let Some(text) = row.text(LANG) else { return Ok(None) };
    match text.to_lowercase().as_str() {
        "zh" | "zh-cn" | "zh_cn" | "chinese" | "中文" | "汉语" => Ok(Some(Lang::Zh)),
        "en" | "en-us" | "en-gb" | "english" | "英文" | "英语" => Ok(Some(Lang::En)),
        // Other languages are kept as text; the models read these two.
        _ => Ok(None),
    }
}
