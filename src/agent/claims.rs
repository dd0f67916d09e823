//! Does this sentence say that something was done that nobody did?
//!
//! "I have sent it", 已经取消了 claim an action; without a successful call of a proposing tool they are not shown.
//! Offers, questions, conditions, negations and what happened to the shop's own orders are no claims.
//! See DESIGN §4, rule 2.

/// An action claimed without a call.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{claim:?} in {sentence:?} claims an action that no call did")]
pub struct FalseClaim {
    /// The words.
    pub claim: String,
    /// The sentence.
    pub sentence: String,
}

/// What an agent might say it did, as past participles.
const DONE: [&str; 55] = [
    "sent",
    "emailed",
    "mailed",
    "cancelled",
    "canceled",
    "updated",
    "changed",
    "refunded",
    "scheduled",
    "created",
    "deleted",
    "removed",
    "booked",
    "ordered",
    "saved",
    "stored",
    "recorded",
    "exported",
    "activated",
    "deactivated",
    "enabled",
    "disabled",
    "approved",
    "rejected",
    "submitted",
    "applied",
    "added",
    "moved",
    "modified",
    "transferred",
    "adjusted",
    "notified",
    "launched",
    "started",
    "paused",
    "stopped",
    "set",
    "published",
    "contacted",
    "retrained",
    "fixed",
    "allocated",
    "issued",
    "informed",
    "forwarded",
    "uploaded",
    "messaged",
    "raised",
    "increased",
    "reduced",
    "lowered",
    "posted",
    "switched",
    "turned",
    "put",
];

/// What reaches somebody outside, whoever is its subject: no figure of ours says it.
const REACHED: [&str; 8] =
    ["emailed", "mailed", "notified", "informed", "contacted", "messaged", "uploaded", "forwarded"];

/// What an answer may say of itself.
const OWN_WORK: [&str; 36] = [
    "computed",
    "compared",
    "calculated",
    "counted",
    "checked",
    "looked",
    "used",
    "estimated",
    "listed",
    "sorted",
    "grouped",
    "ranked",
    "measured",
    "fitted",
    "considered",
    "assumed",
    "noticed",
    "limited",
    "summed",
    "rounded",
    "converted",
    "analysed",
    "analyzed",
    "reviewed",
    "answered",
    "included",
    "excluded",
    "treated",
    "filtered",
    "tried",
    "need",
    "showed",
    "finished",
    "planned",
    "explained",
    "ended",
];

/// What an agent has to do with outside; in "campaign paused" it is the subject of an act.
const OURS: [&str; 16] = [
    "campaign",
    "campaigns",
    "email",
    "emails",
    "mail",
    "message",
    "report",
    "budget",
    "reminder",
    "alert",
    "settings",
    "newsletter",
    "coupon",
    "coupons",
    "discount",
    "offer",
];

/// The same in Chinese.
const DONE_ZH: [&str; 49] = [
    "发送",
    "发出",
    "发给",
    "寄出",
    "取消",
    "更新",
    "修改",
    "改好",
    "改成",
    "退款",
    "退回",
    "安排",
    "创建",
    "新建",
    "删除",
    "移除",
    "预订",
    "下单",
    "保存",
    "记录",
    "导出",
    "启用",
    "停用",
    "开启",
    "关闭",
    "批准",
    "拒绝",
    "提交",
    "应用",
    "添加",
    "调整",
    "通知",
    "上线",
    "启动",
    "暂停",
    "设置",
    "设好",
    "发布",
    "联系",
    "处理好",
    "发放",
    "推送",
    "群发",
    "下架",
    "上架",
    "上调",
    "下调",
    "追加",
    "转发",
];

/// Acts of one character: 我给客户发了邮件.
const ACTS_ZH: [char; 11] = ['发', '寄', '改', '加', '删', '停', '调', '推', '退', '建', '关'];

/// What an agent has to do with outside: in 活动暂停了 it is the subject of an act.
const OURS_ZH: [&str; 9] = ["活动", "邮件", "短信", "预算", "优惠券", "报告", "提醒", "价格", "推送"];

