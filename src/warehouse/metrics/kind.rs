//! Which metrics are there, and what can each be grouped and filtered by?

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Sums;
use crate::domain::{Currency, Unit, units};

/// The metrics of DEFINITIONS §3.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "DEFINITIONS §3 says what each is")]
pub enum Metric {
    Revenue,
    Orders,
    Units,
    Customers,
    NewCustomers,
    Aov,
    RepeatRate,
    ChurnRate,
    Spend,
    GrossProfit,
    ReturnRate,
    DiscountShare,
    Mer,
    Cac,
}

/// What a metric can be split by; some also narrow it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words say what each is")]
pub enum Group {
    Day,
    Week,
    Month,
    Quarter,
    Product,
    Category,
    Channel,
    City,
    Segment,
    CohortMonth,
}

impl Group {
    /// All, as the words list them.
    pub const ALL: [Self; 10] = [
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::Product,
        Self::Category,
        Self::Channel,
        Self::City,
        Self::Segment,
        Self::CohortMonth,
    ];

    /// The name in arguments, JSON and the words.
    pub fn key(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Product => "product",
            Self::Category => "category",
            Self::Channel => "channel",
            Self::City => "city",
            Self::Segment => "segment",
            Self::CohortMonth => "cohort_month",
        }
    }

    /// Whether its parts follow each other in time.
    pub fn is_time(self) -> bool {
        matches!(self, Self::Day | Self::Week | Self::Month | Self::Quarter)
    }
}

impl Metric {
    /// All, as the words list them.
    pub const ALL: [Self; 14] = [
        Self::Revenue,
        Self::Orders,
        Self::Units,
        Self::Customers,
        Self::NewCustomers,
        Self::Aov,
        Self::RepeatRate,
        Self::ChurnRate,
        Self::Spend,
        Self::GrossProfit,
        Self::ReturnRate,
        Self::DiscountShare,
        Self::Mer,
        Self::Cac,
    ];

