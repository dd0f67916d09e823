//! Which words does everybody in the house share?
//!
//! Plain types with no I/O: money, days, periods, the shop's records, facts, evidence, who is asking.
//! Everything may use `domain`; `domain` uses nothing of ours.

mod chart;
mod clock;
mod day;
mod entity;
mod evidence;
mod fact;
mod lang;
mod money;
pub mod number_word;
mod period;
mod principal;
mod record;
mod response;
mod segment;
pub mod status;
mod table;
mod window;
mod work;

pub use chart::{Axis, Caption, Chart, ChartKind, Label, Point, Series, SeriesRole, Spot};
pub use clock::Clock;
pub use day::{Day, MONTH_DAYS, Span};
pub use entity::{Entities, Lookup, NamedCustomer, NamedProduct};
pub use evidence::{Evidence, Grade, GradeReason, HoldoutRow};
pub use fact::{Fact, Unit};
pub use lang::Lang;
pub use money::{Currency, Micros, Money, units};
pub use period::{NamedPeriod, Period, PeriodError};
pub use principal::{Principal, Role};
pub use record::{
    Consent, Customer, CustomerId, Flags, Fulfilment, Line, LineKind, Order, OrderId, OrderStatus, Payment,
    PaymentKind, Product, ProductId, Refund, ServiceState, Shop, Spend, UnlinkedRefund,
};
pub use response::{Arm, Experiment, Feedback, Interaction, InteractionKind, LiftTest};
pub use segment::{Segment, Tier};
pub use table::{Cell, Column, Table};
pub use window::{churn_window_days, percentile};
pub use work::{Cancelled, NoWork, Work};