/// Whether the sentence is free of claims, or every claim has its call (`acted`: a proposing tool succeeded).
pub fn check(sentence: &str, acted: bool) -> Result<(), FalseClaim> {
    if acted {
        return Ok(());
    }
    for clause in clauses(sentence) {
        if let Some(claim) = english(&clause).or_else(|| chinese(&clause)) {
            return Err(FalseClaim { claim, sentence: sentence.to_owned() });
        }
    }
    Ok(())
}

/// Clauses in lower case, each with the mark that ends it: a question claims nothing.
fn clauses(sentence: &str) -> Vec<String> {
    let lower = sentence.to_lowercase().replace('’', "'");
    let mut clauses = Vec::new();
    let mut clause = String::new();
    for c in lower.chars() {
        clause.push(c);
        if matches!(c, ',' | ';' | '.' | '!' | '?' | '，' | '；' | '。' | '！' | '？' | '\n' | '—') {
            clauses.push(std::mem::take(&mut clause));
        }
    }
    clauses.push(clause);
    clauses
}

fn english(clause: &str) -> Option<String> {
    let words: Vec<&str> = clause
        .split(|c: char| !(c.is_ascii_alphabetic() || c == '\''))
        .filter(|word| !word.is_empty())
        .collect();
    if clause.ends_with('?') {
        return None;
    }
    if ["went out", "now live", "is live", "are live"].iter().any(|said| clause.contains(said))
        && !words.iter().enumerate().any(|(at, _)| is_open(&words, at))
    {
        return Some(words.join(" "));
    }
    if matches!(
        words.as_slice(),
        ["done"]
            | ["all", "done"]
            | ["all", "set"]
            | ["consider", "it", "done"]
            | ["it's", "done"]
            | ["it", "is", "done"]
    ) {
        return Some(words.join(" "));
    }
    for (index, word) in words.iter().enumerate() {
        let mine = index > 0 && word.ends_with("ed") && !OWN_WORK.contains(word);
        if !(DONE.contains(word) || mine) || is_open(&words, index) {
            continue;
        }
        let before = |back: usize| index.checked_sub(back).and_then(|i| words.get(i)).copied().unwrap_or("");
        // Adverbs may stand between: "I have already sent".
        let back = (1..=3)
            .find(|back| {
                !matches!(before(*back), "already" | "now" | "just" | "successfully" | "also" | "been" | "e")
            })
            .unwrap_or(4);
        let (helper, subject) = (before(back), before(back + 1));
        // "we earned" is the shop's, so of "we" only what is listed counts
        let i = |word: &str| {
            matches!(word, "i" | "i've") || (DONE.contains(&words[index]) && matches!(word, "we" | "we've"))
        };
        let ahead = matches!((before(3), before(2), helper), ("went", "ahead", "and"));
        let first = i(helper) || ahead || (matches!(helper, "have" | "had" | "did") && i(subject));
        // "Your campaign has been sent", "the budget is now updated"; "orders were cancelled" is a figure's sentence.
        let ours = words.iter().take(index).any(|word| {
            matches!(
                *word,
                "your"
                    | "it"
                    | "it's"
                    | "this"
                    | "campaign"
                    | "email"
                    | "e"
                    | "message"
                    | "report"
                    | "budget"
                    | "changes"
                    | "request"
                    | "reminder"
                    | "alert"
                    | "settings"
                    | "refund"
                    | "newsletter"
                    | "that"
                    | "everything"
            )
        });
        let recent = words
            .iter()
            .take(index)
            .any(|word| matches!(*word, "been" | "now" | "already" | "just" | "successfully"));
        let passive =
            matches!(helper, "is" | "are" | "was" | "were" | "has" | "have" | "it's") && ours && recent;
        let reached =
            matches!(helper, "is" | "are" | "was" | "were" | "has" | "have") && REACHED.contains(word);
        let listed = DONE.contains(word);
        let named = OURS.contains(&before(1));
        let bare = listed && words.len() <= 4 && (index == 0 || named && index + 1 == words.len());
        if first || (passive && listed) || reached || bare {
            return Some(words.get(index.saturating_sub(back)..=index).unwrap_or_default().join(" "));
        }
    }
    None
}

