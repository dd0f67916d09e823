//! Which way does a sentence say that a figure went?
//!
//! A change is said with its sign or with a word for its direction; "a change of 12 %" tells neither. A direction may also
//! be claimed without any figure ("sales rose"), and must then be that of a change.

use super::scan::Token;

/// Words after which the days stand that something is compared with.
const COMPARES: [&str; 13] = [
    "对比期",
    "同期",
    "相比",
    "对比",
    "比",
    "compared with",
    "compared to",
    "than",
    "against",
    "versus",
    "vs",
    "vs.",
    "up from",
];

/// Whether a comparison's word stands just before a token.
pub(super) fn after_comparison(sentence: &[char], token: &Token) -> bool {
    let before: String = sentence.iter().take(token.start).collect::<String>().to_lowercase();
    let before = before.trim_end_matches([' ', '(', '（', ':', '：']);
    let before = before.strip_suffix(" in").or_else(|| before.strip_suffix(" the")).unwrap_or(before);
    COMPARES.iter().any(|word| before.ends_with(word))
}

/// Which way the word nearest to the token in its clause says: up (1), down (−1), or none does (0).
pub(super) fn direction(sentence: &[char], token: &Token) -> i8 {
    let stops = [',', ';', '，', '；', '。', '(', '（', ')', '）', '\n'];
    let stop = |index: usize| sentence.get(index).is_none_or(|c| stops.contains(c));
    let mut from = token.start.min(sentence.len());
    // A comma inside a number is no stop.
    while from > 0 && !stop(from - 1) {
        from -= 1;
    }
    let mut to = token.end;
    while !stop(to) {
        to += 1;
    }
    let part = |from: usize, to: usize| -> String {
        let text: String = sentence.get(from..to).unwrap_or_default().iter().collect();
        format!(" {} ", text.to_lowercase())
    };
    let (before, after) = (part(from, token.end), part(token.end, to));
    // the word that led to the figure, else the first behind it
    let last = |text: &str, words: &[&str]| {
        words.iter().filter_map(|word| text.rfind(word).map(|at| at + word.len())).max()
    };
    let first = |words: &[&str]| words.iter().filter_map(|word| after.find(word)).min();
    let way = |up: Option<usize>, down: Option<usize>, nearer: fn(usize, usize) -> bool| match (up, down) {
        (Some(up), Some(down)) => Some(if nearer(up, down) { 1 } else { -1 }),
        (Some(_), None) => Some(1),
        (None, Some(_)) => Some(-1),
        (None, None) => None,
    };
    let (far, close) = (part(0, from), before.as_str());
    way(last(close, &UP), last(close, &DOWN), |up, down| up > down)
        .or_else(|| way(first(&UP), first(&DOWN), |up, down| up < down))
        // "Revenue fell slightly, by 3.8 %"
        .or_else(|| way(last(&far, &UP), last(&far, &DOWN), |up, down| up > down))
        .unwrap_or(0)
}

const UP: [&str; 41] = [
    " rose", " risen", " rise", " rising", " grew", " grow", " increas", " went up", " go up", " goes up",
    " gain", " higher", " more", " up ", " up-", " above", " climb", " jump", " surg", " soar", " add",
    " extra", " exceed", " ahead", "增", "上升", "提高", "上涨", "涨", "高出", "提升", "攀升", "跃升",
    "回升", "高于", "多出", "多了", "高了", "超过", "多", "高",
];

const DOWN: [&str; 41] = [
    " fell",
    " fall",
    " drop",
    " decreas",
    " declin",
    " went down",
    " go down",
    " goes down",
    " shrank",
    " shrink",
    " lower",
    " less",
    " fewer",
    " down ",
    " lost",
    " lose",
    " losing",
    " loss",
    " below",
    " reduc",
    " cut",
    " slid",
    " slip",
    " sank",
    " dip",
    " halv",
    "腰斩",
    " plung",
    " contract",
    " behind",
    "下降",
    "减",
    "降",
    "下跌",
    "跌",
    "下滑",
    "低于",
    "少",
    "缩",
    "低",
    "落后",
];

/// The direction that a sentence claims of what was, without a figure, and its word; none of what may be or of both.
pub(super) fn claimed(sentence: &str) -> Option<(i8, &'static str)> {
    let text = format!(" {} ", sentence.to_lowercase());
    let said = |words: &[&'static str]| words.iter().find(|word| text.contains(**word)).copied();
    if said(&SUPPOSES).is_some() {
        return None;
    }
    match (said(&WENT_UP), said(&WENT_DOWN)) {
        (Some(word), None) => Some((1, word)),
        (None, Some(word)) => Some((-1, word)),
        _ => None,
    }
}

const WENT_UP: [&str; 20] = [
    " rose",
    " grew ",
    " grew.",
    " climbed",
    " jumped",
    " surged",
    " soared",
    " increased",
    " went up",
    " is up",
    " are up",
    " was up",
    " were up",
    " has risen",
    " has grown",
    "上升",
    "上涨",
    "增长了",
    "增加了",
    "涨了",
];

const WENT_DOWN: [&str; 20] = [
    " fell",
    " dropped",
    " declined",
    " decreased",
    " shrank",
    " went down",
    " is down",
    " are down",
    " was down",
    " were down",
    " slid",
    " plunged",
    " sank",
    " has fallen",
    " has shrunk",
    "下降",
    "下滑",
    "下跌",
    "减少了",
    "跌了",
];

/// What is not said of what was.
const SUPPOSES: [&str; 20] = [
    " if ", " would", " could", " might", " may ", " will", " should", " can ", " when ", " whether",
    " not ", "n't", "会", "可能", "如果", "若", "建议", "是否", "没有", "未",
];
