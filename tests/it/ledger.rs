//! Promise: no number reaches a reader unless a tool computed it.
//!
//! One set of figures, and sentences about them in both languages: the honest ones pass whole, each dishonest one is
//! stopped at the number named beside it. The third group are ordinary words that only look like numbers.

use mercato::agent::ledger::Ledger;
use mercato::domain::{Cell, Column, Currency, Day, Evidence, Fact, Span, Table, Unit};
use mercato::prompts::Prompts;
use mercato::tool::Outcome;
use serde_json::json;

fn ledger() -> Ledger {
    let span = |from: &str, to: &str| Span { from: Day::parse(from).unwrap(), to: Day::parse(to).unwrap() };
    let mut ledger = Ledger::default();
    let june = span("2026-06-01", "2026-06-30");
    for fact in [
        Fact::new("revenue", 84_212.4, Unit::Money(Currency::EUR)).over(june).within(71_300.0, 96_100.0),
        Fact::new("orders", 902.0, Unit::Count),
        Fact::new("customers", 642.0, Unit::Count),
        Fact::new("count", 42.0, Unit::Count),
        Fact::new("repeat_rate", 0.324, Unit::Share),
        Fact::new("half_share", 0.49, Unit::Share),
        Fact::new("p_alive", 0.997, Unit::Share),
        Fact::new("change", -0.124, Unit::Change),
        Fact::new("growth", 1.02, Unit::Change),
        Fact::new("rate_change", -0.018, Unit::Points),
        Fact::new("orders_per_customer", 2.31, Unit::Ratio),
        Fact::new("window", 90.0, Unit::Days),
        Fact::new("aov", 93.36, Unit::Money(Currency::EUR)),
        Fact::new("big", 123_456_789.0, Unit::Money(Currency::EUR)),
        Fact::new("dozen", 12.0, Unit::Count),
    ] {
        ledger.fact(&fact);
    }
    ledger.span(june);
    ledger.question("top 5 customers with a budget of 80,000, order #W1234567 和6月的8万预算");
    ledger.args(
        &json!({"top": 7, "horizon_months": 18, "discount_rate": 0.1, "product": "Espresso Beans 1kg"}),
    );
    ledger
}

#[track_caller]
fn honest(sentences: &[&str]) {
    let ledger = ledger();
    for sentence in sentences {
        assert_eq!(ledger.check(sentence).map_err(|v| v.token), Ok(()), "{sentence}");
    }
}

#[track_caller]
fn caught(sentences: &[(&str, &str)]) {
    let ledger = ledger();
    for (sentence, token) in sentences {
        let violation = ledger.check(sentence).expect_err(sentence);
        assert_eq!(violation.token, *token, "{sentence}");
    }
}

#[test]
fn figures_of_the_answer_pass_in_english() {
    honest(&[
        "Revenue was €84,212 in June 2026.",
        "Revenue was €84.2k (90 %: €71.3k to €96.1k).",
        "Revenue was 84,212.40 EUR, or about 84k euros.",
        "Revenue between 71k and €96k is likely, or 71k to €96k.",
        "There were 902 orders from 642 customers, 2.31 orders per customer.",
        "32.4 % of them, nearly a third, came back.",
        "It fell by 12.4 % and the rate by 1.8 percentage points (−1.8 pp).",
        "Revenue doubled: it grew by 102 %.",
        "The chance is > 99 %.",
        "Nobody ordered within 90 days.",
        "A 90-day window is used.",
        "Sales came to €123.5m, or €123 million.",
        "Twelve of them, a dozen, are new.",
        "From 1 to 30 June 2026, that is 30 days.",
        "On June 30, 2026 and on 2026-06-30.",
        "Of the top 5 you asked for, with your €80,000.",
        "Over the next 18 months, discounted at 10 % a year.",
        "Espresso Beans 1kg is the best product; #W1234567 is an order.",
        "1. Emma\n2. Liam",
        "The 7 best are below.",
        "Three in ten came back.",
        "Hundreds of customers, several hundred orders, a few dozen.",
        "⅓ of them came back, about 1/3, every third customer, one-third.",
        "Tens of thousands of euros, two and a third, no: sales doubled, a twofold rise.",
    ]);
}

