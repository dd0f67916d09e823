//! Which words are numbers, in Chinese and English?
//!
//! One table for whoever reads numbers (questions) and whoever checks them (answers).

/// "seven", "forty": a cardinal below a hundred, one word.
pub fn cardinal(word: &str) -> Option<f64> {
    const UNITS: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    let unit = UNITS.iter().position(|unit| *unit == word).map(|index| index as f64);
    unit.or_else(|| TENS.iter().position(|ten| *ten == word).map(|index| (index + 2) as f64 * 10.0))
}

/// "dozen", "thousand": what the words before it are multiplied by.
pub fn scale(word: &str) -> Option<f64> {
    match word {
        "dozen" => Some(12.0),
        "hundred" => Some(1e2),
        "thousand" => Some(1e3),
        "million" => Some(1e6),
        "billion" => Some(1e9),
        _ => None,
    }
}

/// 零 … 九, 两.
pub fn han_digit(c: char) -> Option<f64> {
    match c {
        '〇' => Some(0.0),
        '两' => Some(2.0),
        _ => "零一二三四五六七八九".chars().position(|digit| digit == c).map(|value| value as f64),
    }
}

/// 十, 百, 千 within a section of four digits.
pub fn han_unit(c: char) -> Option<f64> {
    match c {
        '十' => Some(10.0),
        '百' => Some(1e2),
        '千' => Some(1e3),
        _ => None,
    }
}

/// 万, 亿, after which the next section begins.
pub fn han_section(c: char) -> Option<f64> {
    match c {
        '万' => Some(1e4),
        '亿' => Some(1e8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_their_values() {
        assert_eq!(
            ["zero", "nineteen", "ninety", "many"].map(cardinal),
            [Some(0.0), Some(19.0), Some(90.0), None]
        );
        assert_eq!(['零', '两', '九', '十'].map(han_digit), [Some(0.0), Some(2.0), Some(9.0), None]);
        assert_eq!((scale("dozen"), han_unit('千'), han_section('亿')), (Some(12.0), Some(1e3), Some(1e8)));
    }
}
