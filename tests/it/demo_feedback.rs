//! What the demo shop's customers write is about what was planted, as often as planted, and reads like reviews.
//!
//! Line 8 of DEFINITIONS §12. Shares are counted over several seeds and held against the truth file within four standard
//! errors, away from Christmas, from the events and from products that are known for something.
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use mercato::demo::{self, DemoShop, Line, Manner, ReviewTruth, Sentiment, Streams, Topic};
use mercato::domain::{Day, Feedback, Lang, Order, OrderStatus};

/// Shops that grade nothing.
fn shops() -> &'static [DemoShop] {
    static SHOPS: LazyLock<Vec<DemoShop>> = LazyLock::new(|| (1..=4).map(demo::generate).collect());
    &SHOPS
}

fn reviews() -> impl Iterator<Item = (&'static DemoShop, &'static Feedback, &'static ReviewTruth)> {
    shops().iter().flat_map(|shop| {
        shop.feedback.iter().zip(&shop.truth.reviews).map(move |(review, truth)| (shop, review, truth))
    })
}

#[test]
fn each_review_is_written_after_an_order_of_what_it_is_about() {
    for shop in shops() {
        assert_eq!((shop.feedback.len(), shop.truth.reviews.len()), (1_800, 1_800));
        let chinese = shop.feedback.iter().filter(|review| review.lang == Some(Lang::Zh)).count();
        assert_eq!(chinese, 810);
        let mut orders: HashMap<_, Vec<&Order>> = HashMap::new();
        for order in shop.orders.iter().filter(|order| order.status != OrderStatus::Cancelled) {
            orders.entry(order.customer.as_ref().unwrap()).or_default().push(order);
        }
        let ids: HashSet<_> = shop.feedback.iter().map(|review| &review.id).collect();
        assert_eq!(ids.len(), 1_800);
        assert!(shop.feedback.is_sorted_by_key(|review| (review.on, review.id.clone())));
        for review in &shop.feedback {
            let arrived = |order: &&&Order| (3..=12).contains(&review.on.since(order.placed_on));
            let theirs = &orders[review.customer.as_ref().unwrap()];
            let about = |order: &&Order| order.lines.iter().any(|line| line.product == review.product);
            assert!(
                theirs.iter().filter(arrived).any(|order| review.product.is_none() || about(order)),
                "{review:?}"
            );
            assert!(review.on <= shop.truth.to, "{}", review.id);
            let at = jiff::Timestamp::from_second(review.at).unwrap().in_tz("Europe/Berlin").unwrap();
            assert_eq!(Day::from(at.date()), review.on, "{}", review.id);
        }
    }
}

/// Whether nothing makes a topic more frequent than usual.
fn usual(shop: &DemoShop, review: &Feedback) -> bool {
    let known: HashSet<_> = shop.truth.feedback.known_for.iter().map(|known| &known.product).collect();
    let date = review.on.date();
    let christmas = date.month() == 12 || (date.month() == 11 && date.day() >= 24);
    let before = review.on < Day::from_ymd(2026, 4, 1).unwrap();
    review.product.as_ref().is_some_and(|product| !known.contains(product)) && !christmas && before
}

#[track_caller]
fn check_share(what: &str, count: usize, of: usize, planted: f64) {
    let share = count as f64 / of as f64;
    let error = (planted * (1.0 - planted) / of as f64).sqrt();
    assert!((share - planted).abs() <= 4.0 * error, "{what}: {share:.3} of {of}, planted {planted:.3}");
}

#[test]
fn topics_and_moods_are_as_frequent_as_planted() {
    let planted = &shops()[0].truth.feedback;
    let mut by_mood: HashMap<Topic, (usize, [usize; 3])> = HashMap::new();
    let mut by_category: HashMap<&str, HashMap<Topic, usize>> = HashMap::new();
    for (shop, review, truth) in reviews().filter(|(shop, review, _)| usual(shop, review)) {
        let Some(topic) = truth.topic else { continue };
        let product = shop.products.iter().find(|product| Some(&product.id) == review.product.as_ref());
        let category = product.unwrap().category.as_deref().unwrap();
        // about taste and faults the product is always named, about the rest in nine of ten: weigh that out
        *by_category.entry(category).or_default().entry(topic).or_default() += 1;
        let of_topic = by_mood.entry(topic).or_default();
        of_topic.0 += usize::from(truth.manner != Manner::Mixed);
        match truth.sentiment {
            Sentiment::Positive => of_topic.1[0] += 1,
            Sentiment::Neutral => of_topic.1[1] += 1,
            Sentiment::Negative => of_topic.1[2] += 1,
            Sentiment::Mixed => {}
        }
    }
    for (topic, (all, moods)) in &by_mood {
        for (mood, count) in ["positive", "neutral", "negative"].into_iter().zip(moods) {
            check_share(&format!("{topic:?} {mood}"), *count, *all, planted.moods[topic][mood]);
        }
    }
    let named = |topic: &Topic| if matches!(topic, Topic::Taste | Topic::Fault) { 1.0 } else { 0.9 };
    // kitchen and gifts hold things without a taste, whose other topics share what that leaves
    for category in ["Coffee", "Tea", "Snacks"] {
        let (counts, shares) = (&by_category[category], &planted.topics[category]);
        let all: usize = counts.values().sum();
        let sum: f64 = shares.iter().map(|(topic, share)| named(topic) * share).sum();
        for (topic, share) in shares {
            check_share(&format!("{category} {topic:?}"), counts[topic], all, named(topic) * share / sum);
        }
    }
}