#[test]
fn figures_of_the_answer_pass_in_chinese() {
    honest(&[
        "2026年6月净额€8.4万(90%区间 €7.1万至€9.6万)。",
        "销售额为84,212欧元，共902单，来自642位客户。",
        "复购率32.4%，约三成；将近一半。",
        "下降12.4%，复购率下降1.8个百分点。",
        "销售额翻倍，增长了102%。",
        "90天内没有下单就算流失。",
        "总额€1.2亿，也就是1.2亿欧元。",
        "其中十二位是新客。",
        "6月1日至30日，共30天。",
        "二〇二六年六月，第二季度。",
        "您的8万预算，看前5位客户，未来18个月。",
        "人均2.31单，客单价€93.36。",
        "900多单，九百余单，数百位客户，上百单，近千单；花了几万欧元。",
        "三四成客户回购，销售额翻番，⅓的客户，四十多位，八万多欧元。",
    ]);
}

#[test]
fn other_figures_are_caught_in_english() {
    caught(&[
        ("Revenue was €85,000.", "€85,000"),
        ("Revenue was $84,212.", "$84,212"),
        ("Revenue was 84,212.", "84,212"),
        ("42 % came back.", "42 %"),
        ("There were 642 orders.", "642"),
        ("There were 902 customers.", "902"),
        ("It rose by 12.4 %.", "12.4 %"),
        ("The rate changed by −1.8 %.", "1.8 %"),
        ("Two thirds came back.", "Two thirds"),
        ("Sales tripled.", "tripled"),
        ("Thousands of customers left.", "Thousands"),
        ("Twenty-five customers left.", "Twenty-five"),
        ("In May 2025 it was less.", "May 2025"),
        ("Order #W7654321 is late.", "W7654321"),
        ("The chance is > 99.9 %.", "99.9 %"),
        ("Nobody ordered within 60 days.", "60 days"),
        ("One in five came back.", "One in five"),
        ("There was one order.", "one"),
        ("(80 %: €71k to €96k)", "80 %"),
        ("Over the next 24 months.", "24 months"),
        ("It was €84.3k.", "€84.3k"),
        ("¾ of them came back.", "¾"),
        ("It took 2½ times as long.", "2½ times"),
        ("2/3 of them came back.", "2/3"),
        ("Two-thirds came back.", "Two-thirds"),
        ("A seventh of them came back.", "seventh"),
        ("Three eighths came back.", "Three eighths"),
        ("A couple of thousand came back.", "thousand"),
        ("A few thousand customers left.", "thousand"),
        ("Several hundred orders, a few million euros.", "million euros"),
        ("Tens of thousands of customers left.", "Tens of thousands"),
        ("Thousands of euros were spent on 3 dozen.", "Thousands of euros"),
        ("Some 5 dozen came back.", "5 dozen"),
        ("Half a dozen came back.", "Half a dozen"),
        ("Half a million euros.", "Half a million euros"),
        ("Costs would halve to ⅞.", "⅞"),
        ("Growth was in the double-digit range.", "double"),
        ("Every third customer left, every fifth buyer too.", "every fifth buyer"),
        ("It trebled.", "trebled"),
        ("A fivefold rise.", "fivefold"),
        ("5 ‰ came back.", "5 ‰"),
        ("٣ of them.", "٣"),
    ]);
}