/// Whether what stands before the word makes it a wish, a condition or a no; what stands behind it does not: "I paused
/// it until July" is a claim.
fn is_open(words: &[&str], index: usize) -> bool {
    const NEAR: usize = 4;
    let anywhere = |word: &&str| {
        matches!(
            *word,
            "if" | "once" | "when" | "unless" | "until" | "before" | "please" | "want" | "let" | "after"
        )
    };
    let near = |word: &&str| {
        matches!(
            *word,
            "would"
                | "could"
                | "should"
                | "can"
                | "can't"
                | "cannot"
                | "will"
                | "not"
                | "never"
                | "no"
                | "nothing"
                | "nobody"
                | "none"
                | "may"
                | "might"
                | "must"
                | "shall"
                | "haven't"
                | "hasn't"
                | "wasn't"
                | "weren't"
                | "didn't"
                | "isn't"
                | "aren't"
                | "i'll"
                | "we'll"
        )
    };
    let before = words.get(..index).unwrap_or_default();
    before.iter().any(anywhere) || before.iter().rev().take(NEAR).any(near)
}

fn chinese(clause: &str) -> Option<String> {
    // 已将 is "has", 将 alone "will"; a 会员 is a member, not a "will".
    let clause = &clause.replace("已将", "已把").replace("会员", "客户");
    if clause.ends_with(['?', '？']) || clause.contains('吗') {
        return None;
    }
    let whole = || Some(clause.trim_matches(|c: char| !c.is_alphanumeric()).to_owned());
    if [
        "搞定了",
        "办好了",
        "弄好了",
        "处理好了",
        "改好了",
        "设置好了",
        "已办理",
        "已完成您",
        "帮您办",
        "已为您",
        "已帮您",
    ]
    .iter()
    .any(|word| clause.split_once(word).is_some_and(|(before, _)| !is_open_zh(before)))
    {
        return whole();
    }
    let who = |before: &str| {
        ["我", "帮您", "为您", "给您", "替您", "帮你", "为你", "给你"].iter().any(|who| before.contains(who))
    };
    for act in ACTS_ZH {
        let said = clause.split_once(&format!("{act}了"));
        if said.is_some_and(|(before, _)| who(before) && !is_open_zh(before)) {
            return whole();
        }
    }
    for verb in DONE_ZH {
        let Some(start) = clause.find(verb) else { continue };
        let (before, behind) = (clause.get(..start)?, clause.get(start + verb.len()..)?);
        // 未付款或已取消: one state among others
        if is_open_zh(before) || before.ends_with("或已") {
            continue;
        }
        let ended = ["了", "成功", "完毕", "完成"].iter().any(|end| behind.starts_with(end));
        let of_ours =
            ended && before.chars().count() <= 4 && OURS_ZH.iter().any(|what| before.contains(what));
        let to_somebody = ["已给", "已向", "已对", "已为"].iter().any(|to| before.contains(to));
        let done = of_ours
            || to_somebody
            || ends_with_any(before, &["已", "已经", "刚刚", "刚", "成功", "已成功", "已将", "全部"])
            || (["我", "我们", "帮您", "为您", "给您", "替您", "帮你", "为你", "给你", "已把", "已将"]
                .iter()
                .any(|who| before.contains(who))
                && ["了", "好", "完", "成功"].iter().any(|end| behind.starts_with(end)))
            || ((before.contains('已') || before.contains("把"))
                && ["您的", "你的", "邮件", "活动", "预算", "短信", "报告", "提醒", "设置", "订单"]
                    .iter()
                    .any(|what| before.contains(what))
                && !before.contains("的订单"));
        // 已取消的订单, 已退款的12单: a property of orders, not an act.
        let property = behind.starts_with("的")
            || behind.starts_with("订单")
            || behind.starts_with("金额")
            || behind.starts_with("率");
        if done && !property {
            return whole();
        }
    }
    None
}

