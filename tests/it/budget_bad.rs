//! What a budget question lacks is said, with what can still be said and the mend, in both languages.
//!
//! Small shops through the three tools on channels and budgets: too short, gaps, spend that never changes or moves as one,
//! no spend, budgets and bounds that cannot be, a target out of reach, margins unknown.

use mercato::model::Models;
use mercato::tool::{Outcome, ToolError};
use mercato::warehouse::Warehouse;
use serde_json::{Value, json};

use crate::mix::{shop, templates, words};
use crate::support::reading::reads_well;
use crate::support::small_shop::{SmallShop, call, call_on, call_with, day};

/// A question to each tool.
fn questions() -> [(&'static str, Value); 3] {
    [
        ("channel_performance", json!({})),
        ("optimize_budget", json!({"total": 5000})),
        ("simulate_budget", json!({"allocation": [{"channel": "search", "spend": 3000}]})),
    ]
}

/// Every tool refuses with this code and these words, English and Chinese.
#[track_caller]
fn refused_by_all(shop: &SmallShop, code: &str, en: &[&str], zh: &[&str]) {
    let warehouse = shop.warehouse();
    for (tool, args) in questions() {
        check(&call(&warehouse, tool, &args).unwrap_err(), code, en, zh);
    }
}

#[track_caller]
fn check(error: &ToolError, code: &str, en: &[&str], zh: &[&str]) {
    assert_eq!(error.code, code, "{error:?}");
    for (said, wanted) in words(error).iter().zip([en, zh]) {
        for part in wanted {
            assert!(said.contains(part), "{code}: {said:?} lacks {part:?}");
        }
    }
}

#[test]
fn too_few_weeks_and_gaps_are_named_with_the_mend() {
    refused_by_all(
        &shop(20, None),
        "media_few_weeks",
        &[
            "only 20 complete weeks",
            "52 are needed",
            "Spend by channel can be shown",
            "import a longer history",
        ],
        &["20个共同的完整周", "52周", "花费现在就可以看", "导入更长时间"],
    );
    refused_by_all(
        &shop(70, Some(40)),
        "media_gap",
        &[
            "week of 2024-10-07 has no orders",
            "only 29",
            "Spend by channel can be shown",
            "import the missing weeks",
        ],
        &["2024-10-07那一周没有订单", "29个完整周", "花费现在就可以看", "补齐缺失的周"],
    );
}

#[test]
fn a_week_that_ends_today_is_not_over_by_a_running_clock() {
    let warehouse = shop(20, None).warehouse();
    let sunday = day("2024-01-01").plus(7 * 20 - 1);
    for (today, weeks) in [(sunday, "19"), (sunday.plus(1), "20")] {
        for (tool, args) in questions() {
            let error = call_on(today, &warehouse, tool, &args).unwrap_err();
            check(&error, "media_few_weeks", &[&format!("only {weeks} complete weeks")], &[weeks]);
        }
    }
}

#[test]
fn spend_that_is_none_or_never_changes_shows_nothing() {
    let mut none = shop(60, None);
    none.records.spend.clear();
    let code = "media_no_spend";
    refused_by_all(
        &none,
        code,
        &["No ad costs", "Import a file of ad costs"],
        &["还没有导入广告费用", "请导入"],
    );
    let mut steady = shop(60, None);
    steady.records.spend.retain(|row| row.channel == "poster" || row.channel == "radio");
    refused_by_all(
        &steady,
        "media_no_channel",
        &["hardly ever changes: poster", "No spend at all: radio", "Spend can be shown", "lift test"],
        &["花费几乎不变：poster", "没有花费：广播广告", "花费可以查看", "增量测试"],
    );
}

#[test]
fn spend_in_a_currency_without_a_rate_is_named_with_the_mend() {
    let mut foreign = shop(60, None);
    let usd = mercato::domain::Currency::parse("USD").unwrap();
    foreign.records.spend.iter_mut().for_each(|row| row.currency = usd);
    refused_by_all(
        &foreign,
        "media_spend_foreign",
        &["No ad costs in EUR", "Rows in USD", "no rate", "converted to EUR"],
        &["没有以EUR计的广告费用", "USD的记录没有汇率", "换算成EUR"],
    );
}

#[test]
fn weeks_without_rows_of_spend_are_named_with_what_was_assumed() {
    let gap = |channel: Option<&str>| {
        let mut shop = shop(60, None);
        let (from, to) = (day("2024-01-01").plus(7 * 30), day("2024-01-01").plus(7 * 36));
        shop.records.spend.retain(|row| {
            row.day < from || row.day >= to || channel.is_some_and(|channel| row.channel != channel)
        });
        Fitted { models: Models::default(), warehouse: shop.warehouse() }
    };
    let whole = Fitted { models: Models::default(), warehouse: shop(60, None).warehouse() };
    let (whole, said) = whole.said("channel_performance", &json!({}));
    assert!(!said[0].contains("so they count as weeks without spend"), "{}", said[0]);
    assert!(whole.notes.iter().all(|note| note.key != "media_spend_gap"));
    let (all, said) = gap(None).said("channel_performance", &json!({}));
    assert!(all.evidence.grade <= mercato::domain::Grade::ReviewFirst);
    holds(
        &said,
        "no ad costs of any channel from 2024-07-29 to 2024-09-08",
        "从2024-07-29到2024-09-08没有任何渠道的广告费用记录",
    );
    holds(&said, "import them with 0", "请导入为0");
    let (_, said) = gap(Some("search")).said("channel_performance", &json!({}));
    holds(&said, "no ad costs of search from", "没有搜索广告的广告费用记录");
}

/// The shop of 60 weeks with its fit: `search + social` is judged, `poster` is flat, `radio` has no spend.
struct Fitted {
    models: Models,
    warehouse: Warehouse,
}

impl Fitted {
    fn ask(&self, tool: &str, args: &Value) -> Result<Outcome<Value>, ToolError> {
        call_with(&self.models, &self.warehouse, tool, args)
    }

    /// What is said, English and Chinese, notes included.
    #[track_caller]
    fn said(&self, tool: &str, args: &Value) -> (Outcome<Value>, [String; 2]) {
        let outcome = self.ask(tool, args).unwrap();
        let templates = templates();
        reads_well(&templates, tool, args, &outcome);
        let said = mercato::domain::Lang::ALL.map(|lang| {
            let scope = mercato::render::Scope::outcome(lang, &outcome, args);
            let notes = outcome.notes.iter().map(|note| {
                templates.message(&format!("note.{}", note.key), &scope.clone().with(&note.params)).unwrap()
            });
            std::iter::once(templates.answer(tool, &scope).unwrap())
                .chain(notes)
                .collect::<Vec<_>>()
                .join("\n")
        });
        (outcome, said)
    }
}

#[track_caller]
fn holds(said: &[String; 2], en: &str, zh: &str) {
    assert!(said[0].contains(en), "{:?} lacks {en:?}", said[0]);
    assert!(said[1].contains(zh), "{:?} lacks {zh:?}", said[1]);
}

#[test]
fn what_one_shop_cannot_tell_is_said_beside_what_it_can() {
    let shop = Fitted { models: Models::default(), warehouse: shop(60, None).warehouse() };
    // a channel that never changed, and two that move as one
    let (plan, said) = shop.said("optimize_budget", &json!({"total": 5000}));
    assert_eq!(plan.output["plan"]["channels"][0]["name"], "search + social");
    holds(&said, "effect of poster and radio cannot be judged", "判断不了poster、广播广告的效果");
    holds(&said, "search and social move as one", "搜索广告、社交媒体广告的花费同进同退");
    holds(&said, "search + social: €4,600", "搜索广告 + 社交媒体广告：€4,600");
    holds(&said, "€400.00 stays on poster and radio", "€400.00仍留在poster、广播广告");
    holds(&said, "Split like this, the other €4,600 should bring", "其余€4,600这样分配");
    holds(&said, "no other channel can be judged", "没有其他能评估效果的渠道");
    holds(&said, "made for revenue, not profit. Import product costs", "导入商品成本后可按利润规划");
    let split =
        json!({"allocation": [{"channel": "search", "spend": 2000}, {"channel": "social", "spend": 900}]});
    let (split, said) = shop.said("simulate_budget", &split);
    assert!((split.output["plan"]["channels"][0]["spend"].as_f64().unwrap() - 2900.0).abs() < 1e-9);
    holds(&said, "search and social move as one", "搜索广告、社交媒体广告的花费同进同退");
    holds(&said, "no profit in these figures, only revenue", "只有销售额，没有利润");
    let flat = shop.ask("simulate_budget", &json!({"allocation": [{"channel": "poster", "spend": 10}]}));
    let mend = "vary its spend for some weeks";
    check(
        &flat.unwrap_err(),
        "budget_not_judged",
        &["poster cannot be judged", mend],
        &["判断不了poster", "改变它的投放"],
    );
    let flat = shop.ask("channel_performance", &json!({"channel": "poster"}));
    check(&flat.unwrap_err(), "media_not_judged", &["Its spend can be shown"], &["花费可以查看"]);
    let none = shop.ask("channel_performance", &json!({"channel": "radio"}));
    check(&none.unwrap_err(), "media_not_judged", &["nothing was ever spent on it"], &["从未花费"]);

    // budgets and bounds that cannot be
    let bounds = |min: Option<i64>, max: Option<i64>| json!({"total": 5000, "bounds": [{"channel": "search", "min": min, "max": max}]});
    for (args, code, en, zh) in [
        (json!({"total": 300}), "budget_below_kept", "take €400 of that already", "就要€400"),
        (json!({"total": 402}), "budget_below_kept", "take €400 of that already", "就要€400"),
        (
            bounds(Some(9), Some(8)),
            "budget_bounds_cross",
            "Lower the one or raise the other",
            "降低下限或提高上限",
        ),
        (
            bounds(Some(9000), None),
            "budget_below_bounds",
            "Raise the budget to that, or lower a bound",
            "提高到这个数",
        ),
        (bounds(None, Some(2000)), "budget_above_bounds", "at most €2,000 together", "上限之和€2,000"),
        (
            json!({"objective": "profit"}),
            "budget_margin_unknown",
            "I can plan for revenue instead",
            "可以改按销售额规划",
        ),
    ] {
        check(&shop.ask("optimize_budget", &args).unwrap_err(), code, &[en], &[zh]);
    }
    // a bound of one of two that move as one is for both; bounds of both add up
    let bound = |channel: &str, max: i64| json!({"channel": channel, "max": max});
    let (_, said) = shop.said("optimize_budget", &json!({"total": 3000, "bounds": [bound("search", 4000)]}));
    holds(&said, "so your bound is for all of them together", "你的限制按合计计算");
    let both = json!({"total": 3000, "bounds": [bound("search", 2000), bound("social", 1000)]});
    let (_, said) = shop.said("optimize_budget", &both);
    holds(&said, "so your bounds are added up", "你的限制已相加");
    let less = json!({"total": 4000, "bounds": [bound("search", 2000), bound("social", 1000)]});
    check(&shop.ask("optimize_budget", &less).unwrap_err(), "budget_above_bounds", &["€3,000"], &["€3,000"]);
    let twice = json!({"total": 3000, "bounds": [bound("search", 2000), bound("search", 1000)]});
    let twice = shop.ask("optimize_budget", &twice).unwrap_err();
    check(&twice, "budget_bound_twice", &["search has bounds twice"], &["搜索广告给了两次"]);
    // a target that no split reaches: without a total the nearest there is, with one the best that any reaches
    let (nearest, said) = shop.said("optimize_budget", &json!({"target_roi": 900}));
    let roi = &nearest.output["plan"]["roi"];
    assert_eq!(
        (roi["reached"].as_bool(), nearest.output["total_found"].as_bool()),
        (Some(false), Some(true))
    );
    assert_eq!(roi["best_total"], nearest.output["plan"]["total"]);
    holds(&said, "No split within the bounds comes nearer", "没有更接近目标的分法");
    let (_, said) = shop.said("optimize_budget", &json!({"total": 5000, "target_roi": 900}));
    holds(&said, "The best that any total within the bounds reaches is", "任何总额最高只能到");
    // far beyond what was seen
    let (far, said) = shop.said("optimize_budget", &json!({"total": 90000}));
    assert_eq!(far.output["beyond"], json!(["search + social"]));
    holds(&said, "The most that stays within what was seen is", "不超出历史范围的最大总额是");
    let much = json!({"allocation": [{"channel": "search", "spend": 90000}]});
    let (much, said) = shop.said("simulate_budget", &much);
    assert_eq!(much.output["beyond"], json!(["search + social"]));
    holds(&said, "more in a week than was ever spent", "周花费超过历史最大值");
}

#[test]
fn nothing_spent_of_late_asks_for_a_total() {
    let mut quiet = shop(60, None);
    let end = day("2024-01-01").plus(7 * 46);
    quiet.records.spend.retain(|row| row.day < end || row.channel == "radio");
    let shop = Fitted { models: Models::default(), warehouse: quiet.warehouse() };
    let error = shop.ask("optimize_budget", &json!({})).unwrap_err();
    check(
        &error,
        "budget_nothing_today",
        &["in the last 13 weeks", "Name a total"],
        &["最近13周没有任何花费", "请给出"],
    );
    let (plan, _) = shop.said("optimize_budget", &json!({"total": 3000}));
    assert!((plan.output["plan"]["total"].as_f64().unwrap() - 3000.0).abs() < 1e-6);
}