#[test]
fn other_figures_are_caught_in_chinese() {
    caught(&[
        ("净额€8.5万。", "€8.5万"),
        ("销售额为84,212元。", "84,212元"),
        ("42%的客户回购。", "42%"),
        ("共642单。", "642"),
        ("共902位客户。", "902"),
        ("增长12.4%。", "12.4%"),
        ("复购率变化1.8%。", "1.8%"),
        ("三分之二的客户。", "三分之二"),
        ("约七成客户。", "七成"),
        ("增长了三倍。", "三倍"),
        ("流失了上千客户。", "上千"),
        ("二十五位客户流失。", "二十五"),
        ("2025年5月更低。", "2025年5月"),
        ("60天内没有下单。", "60天"),
        ("百分之四十二。", "百分之四十二"),
        ("只有一位客户。", "一"),
        ("未来两年。", "两年"),
        ("第三季度更好。", "第三季度"),
        ("订单W7654321迟到。", "W7654321"),
        ("花了五千欧元。", "五千欧元"),
        ("近百位客户流失。", "近百"),
        ("八九成客户回购。", "八九成"),
        ("数千位客户流失。", "数千"),
        ("上百位客户流失，上百万欧元。", "上百万欧元"),
        ("花了几十万欧元。", "几十万欧元"),
        ("逾千位客户流失。", "逾千"),
        ("百位客户流失。", "百"),
        ("十几位客户和二十多单。", "二十多"),
        ("三百多位客户流失。", "三百多"),
        ("700余位客户流失。", "700余"),
        ("五六十单。", "五六十"),
        ("五六位客户流失。", "五六"),
        ("销售额翻了两番。", "翻了两番"),
        ("销售额成倍增长。", "成倍"),
        ("增长了好几倍。", "几倍"),
        ("过半客户回购。", "过半"),
        ("¼的客户回购。", "¼"),
        ("千分之三的客户。", "千分之三"),
        ("百分百的客户回购。", "百分百"),
        ("十之八九会回来。", "十之八九"),
        ("双位数增长。", "双位数"),
        ("半个月内没有下单。", "半个月"),
    ]);
}

#[test]
fn words_that_only_look_like_numbers_are_free() {
    honest(&[
        "One of the reasons is that no one came back, which is one-sided.",
        "The second half of the week, and secondly the first place; third-party data.",
        "Let me double-check at once; a few, several, both, a couple.",
        "You may march on; at the last minute they decided; one day.",
        "The top customer is worth most; see the 1st and 3rd rows.",
        "Once a quarter is enough; half-life is a word; the second-best.",
        "Each customer, every customer, every other day; the sixth city.",
        "An order, any order, in order to know; one customer's future varies widely.",
        "一些客户一下子多了，一般来说一直如此，其中之一，进一步看，统一口径。",
        "十分重要，千万别忘，万一不行，周三和星期五，双十一大促，第三方数据，第一名。",
        "这是一位老客户，买了一次，三方协议，二手，四季，百货。",
        "成功、完成、三心二意。",
        "订单数百分比，线上百货，不过千万别急，大多数来自老客户，千人千面，每千次展示费用，单位：万元。",
        "大半天过去了，翻了翻页，多半如此，半天就好，几乎没有，上个月，数据不足，超出范围。",
    ]);
}

#[test]
fn a_changed_fact_blocks_the_sentence() {
    let mut ledger = Ledger::default();
    ledger.fact(&Fact::new("orders", 902.0, Unit::Count));
    assert!(ledger.check("There were 902 orders.").is_ok());
    let mut other = Ledger::default();
    other.fact(&Fact::new("orders", 903.0, Unit::Count));
    assert!(other.check("There were 902 orders.").is_err());
}

#[test]
fn an_interval_licenses_both_ends_and_nothing_between() {
    let ledger = ledger();
    assert!(ledger.check("At least €71.3k.").is_ok());
    assert!(ledger.check("At most €96.1k.").is_ok());
    assert!(ledger.check("Perhaps €80.5k.").is_err());
    honest(&[
        "It lay somewhere from €71.3k to €96.1k.",
        "It could be as little as €71.3k.",
        "最少€7.1万，最多€9.6万。",
        "€84.2k (€71.3k–€96.1k)",
    ]);
    caught(&[
        ("Revenue was €71.3k.", "€71.3k"),
        ("Revenue was €71.3k, lower than before for most customers.", "€71.3k"),
        ("Revenue came to €96.1k in June 2026.", "€96.1k"),
        ("销售额为€9.6万。", "€9.6万"),
    ]);
}

