//! Is a figure called by the name of another kind?
//!
//! "Orders were €190.6k", 订单数为€19.1万, "revenue was 1,943": the word that leads straight to a figure tells what kind of
//! figure it must be. A small model takes the figure of the line below.

use super::scan::{Class, Token};

/// What leads from a name to its figure; a colon stands behind names of segments too.
const LEADS: [&str; 11] =
    [" was", " were", " is", " are", " came to", " totalled", " totaled", " reached", "为", "是", "达到"];

const MONEY: [&str; 12] = [
    "revenue",
    "turnover",
    "spend",
    "profit",
    "order value",
    "average order",
    "销售额",
    "净额",
    "花费",
    "利润",
    "客单价",
    "笔单价",
];
const COUNTS: [&str; 9] =
    ["orders", "number of customers", "units", "units sold", "订单数", "客户数", "新客数", "销量", "件数"];
const SHARES: [&str; 6] = ["rate", "share", "复购率", "流失率", "退货率", "占比"];

/// Whether the name that leads to the token is of figures of another kind; whether the figure may be of a loss.
pub(super) fn miscalled(sentence: &[char], token: &Token, loses: bool) -> bool {
    let before: String = sentence.iter().take(token.start).collect::<String>().to_lowercase();
    let before = before.trim_end();
    // what is lost has a figure of its own
    if matches!(token.class, Class::Money(_))
        && [" loss of", "亏损", "亏了"].iter().any(|word| before.ends_with(word))
    {
        return !loses;
    }
    let Some(name) = LEADS.iter().find_map(|lead| before.strip_suffix(lead)) else { return false };
    let named = |names: &[&str]| {
        names.iter().any(|word| {
            let head = name.strip_suffix(word);
            head.is_some_and(|head| !head.ends_with(|c: char| c.is_ascii_alphabetic()))
        })
    };
    match token.class {
        Class::Money(_) => named(&COUNTS) || named(&SHARES),
        Class::Count(_) | Class::Plain => named(&MONEY) || named(&SHARES),
        _ => false,
    }
}
