//! Does this sentence say that something was done that nobody did?
//!
//! "I have sent it", 已经取消了 claim an action; without a successful call of a proposing tool they are not shown.
//! Offers, questions, conditions, negations and what happened to the shop's own orders are no claims.
//! See DESIGN §4, rule 2.

mod chinese;
mod english;

/// An action claimed without a call.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{claim:?} in {sentence:?} claims an action that no call did")]
pub struct FalseClaim {
    /// The words.
    pub claim: String,
    /// The sentence.
    pub sentence: String,
}

/// Whether the sentence is free of claims, or every claim has its call (`acted`: a proposing tool succeeded).
pub fn check(sentence: &str, acted: bool) -> Result<(), FalseClaim> {
    if acted {
        return Ok(());
    }
    for clause in clauses(sentence) {
        if let Some(claim) = english::claim(&clause).or_else(|| chinese::claim(&clause)) {
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
            "Put €10.8k on search and €12.6k on TV.",
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