#[test]
fn a_figure_does_not_stand_with_the_days_of_another() {
    let month = |from: &str, to: &str| Span { from: Day::parse(from).unwrap(), to: Day::parse(to).unwrap() };
    let (may, before) = (month("2026-05-01", "2026-05-31"), month("2025-05-01", "2025-05-31"));
    let mut ledger = Ledger::default();
    let money = Unit::Money(Currency::EUR);
    for fact in [
        Fact::new("revenue", 190_600.0, money).over(may),
        Fact::new("orders", 1_943.0, Unit::Count).over(may),
        Fact::new("previous", 198_200.0, money).over(before),
        Fact::new("change", -0.038, Unit::Change).over(before),
    ] {
        ledger.fact(&fact);
    }
    for honest in [
        "In May 2026, revenue was €190.6k from 1,943 orders.",
        "That is down 3.8 % from €198.2k (May 2025).",
        "In May 2026 it was €190.6k, against €198.2k in May 2025.",
        "2026年5月，销售额为€19.1万，共1,943单，比对比期（2025年5月，€19.8万）下降3.8%。",
        "2026年5月比2025年5月下降3.8%。",
        "May 2026 brought in €190.6k, versus €198.2k a year earlier.",
    ] {
        assert_eq!(ledger.check(honest).map_err(|v| v.token), Ok(()), "{honest}");
    }
    // As a small model wrote.
    for (turned, token) in [
        ("2025年5月，销售额为€19.8万，共1,943单。", "1,943"),
        ("比对比期（2026年5月，€19.1万）下降3.8%。", "2026年5月"),
        ("In May 2025, revenue was €190.6k.", "€190.6k"),
        ("Revenue fell by 3.8 % compared with May 2026.", "May 2026"),
    ] {
        assert_eq!(ledger.check(turned).map_err(|v| v.token), Err(token.to_owned()), "{turned}");
    }
}

#[test]
fn a_claim_without_a_figure_goes_the_way_of_a_change() {
    let change = |value: f64| {
        let mut ledger = by_row(false);
        ledger.fact(&Fact::new("change", value, Unit::Change));
        ledger
    };
    let (up, down) = (change(0.2), change(-0.2));
    let rises =
        ["Sales rose against the year before.", "Revenue is up.", "销售额同比上升。", "销售额增长了。"];
    let falls = ["Sales fell, sadly.", "Revenue has fallen.", "销售额同比下滑。"];
    for (sentence, right, wrong) in
        rises.iter().map(|s| (s, &up, &down)).chain(falls.iter().map(|s| (s, &down, &up)))
    {
        assert!(right.check(sentence).is_ok(), "{sentence}");
        assert!(wrong.check(sentence).is_err(), "{sentence}");
    }
    assert!(down.check("Paris grew against the year before, Berlin too.").is_ok());
    assert!(down.check("London grew against the year before.").is_err());
    for honest in [
        "More spend would help: sales might have risen.",
        "What rose and what fell is in the table.",
        "增加投放会让销售额上升。",
    ] {
        assert!(down.check(honest).is_ok(), "{honest}");
    }
    caught(&[
        ("That was the highest month ever.", "ever"),
        ("An all-time high.", "all"),
        ("A record month.", "record"),
        ("An order of magnitude more.", "order"),
        ("A handful of customers left.", "handful"),
        ("About XX percent came back.", "XX"),
        ("销售额创历史新高。", "历史新"),
        ("可以打八折。", "八折"),
        ("高出一个数量级。", "数量级"),
    ]);
    honest(&[
        "The records of all customers are there; did you ever see more?",
        "打折有用，折扣不多，历史数据齐全。",
    ]);
}

#[test]
fn a_figure_is_called_by_the_name_of_its_kind() {
    honest(&[
        "Revenue was €84,212; orders were 902.",
        "The average order was €93.36 and orders were down 12.4 %.",
        "订单数为902单，复购率为32.4%，销售额为€8.4万。",
        "Sales doubled.",
    ]);
    caught(&[
        ("Orders were €84,212.", "€84,212"),
        ("Revenue was 902.", "902"),
        ("The repeat rate was 2.31.", "2.31"),
        ("订单数为€8.4万。", "€8.4万"),
        ("销售额为902。", "902"),
        ("客单价是902。", "902"),
    ]);
    assert!(ledger().check("A loss of €84,212.").is_err());
    let mut ledger = Ledger::default();
    ledger.fact(&Fact::new("deficit", 84_212.0, Unit::Money(Currency::EUR)));
    assert!(ledger.check("A loss of €84,212.").is_ok());
    ledger.fact(&Fact::new("r1.roi", 2.74, Unit::Ratio));
    ledger.fact(&Fact::new("r1.roi_lo", 1.98, Unit::Ratio));
    ledger.fact(&Fact::new("r1.roi_hi", 3.73, Unit::Ratio));
    assert!(ledger.check("Its ROI is 2.74 (1.98 to 3.73), at least 1.98.").is_ok());
    assert_eq!(ledger.check("Its ROI is 3.73.").unwrap_err().token, "3.73");
    ledger.fact(&Fact::new("roi", 2.02, Unit::Ratio));
    assert!(ledger.check("It returns twice its cost, 2.02.").is_ok());
    assert!(ledger.check("Profit doubles.").is_err() && ledger.check("利润翻倍。").is_err());
}