#[test]
fn berlin_complains_four_times_as_often_about_the_new_courier() {
    let courier = Day::from_ymd(2026, 5, 4).unwrap();
    let odds = |city: &str, after: bool| {
        let (mut complaints, mut others) = (0.0, 0.0);
        for (shop, review, truth) in reviews() {
            static CITIES: LazyLock<Vec<HashMap<String, String>>> = LazyLock::new(|| {
                let city = |c: &mercato::domain::Customer| (c.id.0.clone(), c.city.clone().unwrap());
                shops().iter().map(|shop| shop.customers.iter().map(city).collect()).collect()
            });
            let cities = &CITIES[shop.truth.seed as usize - 1];
            let here = cities[&review.customer.as_ref().unwrap().0] == city;
            let date = review.on.date();
            let christmas = date.month() == 12 || (date.month() == 11 && date.day() >= 24);
            if !here || christmas || (review.on >= courier) != after {
                continue;
            }
            let complaint = truth.topic == Some(Topic::Delivery) && truth.sentiment == Sentiment::Negative;
            *(if complaint { &mut complaints } else { &mut others }) += 1.0;
        }
        println!("{city} after {after}: {complaints} complaints beside {others}");
        complaints / others
    };
    let berlin = odds("Berlin", true) / odds("Berlin", false);
    assert!((2.7..6.0).contains(&berlin), "{berlin}");
    let london = odds("London", true) / odds("London", false);
    assert!((0.4..2.0).contains(&london), "{london}");
}

#[test]
fn eight_percent_are_hard_to_read() {
    let mut manners: HashMap<Manner, usize> = HashMap::new();
    reviews().for_each(|(.., truth)| *manners.entry(truth.manner).or_default() += 1);
    let all: usize = manners.values().sum();
    let share = |manner: Manner| manners[&manner] as f64 / all as f64;
    assert!((share(Manner::Plain) - 0.92).abs() < 0.012, "{manners:?}");
    for (manner, low, high) in
        [(Manner::Mixed, 0.03, 0.05), (Manner::Ironic, 0.012, 0.028), (Manner::Empty, 0.013, 0.027)]
    {
        assert!((low..high).contains(&share(manner)), "{manner:?} {}", share(manner));
    }
    for (.., truth) in reviews() {
        assert_eq!(truth.topic.is_none(), truth.manner == Manner::Empty, "{}", truth.id);
        assert_eq!(truth.second.is_some(), truth.manner == Manner::Mixed, "{}", truth.id);
        assert_eq!(truth.sentiment == Sentiment::Mixed, truth.manner == Manner::Mixed, "{}", truth.id);
        assert!(truth.manner != Manner::Ironic || truth.sentiment == Sentiment::Negative, "{}", truth.id);
    }
}

#[test]
fn texts_are_in_their_language_and_seldom_the_same_twice() {
    for shop in shops() {
        let told = shop.feedback.iter().zip(&shop.truth.reviews);
        let told: Vec<_> = told.filter(|(_, truth)| truth.manner != Manner::Empty).map(|(r, _)| r).collect();
        for review in &told {
            assert_eq!(Some(Lang::of(&review.text)), review.lang, "{}", review.text);
            assert!(!review.text.contains(['{', '}', '|', '(']), "{}", review.text);
            assert!(review.text.chars().count() >= 5, "{}", review.text);
        }
        for lang in Lang::ALL {
            let texts: Vec<_> = told.iter().filter(|r| r.lang == Some(lang)).map(|r| &r.text).collect();
            let unique = texts.iter().collect::<HashSet<_>>().len() as f64 / texts.len() as f64;
            assert!(unique > 0.93, "{lang:?} {unique}");
        }
    }
}

#[test]
fn stars_go_with_the_mood() {
    let stars = |sentiment: Sentiment| {
        let of =
            reviews().filter(|(.., truth)| truth.sentiment == sentiment && truth.manner != Manner::Empty);
        let stars: Vec<f64> = of.filter_map(|(_, review, _)| review.rating).map(f64::from).collect();
        stars.iter().sum::<f64>() / stars.len() as f64
    };
    assert!(stars(Sentiment::Positive) > 4.5);
    assert!((2.7..3.5).contains(&stars(Sentiment::Neutral)));
    assert!((2.7..3.5).contains(&stars(Sentiment::Mixed)));
    assert!(stars(Sentiment::Negative) < 1.8);
    let without = reviews().filter(|(_, review, _)| review.rating.is_none()).count();
    assert!((0.11..0.17).contains(&(without as f64 / 7_200.0)), "{without}");
}

#[test]
fn other_reviews_leave_the_rest_of_the_shop_alone() {
    let shop = &shops()[0];
    let other = demo::generate_from(&Streams::of(1).reseed(Line::Feedback, 99));
    assert!(shop.orders == other.orders && shop.customers == other.customers && shop.spend == other.spend);
    assert!(shop.interactions == other.interactions && shop.lift_tests == other.lift_tests);
    assert!(shop.feedback != other.feedback);
}