    /// The name in arguments, JSON and the words.
    pub fn key(self) -> &'static str {
        match self {
            Self::Revenue => "revenue",
            Self::Orders => "orders",
            Self::Units => "units",
            Self::Customers => "customers",
            Self::NewCustomers => "new_customers",
            Self::Aov => "aov",
            Self::RepeatRate => "repeat_rate",
            Self::ChurnRate => "churn_rate",
            Self::Spend => "spend",
            Self::GrossProfit => "gross_profit",
            Self::ReturnRate => "return_rate",
            Self::DiscountShare => "discount_share",
            Self::Mer => "mer",
            Self::Cac => "cac",
        }
    }

    /// What it may be split by: the table of DEFINITIONS §3.
    pub fn groups(self) -> &'static [Group] {
        use Group as G;
        match self {
            Self::Revenue | Self::Orders | Self::Customers | Self::RepeatRate => &[
                G::Day,
                G::Week,
                G::Month,
                G::Quarter,
                G::Product,
                G::Category,
                G::City,
                G::Segment,
                G::CohortMonth,
            ],
            Self::Units | Self::Aov | Self::GrossProfit | Self::ReturnRate | Self::DiscountShare => {
                &[G::Day, G::Week, G::Month, G::Quarter, G::Product, G::Category, G::City, G::Segment]
            }
            Self::NewCustomers => &[G::Day, G::Week, G::Month, G::Quarter, G::Product, G::Category, G::City],
            Self::ChurnRate => &[G::Month, G::Quarter, G::City, G::Segment],
            Self::Spend => &[G::Day, G::Week, G::Month, G::Quarter, G::Channel],
            Self::Mer | Self::Cac => &[G::Day, G::Week, G::Month, G::Quarter],
        }
    }

    /// What it may be narrowed to: the groups that name something.
    pub fn filters(self) -> impl Iterator<Item = Group> {
        use Group as G;
        let named =
            |group: &Group| matches!(group, G::Product | G::Category | G::Channel | G::City | G::Segment);
        self.groups().iter().copied().filter(named)
    }

    /// What its number is.
    pub fn unit(self, currency: Currency) -> Unit {
        match self {
            Self::Revenue | Self::Aov | Self::Spend | Self::GrossProfit | Self::Cac => Unit::Money(currency),
            Self::Orders | Self::Units | Self::Customers | Self::NewCustomers => Unit::Count,
            Self::RepeatRate | Self::ChurnRate | Self::ReturnRate | Self::DiscountShare => Unit::Share,
            Self::Mer => Unit::Ratio,
        }
    }

    /// A sum over rows: empty parts are 0, and a longer period has more of it.
    pub fn is_sum(self) -> bool {
        !self.is_ratio()
    }

    /// One figure over another: no value where the other is 0.
    pub fn is_ratio(self) -> bool {
        matches!(
            self,
            Self::Aov
                | Self::RepeatRate
                | Self::ChurnRate
                | Self::ReturnRate
                | Self::DiscountShare
                | Self::Mer
                | Self::Cac
        )
    }

    /// Whether its parts add up to the total when split like this.
    pub fn adds_up(self, group: Group) -> bool {
        match self {
            Self::Revenue | Self::Units | Self::Spend | Self::GrossProfit => true,
            // Within an order there are several products, so they count in each.
            Self::Orders => !matches!(group, Group::Product | Group::Category),
            // A first order has one day and one city, but several products.
            Self::NewCustomers => group.is_time() || group == Group::City,
            // A customer is in one segment and one cohort, but buys on several days, products and in several cities.
            Self::Customers => matches!(group, Group::Segment | Group::CohortMonth),
            _ => false,
        }
    }

    /// Whether it speaks of customers, so that orders without a customer key are missing from it.
    pub fn is_of_customers(self) -> bool {
        matches!(self, Self::Customers | Self::NewCustomers | Self::RepeatRate | Self::ChurnRate | Self::Cac)
    }

    /// Whether later returns still lower it.
    pub fn falls_with_returns(self) -> bool {
        matches!(
            self,
            Self::Revenue | Self::Units | Self::Aov | Self::GrossProfit | Self::ReturnRate | Self::Mer
        )
    }

    /// Its number in currency units, pieces or as a share; `None` where there is nothing to divide by.
    pub fn value(self, sums: &Sums) -> Option<f64> {
        let over = |part: i128, whole: i128| (whole > 0).then(|| part as f64 / whole as f64);
        let money = units;
        match self {
            Self::Revenue => Some(money(sums.revenue())),
            Self::Orders => Some(sums.orders as f64),
            Self::Units => Some((sums.sold - sums.returned) as f64),
            Self::Customers => Some(sums.customers as f64),
            Self::NewCustomers => Some(sums.new_customers as f64),
            Self::Spend => Some(money(sums.spend)),
            Self::GrossProfit => Some(sums.gross_profit()),
            Self::Aov => over(sums.revenue(), i128::from(sums.orders)).map(|micros| micros / 1e6),
            Self::RepeatRate => over(i128::from(sums.repeat_buyers), i128::from(sums.customers)),
            Self::ChurnRate => over(i128::from(sums.lost), i128::from(sums.base)),
            Self::ReturnRate => over(i128::from(sums.returned), i128::from(sums.sold)),
            Self::DiscountShare => over(sums.discount, sums.net + sums.discount),
            Self::Mer => over(sums.revenue(), sums.spend),
            Self::Cac => over(sums.spend, i128::from(sums.new_customers)).map(|micros| micros / 1e6),
        }
    }

    /// How many things a ratio rests on (orders where it divides by money); `None` for sums.
    pub fn rests_on(self, sums: &Sums) -> Option<u64> {
        match self {
            Self::Aov | Self::DiscountShare | Self::Mer => Some(sums.orders),
            Self::RepeatRate => Some(sums.customers),
            Self::ChurnRate => Some(sums.base),
            Self::ReturnRate => u64::try_from(sums.sold).ok(),
            Self::Cac => Some(sums.new_customers),
            _ => None,
        }
    }
}
