//! What does a cell say once the marks of exports and spreadsheets are taken off?
//!
//! Rules 5, 8, 10 and 12 of IMPORT_FORMATS.

/// A header cell as it is compared: plain brackets, lower case, `_` for spaces and hyphens, no quotes, no unit in
/// yuan.
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
    name.strip_suffix("(元)").map(str::to_owned).unwrap_or(name)
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
    fn marks_of_exports_are_taken_off() {
        assert_eq!(header(" 订单付款时间 "), "订单付款时间");
        assert_eq!(header("商品总价（元）"), "商品总价");
        assert_eq!(header("\u{FEFF}Order ID"), "order_id");
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