/// Revenue and orders by city: Berlin, London, Paris; by month where `months`.
fn by_row(months: bool) -> Ledger {
    let money = Unit::Money(Currency::EUR);
    let column = |key: &str, unit| Column { key: key.into(), unit };
    let figures = [(47_200.0, 482.0, 0.05), (37_800.0, 401.0, -0.03), (31_500.0, 333.0, 0.12)];
    let names = ["Berlin", "London", "Paris"].map(|name| Cell::Text(name.into()));
    let starts = ["2026-04-01", "2026-05-01", "2026-06-01"].map(|day| Cell::Day(Day::parse(day).unwrap()));
    let first = if months { starts } else { names };
    let rows = first.into_iter().zip(figures).map(|(first, (revenue, orders, change))| {
        vec![first, Cell::Number(revenue), Cell::Number(orders), Cell::Number(change)]
    });
    let mut outcome = Outcome::new(json!({}), Evidence::descriptive(1, None, 1));
    outcome.facts = vec![Fact::new("revenue", 116_500.0, money), Fact::new("orders", 1_216.0, Unit::Count)];
    outcome.table = Some(Table {
        columns: vec![
            column(if months { "month" } else { "city" }, None),
            column("revenue", Some(money)),
            column("orders", Some(Unit::Count)),
            column("change", Some(Unit::Change)),
        ],
        rows: rows.collect(),
    });
    let mut ledger = Ledger::default();
    ledger.outcome(&outcome, &Prompts::load().unwrap());
    ledger
}

