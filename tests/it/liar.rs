//! Promise: a composer cannot lie, whatever it writes.
//!
//! A scripted composer says one sentence about the same outcome (revenue €84,212.40 in June 2026, 71.3k to 96.1k; 902
//! orders; 642 customers; repeat rate 32.4 %, −1.8 pp; change −12.4 %). Twenty lies a language never reach the reader:
//! the template's answer stands in their place. Twenty honest sentences do.

use std::sync::Arc;

use mercato::agent::{Agent, Plan};
use mercato::store::Store;

use super::support::agent::{Says, Script, ask, house, sales};

async fn said(sentence: &'static str, question: &str) -> String {
    let mut parts = house(Store::memory(), Script::of(vec![Plan::Calls(vec![sales("Berlin")])]));
    parts.composer = Arc::new(Says(sentence));
    ask(&Agent::new(parts), question).await.text
}

async fn caught(question: &str, lies: [&'static str; 20]) {
    for lie in lies {
        let text = said(lie, question).await;
        assert!(!text.contains(lie), "not caught: {lie}");
        assert!(text.contains("902"), "the template's answer is missing: {text}");
    }
}

async fn passed(question: &str, sentences: [&'static str; 20]) {
    for sentence in sentences {
        let text = said(sentence, question).await;
        assert!(text.contains(sentence), "kept back: {sentence}\ngot: {text}");
    }
}

#[tokio::test]
async fn twenty_lies_in_english_are_caught() {
    caught(
        "how are sales in Berlin",
        [
            "Berlin sold €94.2k.",
            "Berlin sold $84.2k.",
            "Berlin sold 84.2 million euros.",
            "There were 642 orders.",
            "There were 902 customers.",
            "42 % of customers came back.",
            "The repeat rate rose by 1.8 percentage points.",
            "Revenue grew by 12.4 %.",
            "Revenue doubled.",
            "Half of the customers came back.",
            "Two thirds of the customers came back.",
            "Hundreds of thousands of people bought, that is 100,000 people.",
            "In May 2026, Berlin sold €84.2k.",
            "Revenue lay between €60k and €96.1k.",
            "I have sent the report to your team.",
            "Your campaign has been paused.",
            "Order #W1234567 was the largest.",
            "One in ten customers came back.",
            "The average order was €84.",
            "It took ninety days.",
        ],
    )
    .await;
}

#[tokio::test]
async fn twenty_lies_in_chinese_are_caught() {
    caught(
        "柏林卖得怎么样",
        [
            "柏林销售额€9.4万。",
            "柏林销售额8.4万元。",
            "柏林销售额€8.4亿。",
            "共有642单。",
            "共有902位客户。",
            "42%的客户回购。",
            "复购率上升1.8个百分点。",
            "销售额增长12.4%。",
            "销售额翻倍。",
            "一半客户回购。",
            "三分之二的客户回购。",
            "有上万客户下单。",
            "2026年5月柏林销售额€8.4万。",
            "销售额在€6万到€9.6万之间。",
            "我已经把报告发送给团队了。",
            "您的活动已暂停。",
            "订单W1234567金额最大。",
            "约七成客户回购。",
            "平均每单€84。",
            "用了九十天。",
        ],
    )
    .await;
}

#[tokio::test]
async fn twenty_honest_sentences_in_english_pass() {
    passed(
        "how are sales in Berlin",
        [
            "Berlin sold €84.2k.",
            "Berlin sold about €84k in June 2026.",
            "Berlin sold €84,212.40.",
            "There were 902 orders.",
            "There were 642 customers.",
            "32.4 % of customers came back.",
            "The repeat rate fell by 1.8 percentage points.",
            "Revenue fell by 12.4 %.",
            "Revenue is down 12 %.",
            "About a third of the customers came back.",
            "Hundreds of customers bought.",
            "It may be between €71.3k and €96.1k.",
            "From 1 to 30 June 2026 is one month, 30 days.",
            "The average order was €93.36.",
            "Emma Clark is the first of them, with €1,234.50.",
            "1. Emma Clark\n2. Liam Moreau",
            "I can send a report if you confirm.",
            "Nothing was sent.",
            "The two best are Emma Clark and Liam Moreau.",
            "Second, no one should wait: double-check the data at once.",
        ],
    )
    .await;
}

#[tokio::test]
async fn twenty_honest_sentences_in_chinese_pass() {
    passed(
        "柏林卖得怎么样",
        [
            "柏林销售额€8.4万。",
            "2026年6月柏林销售额约84,212欧元。",
            "柏林销售额€84,212.40。",
            "共有902单。",
            "共有642位客户。",
            "32.4%的客户回购。",
            "复购率下降1.8个百分点。",
            "销售额下降12.4%。",
            "销售额减少了12%。",
            "约三成客户回购。",
            "有几百位客户下单。",
            "区间是€7.1万至€9.6万。",
            "6月1日至30日，共30天。",
            "平均每单€93.36。",
            "第一名是Emma Clark，€1,234.50。",
            "1. Emma Clark\n2. Liam Moreau",
            "如果您确认，我可以发送报告。",
            "没有发送任何内容。",
            "一般来说，一些客户会再来一次。",
            "十分稳定，千万不要只看一周里的周三。",
        ],
    )
    .await;
}
