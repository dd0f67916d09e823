//! After each file the card says what can be asked now, and which file would add the rest: as the shop is, whatever
//! the file was.

use mercato::domain::Day;
use mercato::store::Store;
use mercato::tool::ability::abilities;
use mercato::warehouse::Warehouse;

use crate::support::files::{Files, euros};

/// Abilities that are possible, and what the others lack.
fn card(store: &Store) -> (Vec<&'static str>, Vec<(&'static str, &'static str)>) {
    let all = abilities(&Warehouse::load(store).unwrap());
    let ready = all.iter().filter(|ability| ability.possible).map(|ability| ability.name).collect();
    (ready, all.iter().filter_map(|ability| Some((ability.name, ability.lacks?))).collect())
}

fn lacks(store: &Store, name: &str) -> Option<&'static str> {
    card(store).1.into_iter().find(|(ability, _)| *ability == name).map(|(_, lacks)| lacks)
}

/// Sixty customers who come back, with two products and cities.
fn orders(with: &str) -> String {
    let mut text = String::from(match with {
        "amounts" => "order_id,date,amount\n",
        "lines" => "order_id,date,amount,product_id,city\n",
        _ => "order_id,date,amount,product_id,city,customer_id\n",
    });
    for n in 0..180 {
        let (day, customer, product) = (1 + n % 28, n % 60, n % 2);
        text += &format!("{n},2026-05-{day:02},20.00");
        if with != "amounts" {
            text += &format!(",P{product},{}", ["Lyon", "Wien"][n % 2]);
        }
        if with == "customers" {
            text += &format!(",c{customer}");
        }
        text.push('\n');
    }
    text
}

#[test]
fn each_file_moves_a_line_of_the_card() {
    let (files, store) = (Files::new(), Store::memory());
    let import = |name: &str, text: &str| files.import(&store, name, text, &euros()).unwrap();
    import("feedback.csv", "date,text\n2026-05-01,fine\n");
    assert_eq!(card(&store).0, ["reviews"]);
    assert_eq!(lacks(&store, "sales_figures"), Some("orders"));

    import("orders.csv", &orders("amounts"));
    assert_eq!(card(&store).0, ["sales_figures", "reviews"]);
    assert_eq!(lacks(&store, "segments"), Some("customer_keys"));
    assert_eq!(lacks(&store, "gross_profit"), Some("lines"));

    import("orders.csv", &orders("lines"));
    assert_eq!(card(&store).0, ["sales_figures", "by_product", "by_city", "reviews"]);
    assert_eq!(lacks(&store, "recommendations"), Some("customer_keys"));
    assert_eq!(lacks(&store, "gross_profit"), Some("costs"));
    assert_eq!(lacks(&store, "by_category"), Some("categories"));

    import("orders.csv", &orders("customers"));
    assert_eq!((lacks(&store, "segments"), lacks(&store, "customer_value")), (None, None));
    assert_eq!((lacks(&store, "recommendations"), lacks(&store, "audiences")), (None, Some("consent")));

    import("products.csv", "product_id,name,category,price,cost\nP0,Tea,Tea,20,8\nP1,Mug,Home,20,9\n");
    assert_eq!((lacks(&store, "gross_profit"), lacks(&store, "by_category")), (None, None));
    assert_eq!(lacks(&store, "ad_spend"), Some("spend"));

    assert_eq!(lacks(&store, "budget_plans"), Some("spend"));

    import("spend.csv", "date,channel,spend\n2026-05-01,search,100\n");
    assert_eq!(
        card(&store).1,
        [("channel_effects", "weeks"), ("budget_plans", "weeks"), ("audiences", "consent")]
    );
    let consents: String = (0..60).map(|n| format!("c{n},yes\n")).collect();
    import("customers.csv", &format!("customer_id,consent_email\n{consents}"));
    assert_eq!(card(&store).1, [("channel_effects", "weeks"), ("budget_plans", "weeks")]);
    assert_eq!(weekly(20), [Some("weeks"), Some("weeks")]);
    assert_eq!(weekly(60), [None, None]);
}

/// What channel effects and budget plans lack in a shop with so many weeks of orders and ad spend.
fn weekly(weeks: i32) -> [Option<&'static str>; 2] {
    let (files, store) = (Files::new(), Store::memory());
    let (mut orders, mut spend) = ("order_id,date,amount\n".to_owned(), "date,channel,spend\n".to_owned());
    for week in 0..weeks {
        let day = Day::from_ymd(2025, 1, 6).unwrap().plus(7 * week);
        orders += &format!("{week},{day},20\n{week}b,{},20\n", day.plus(6));
        spend += &format!("{day},search,{}\n{},search,1\n", 10 + week % 5, day.plus(6));
    }
    for (name, text) in [("orders.csv", orders), ("spend.csv", spend)] {
        files.import(&store, name, text, &euros()).unwrap();
    }
    ["channel_effects", "budget_plans"].map(|name| lacks(&store, name))
}

#[test]
fn few_customers_and_none_who_come_back_are_told_apart() {
    let few = "order_id,date,amount,customer_id\n1,2026-05-01,20,a\n2,2026-05-02,20,a\n";
    let store = Store::memory();
    Files::new().import(&store, "o.csv", few, &euros()).unwrap();
    assert_eq!(lacks(&store, "segments"), Some("more_customers"));
    let once: String = (0..60).map(|n| format!("{n},2026-05-01,20,c{n}\n")).collect();
    let store = Store::memory();
    Files::new()
        .import(&store, "o.csv", format!("order_id,date,amount,customer_id\n{once}"), &euros())
        .unwrap();
    assert_eq!((lacks(&store, "segments"), lacks(&store, "customer_value")), (None, Some("repeat_orders")));
}

#[test]
fn the_card_is_said_in_both_languages() {
    let files = Files::new();
    let path = files.write("orders.csv", orders("customers"));
    let import = |more: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mercato"));
        command.env_remove("MERCATO_DATA").arg("--data").arg(files.path("shop"));
        command.args(["import", path.to_str().unwrap(), "--currency", "EUR", "--timezone", "Europe/Berlin"]);
        let output = command.args(more).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let said = import(&[]);
    for line in [
        "  You can ask for sales, orders and customers over time, the best and worst products, figures by city, customer segments, the future value of customers and products to recommend.\n",
        "  Not yet: gross profit; a file of products with price and cost would add it.\n",
        "  Not yet: figures by category; a file of products with a category would add it.\n",
    ] {
        assert!(said.contains(line), "{said}");
    }
    let said = import(&["--lang", "zh"]);
    assert!(said.contains("各广告渠道的效果、广告预算分配方案；"), "{said}");
    assert!(said.contains("  还问不了：毛利；再导入带售价和成本的商品文件就可以。\n"), "{said}");
    let json: serde_json::Value = serde_json::from_str(&import(&["--json"])).unwrap();
    assert_eq!(json["card"][0]["name"], "sales_figures");
    assert!(!import(&["--dry-run"]).contains("You can ask"));
}
