//! What does a cell say once the marks of exports and spreadsheets are taken off?
//!
//! Rules 5, 8, 10 and 12 of IMPORT_FORMATS.

use crate::domain::Currency;

/// A header cell as it is compared: plain brackets, lower case, `_` for spaces and hyphens, no quotes, no currency.
pub(super) fn header(cell: &str) -> String {
    let mut name = String::new();
    for character in cell.trim_matches(edge).chars() {
        match character {
            '（' => name.push('('),
            '）' => name.push(')'),
            '"' | '\'' => {}
            ' ' | '-' | '_' | '\t' | '\u{A0}' => {
                if !name.ends_with('_') {
                    name.push('_');
                }
            }
            character => name.extend(character.to_lowercase()),
        }
    }
    match currency(cell) {
        Some(_) => name.rsplit_once('(').map_or("", |(name, _)| name).trim_end_matches('_').to_owned(),
        None => name,
    }
}

/// The currency that a header cell ends with: `Amount spent (USD)`, `总花费(元)`. In capitals: `Clicks (all)` is no lek.
pub(super) fn currency(header: &str) -> Option<Currency> {
    let inner = header.trim_matches(edge).trim_end_matches('"').strip_suffix([')', '）'])?;
    let code = inner.rsplit(['(', '（']).next()?.trim();
    match code {
        "元" => Currency::parse("CNY"),
        code if code.bytes().all(|byte| byte.is_ascii_uppercase()) => Currency::parse(code),
        _ => None,
    }
}

/// The cell without edges; `None` where it says nothing.
pub(super) fn text(cell: &str) -> Option<&str> {
    let cell = cell.trim_matches(edge);
    let nothing = matches!(cell, "" | "-" | "--" | "无")
        || ["n/a", "(not set)", "null"].iter().any(|word| cell.eq_ignore_ascii_case(word));
    (!nothing).then_some(cell)
}

/// An id: as text, without a spreadsheet's `="…"`, `'` and false `.0`.
pub(super) fn id(cell: &str) -> Option<&str> {
    let mut cell = text(cell)?;
    if let Some(inner) = cell.strip_prefix("=\"").and_then(|cell| cell.strip_suffix('"')) {
        cell = inner;
    }
    cell = cell.strip_prefix('\'').unwrap_or(cell);
    for false_decimals in [".0", ".00"] {
        if let Some(whole) = cell.strip_suffix(false_decimals)
            && !whole.is_empty()
            && whole.bytes().all(|byte| byte.is_ascii_digit())
        {
            cell = whole;
        }
    }
    text(cell)
}

/// An id that a spreadsheet has turned into `1.23457E+18`.
pub(super) fn has_lost_digits(id: &str) -> bool {
    let Some((mantissa, exponent)) = id.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let far = exponent.strip_prefix('+').is_some_and(|exponent| exponent.len() == 2 && digits(exponent));
    whole.len() == 1 && digits(whole) && digits(fraction) && far
}

/// A value that a platform has hidden: `张**`, `1******9993`, `##密文`.
pub(super) fn is_masked(cell: &str) -> bool {
    cell.contains("**") || cell.starts_with("##") || cell.starts_with("$$")
}

/// Whether the cell only says that a number is below or above another: `< 10%`.
pub(super) fn is_bound(cell: &str) -> bool {
    let rest = cell.strip_prefix(['<', '>', '＜', '＞']).map(str::trim_start);
    rest.is_some_and(|rest| rest.starts_with(|character: char| character.is_ascii_digit()))
}

/// What a person wrote, without HTML and on one line less where it only broke for the page.
pub(super) fn prose(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        plain.push_str(before);
        // `<` before anything but a tag's name is a sign of its own: "<3".
        let is_tag =
            after.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '/' | '!'));
        match after.split_once('>').filter(|_| is_tag) {
            Some((tag, after)) => {
                let breaks =
                    ["br", "/p", "/div", "/li"].iter().any(|name| tag.to_lowercase().starts_with(name));
                if breaks && !plain.ends_with('\n') {
                    plain.push('\n');
                }
                rest = after;
            }
            None => {
                plain.push('<');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    for (entity, sign) in
        [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
    {
        if plain.contains(entity) {
            plain = plain.replace(entity, sign);
        }
    }
    plain.trim_matches(edge).to_owned()
}

/// A row of totals by its first cell that is not empty (rule 7).
pub(super) fn is_total(cell: &str) -> bool {
    let cell = cell.trim_matches(edge).to_lowercase();
    matches!(cell.as_str(), "total" | "grand total" | "总计" | "合计" | "全部")
        || ["total:", "总计:", "总计：", "合计:", "合计："].iter().any(|word| cell.starts_with(word))
}

fn edge(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{A0}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_goes_and_what_was_written_stays() {
        assert_eq!(prose(" <p>Nice &amp; warm<br/>I <3 it</p> "), "Nice & warm\nI <3 it");
        assert_eq!(prose("价格<200元，很好"), "价格<200元，很好");
        assert_eq!(prose("a < b > c"), "a < b > c");
        assert_eq!(prose("<script>"), "");
    }

    #[test]
    fn marks_of_exports_are_taken_off() {
        assert_eq!(header(" 订单付款时间 "), "订单付款时间");
        assert_eq!(header("商品总价（元）"), "商品总价");
        assert_eq!(header("\u{FEFF}Order ID"), "order_id");
        assert_eq!(header("Amount spent (USD)"), "amount_spent");
        assert_eq!(header("Clicks (all)"), "clicks_(all)");
        assert_eq!(currency("Montant dépensé (USD)").map(|found| found.to_string()).as_deref(), Some("USD"));
        assert_eq!(currency("总花费（元）").map(|found| found.to_string()).as_deref(), Some("CNY"));
        assert_eq!(currency("Total (XXX)"), None);
        assert!(is_bound("< 10%") && is_bound(">90%") && !is_bound("<b>") && !is_bound("10%"));
        assert_eq!(text("\t--"), None);
        assert_eq!(text(" N/A "), None);
        assert_eq!(id("=\"3553498017448001\""), Some("3553498017448001"));
        assert_eq!(id("\t6917926768823643751"), Some("6917926768823643751"));
        assert_eq!(id("17850.0"), Some("17850"));
        assert_eq!(id("v1.0"), Some("v1.0"));
        assert!(has_lost_digits("1.23457E+18") && !has_lost_digits("85E+2") && !has_lost_digits("1.5"));
        assert!(is_masked("张**") && !is_masked("A*"));
        assert!(is_total("Total: Account") && is_total("合计") && !is_total("Totally fine"));
    }
}