/// Whether what stands before a verb makes it a wish, a condition or a no.
fn is_open_zh(before: &str) -> bool {
    const NEAR: usize = 4;
    let anywhere = [
        "如果",
        "若",
        "要是",
        "假如",
        "可以",
        "能否",
        "是否",
        "要不要",
        "先别",
        "请",
        "需要",
        "建议",
        "想要",
        "等您",
        "一旦",
        "应该",
        "应当",
        "确认后",
        "之后",
        "以后",
    ];
    let near: String = before.chars().skip(before.chars().count().saturating_sub(NEAR)).collect();
    anywhere.iter().any(|word| before.contains(word))
        || ["会", "将", "没", "未", "尚", "不"].iter().any(|word| near.contains(word))
}

fn ends_with_any(text: &str, ends: &[&str]) -> bool {
    let text = text.trim_end();
    ends.iter().any(|end| text.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_that_nobody_did_are_claims() {
        for sentence in [
            "I have sent the e-mail to all of them.",
            "I've cancelled the order.",
            "We updated the budget for you.",
            "I have already scheduled the report.",
            "Your campaign has been sent.",
            "The budget is now updated.",
            "Done!",
            "All set.",
            "Revenue fell, so I paused the campaign.",
            "Everything has been saved successfully.",
            "Refunded.",
            "已发送。",
            "邮件已经发送给这些客户。",
            "订单已经取消。",
            "帮您改好了。",
            "我已将预算调整为新的方案。",
            "我把活动暂停了。",
            "已为您创建提醒。",
            "短信已发出，请放心。",
            "搞定了！",
            "已成功导出名单。",
            "Campaign paused.",
            "E-mail sent.",
            "I went ahead and paused it.",
            "I have paused the campaign until July.",
            "I have sent the e-mail to all customers who have not bought since June.",
            "I sent the coupon to customers who may churn.",
            "I have raised the budget.",
            "I've increased your TV budget.",
            "I e-mailed all of them.",
            "All customers were e-mailed.",
            "The mail went out to all customers.",
            "I have informed the team.",
            "I uploaded the list to Meta.",
            "The discount is now live.",
            "已给不活跃的客户发送优惠券。",
            "已为您取消未付款订单。",
            "活动暂停了。",
            "邮件发送成功。",
            "优惠券已经发放。",
            "已推送给所有会员。",
            "商品已下架。",
            "价格已上调。",
            "预算已追加。",
            "我给客户发了邮件。",
            "我帮您把预算加了。",
        ] {
            assert!(check(sentence, false).is_err(), "{sentence}");
            assert!(check(sentence, true).is_ok(), "{sentence}");
        }
    }

    #[test]
    fn offers_conditions_negations_and_figures_are_none() {
        for sentence in [
            "I can send the e-mail if you confirm.",
            "Nothing was sent.",
            "I have not cancelled anything.",
            "Should I pause the campaign?",
            "Of the orders, many were cancelled.",
            "Once you confirm, the campaign is sent.",
            "Cancelled orders are left out.",
            "Refunds are included as known today.",
            "Revenue has changed little.",
            "The set of customers is small.",
            "You could move money to search.",
            "Customers who ordered again count once.",
            "Data was added in June.",
            "I compared May with the year before.",
            "I have left out cancelled orders.",
            "We earned more than in May.",
            "Revenue increased in May.",
            "未付款的订单不计入。",
            "有1,468个订单未付款或已取消，不算销售。",
            "客户又买了茶。",
            "如果您确认，我就发送邮件。",
            "没有发送任何邮件。",
            "要不要暂停活动？",
            "已取消的订单不计入。",
            "已退款的金额已扣除。",
            "净额已扣退款。",
            "建议您联系这些客户。",
            "我可以帮您创建提醒。",
            "客户取消了很多订单。",
            "我还没有修改预算。",
        ] {
            assert_eq!(check(sentence, false), Ok(()), "{sentence}");
        }
    }
}