#[test]
fn a_figure_does_not_stand_with_the_name_of_another_row() {
    let cities = by_row(false);
    for honest in [
        "Berlin leads with €47.2k from 482 orders, ahead of London with €37.8k.",
        "1. Berlin: €47.2k (+5 %)",
        "€47.2k came from Berlin and €31.5k from Paris.",
        "Berlin and London sold €47.2k and €37.8k.",
        "Berlin, London and Paris sold €47.2k, €37.8k and €31.5k from 482, 401 and 333 orders.",
        "Of the €116.5k, Berlin made €47.2k; Paris (€31.5k) grew by 12 %.",
        "Paris's €31.5k is less than London's €37.8k.",
        "The first made €47.2k, the last €31.5k.",
        "Berlin (€47.2k), London (€37.8k) and Paris (€31.5k) were the top three.",
        "柏林€4.7万，伦敦€3.8万，巴黎增长12%。",
        "柏林和伦敦分别为€4.7万和€3.8万，合计€11.7万里它们最多。",
        "Berlin €4.7万高于London的€3.8万。",
    ] {
        assert_eq!(cities.check(honest).map_err(|v| v.token), Ok(()), "{honest}");
    }
    for (turned, token) in [
        ("London: €47.2k", "€47.2k"),
        ("Paris leads with €47.2k.", "€47.2k"),
        ("Berlin leads with €37.8k, ahead of London with €47.2k.", "€37.8k"),
        ("€31.5k came from Berlin and €47.2k from Paris.", "€31.5k"),
        ("Berlin and London sold €37.8k and €47.2k.", "€47.2k"),
        ("Berlin made €47.2k from 401 orders.", "401"),
        ("London grew by 12 %.", "12 %"),
        ("柏林€3.8万，伦敦€4.7万。", "€3.8万"),
        ("巴黎以€4.7万居首。", "€4.7万"),
    ] {
        assert_eq!(cities.check(turned).map_err(|v| v.token), Err(token.to_owned()), "{turned}");
    }
    // as a small model wrote of two segments
    let mut outcome = Outcome::new(json!({}), Evidence::descriptive(1, None, 1));
    outcome.facts = vec![
        Fact::new("segment.hibernating.customers", 219.0, Unit::Count),
        Fact::new("segment.hibernating.recency", 454.4, Unit::Days),
        Fact::new("segment.lost.customers", 370.0, Unit::Count),
        Fact::new("segment.lost.recency", 673.9, Unit::Days),
    ];
    let mut segments = Ledger::default();
    segments.outcome(&outcome, &Prompts::load().unwrap());
    assert!(segments.check("沉睡客户：219位，平均454.4天没有下单；已流失客户：370位，673.9天。").is_ok());
    assert!(segments.check("Hibernating customers: 219; lost customers: 370, 673.9 days.").is_ok());
    assert_eq!(segments.check("1. 沉睡客户：219位，平均673.9天没有下单。").unwrap_err().token, "673.9天");
    assert_eq!(segments.check("There are 219 lost customers.").unwrap_err().token, "219");
    // the days of rows are theirs too
    let last = |name: &str, day: &str| vec![Cell::Text(name.into()), Cell::Day(Day::parse(day).unwrap())];
    outcome.table = Some(Table {
        columns: ["name", "last_order"].map(|key| Column { key: key.into(), unit: None }).into(),
        rows: vec![last("Emma Clark", "2026-06-26"), last("Liam Moreau", "2026-05-17")],
    });
    let mut people = Ledger::default();
    people.outcome(&outcome, &Prompts::load().unwrap());
    assert!(people.check("Emma Clark last ordered on 26 June 2026, Liam Moreau on 17 May 2026.").is_ok());
    assert!(people.check("The last orders were on 17 May and 26 June 2026.").is_ok());
    assert_eq!(people.check("Emma Clark last ordered on 17 May 2026.").unwrap_err().token, "17 May 2026");
    let months = by_row(true);
    for honest in [
        "The highest was €47.2k (April 2026) and the lowest €31.5k (June 2026).",
        "It went from €47.2k in April 2026 to €31.5k in June 2026.",
        "2026年4月€4.7万，2026年6月€3.2万。",
        "2026年4月€4.7万，5月€3.8万，6月€3.2万。",
        "In April 2026 it was €47.2k, in May €37.8k.",
    ] {
        assert_eq!(months.check(honest).map_err(|v| v.token), Ok(()), "{honest}");
    }
    for (turned, token) in [
        ("In May 2026 it was €47.2k.", "€47.2k"),
        ("2026年4月€4.7万，5月€3.2万。", "€3.2万"),
        ("The highest was €31.5k (April 2026) and the lowest €47.2k (June 2026).", "€31.5k"),
        ("2026年4月€3.2万，2026年6月€4.7万。", "€3.2万"),
    ] {
        assert_eq!(months.check(turned).map_err(|v| v.token), Err(token.to_owned()), "{turned}");
    }
}

#[test]
fn a_change_is_said_with_its_direction() {
    honest(&[
        "Revenue slid 12.4 %.",
        "Revenue fell slightly, by 12.4 %, to €84.2k.",
        "Revenue is off, down by 12.4 % where it was up before.",
        "It is 12.4 % less than before.",
        "Growth of 102 % is more than we saw; it climbed 102 %.",
        "−12.4 % against the year before.",
        "销售额同比少了12.4%，新客涨了102%。",
        "比去年低12.4%。",
    ]);
    caught(&[
        ("Revenue jumped 12.4 %.", "12.4 %"),
        ("Revenue climbed by 12.4 %.", "12.4 %"),
        ("Revenue changed by 12.4 %.", "12.4 %"),
        ("The churn rate was 102 %.", "102 %"),
        ("Growth was −102 %.", "102 %"),
        ("销售额涨了12.4%。", "12.4%"),
        ("比去年高出12.4%。", "12.4%"),
        ("变化为12.4%。", "12.4%"),
    ]);
}
