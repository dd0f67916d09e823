//! What does the demo shop sell?
//!
//! DEFINITIONS §12 line 5: 60 products in five categories, the same for every seed. Names carry the size; variants are
//! grind, colour or flavour. Margins lie in .30–.65, returns in 3–14 % (line 6).

use super::events::Events;
use super::season::{FIRST_DAY, LAST_DAY};
use crate::domain::{Day, Micros, Product, ProductId};

/// How many products there are.
pub(super) const N_PRODUCTS: usize = 60;
/// How many categories.
pub(super) const N_CATEGORIES: usize = 5;
/// Positions of some.
pub(super) const COFFEE: usize = 0;
pub(super) const TEA: usize = 1;
pub(super) const SNACKS: usize = 3;
pub(super) const GIFTS: usize = 4;
pub(super) const CATEGORIES: [&str; N_CATEGORIES] = ["Coffee", "Tea", "Kitchen", "Snacks", "Gifts"];
/// Products a category.
const SHELF: usize = N_PRODUCTS / N_CATEGORIES;

/// A product with what the shop does not write down about it.
pub(super) struct Item {
    name: &'static str,
    /// List price, cents.
    pub(super) price: i64,
    /// Margin in percent of the price.
    margin: i64,
    /// Share of sold lines that come back, percent.
    pub(super) returned: u32,
    /// Popularity inside its category.
    pub(super) weight: f64,
    kind: Kind,
}

/// How a product is used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Used up and bought again.
    Consumable(Options),
    /// Bought once, seldom again.
    Durable(Options),
    /// Bought for somebody.
    Present,
}

/// What its variants are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Options {
    Grind,
    Colour,
    None,
}

const fn used(name: &'static str, price: i64, margin: i64, returned: u32, weight: f64) -> Item {
    Item { name, price, margin, returned, weight, kind: Kind::Consumable(Options::None) }
}
const fn ground(name: &'static str, price: i64, margin: i64, returned: u32, weight: f64) -> Item {
    Item { name, price, margin, returned, weight, kind: Kind::Consumable(Options::Grind) }
}
const fn owned(name: &'static str, price: i64, margin: i64, returned: u32, weight: f64) -> Item {
    Item { name, price, margin, returned, weight, kind: Kind::Durable(Options::Colour) }
}
const fn given(name: &'static str, price: i64, margin: i64, returned: u32, weight: f64) -> Item {
    Item { name, price, margin, returned, weight, kind: Kind::Present }
}

/// The shelves, twelve products each, in the order of [`CATEGORIES`].
#[rustfmt::skip]
pub(super) const ITEMS: [Item; N_PRODUCTS] = [
    //      name                            price margin returned weight
    ground("Espresso Beans 1kg",             2490, 48, 3, 10.0),
    ground("House Blend Beans 500g",         1390, 50, 3, 8.0),
    ground("Ethiopia Yirgacheffe 250g",      1150, 54, 4, 7.0),
    ground("Colombia Supremo 500g",          1590, 51, 3, 6.0),
    ground("Decaf Beans 500g",               1490, 49, 5, 4.0),
    ground("Sumatra Mandheling 250g",        1090, 53, 4, 4.0),
    ground("Brazil Santos 1kg",              2290, 46, 3, 6.0),
    used(  "Cold Brew Ground 400g",          1250, 55, 6, 3.0),
    used(  "Coffee Capsules 50 pcs",         1890, 43, 5, 6.0),
    used(  "Instant Espresso 100g",           890, 47, 4, 3.0),
    used(  "Barista Trio 3 x 250g",          2990, 52, 4, 3.0),
    used(  "Nitro Cold Brew 6 x 250ml",      1990, 44, 6, 4.0),
    used(  "Oolong Tea 250g",                1990, 58, 3, 8.0),
    used(  "Oolong Tea 100g",                 990, 60, 3, 5.0),
    used(  "Green Sencha 200g",              1450, 57, 3, 8.0),
    used(  "Earl Grey 250g",                 1290, 56, 3, 9.0),
    used(  "Darjeeling First Flush 100g",    1690, 61, 4, 5.0),
    used(  "Jasmine Pearls 150g",            1750, 59, 4, 5.0),
    used(  "Rooibos 250g",                    950, 55, 3, 6.0),
    used(  "Matcha Powder 80g",              2490, 62, 7, 5.0),
    used(  "Peppermint Leaves 100g",          690, 58, 3, 4.0),
    used(  "Chai Masala 250g",               1190, 56, 5, 4.0),
    used(  "White Peony 100g",               1890, 63, 4, 3.0),
    used(  "Hibiscus Berry 200g",            1090, 57, 5, 4.0),
    owned( "Pour-over Kettle",               5900, 49, 8, 8.0),
    used(  "Paper Filters 100 pcs",           650, 62, 3, 1.2),
    owned( "Milk Frother",                   3990, 47, 14, 1.2),
    owned( "Hand Grinder 30g",               6900, 45, 9, 6.0),
    owned( "French Press 1l",                3490, 48, 7, 7.0),
    owned( "Glass Teapot 1.2l",              2990, 50, 11, 6.0),
    owned( "Espresso Cups 4 pcs",            2790, 54, 8, 7.0),
    owned( "Digital Scale 2kg",              3290, 44, 10, 5.0),
    owned( "Travel Mug 400ml",               2490, 51, 9, 8.0),
    owned( "Storage Jar 1kg",                1890, 53, 6, 6.0),
    owned( "Tea Infuser 5cm",                 990, 57, 6, 6.0),
    owned( "Moka Pot 6 cups",                3690, 46, 7, 6.0),
    used(  "Almond Biscotti 200g",            690, 42, 3, 9.0),
    used(  "Dark Chocolate 100g",             490, 40, 3, 10.0),
    used(  "Salted Caramels 150g",            750, 45, 4, 8.0),
    used(  "Shortbread 250g",                 850, 41, 3, 7.0),
    used(  "Roasted Almonds 300g",            990, 36, 3, 7.0),
    used(  "Dried Mango 200g",                790, 37, 4, 6.0),
    used(  "Oat Cookies 300g",                650, 39, 3, 6.0),
    used(  "Hazelnut Spread 400g",            890, 38, 5, 6.0),
    used(  "Honey Granola 500g",              950, 35, 4, 5.0),
    used(  "Rice Crackers 150g",              450, 33, 4, 4.0),
    used(  "Stroopwafels 10 pcs",             720, 37, 4, 6.0),
    used(  "Fig Bites 180g",                  680, 40, 5, 5.0),
    given( "Gift Box Classic",               4900, 54, 5, 1.5),
    given( "Gift Box Deluxe",                8900, 55, 6, 5.0),
    given( "Tea Tasting Set 12 x 20g",       3490, 58, 5, 8.0),
    given( "Coffee Tasting Set 6 x 80g",     3490, 53, 5, 8.0),
    given( "Breakfast Hamper 2kg",           7900, 48, 6, 5.0),
    given( "Ceramic Mug 350ml",              1690, 56, 10, 8.0),
    given( "Birthday Box 1.5kg",             4490, 52, 6, 6.0),
    given( "Chocolate Assortment 24 pcs",    2790, 49, 5, 7.0),
    given( "Picnic Basket for 2",            9900, 45, 9, 3.0),
    given( "Recipe Book 160 pages",          2490, 47, 8, 5.0),
    given( "Scented Candle 200g",            1990, 60, 12, 5.0),
    given( "Greeting Cards 12 pcs",           890, 64, 4, 4.0),
];

/// Bought together: whoever takes the first often takes the second (positions in [`ITEMS`]).
pub(super) const PAIRS: [(usize, usize); 3] = [(0, 26), (24, 25), (12, 48)];

/// Position and day from which there is none left.
const OUT_OF_STOCK: [(usize, i32); 6] = [(12, -4), (27, -9), (16, -6), (43, -3), (56, -12), (7, -5)];
/// Days after the data until they are back.
const BACK: i32 = 14;
/// Position and first day on sale, in June 2026.
const NEW: [(usize, i32); 3] = [(11, -29), (47, -22), (59, -15)];

/// Position of a product's category.
pub(super) fn category(item: usize) -> usize {
    item / SHELF
}

/// Whether it can be bought on this day.
pub(super) fn on_sale(item: usize, day: Day) -> bool {
    let launched = NEW.iter().find(|(new, _)| *new == item).map_or(FIRST_DAY, |(_, at)| LAST_DAY.plus(*at));
    let sold_out = OUT_OF_STOCK
        .iter()
        .any(|(out, from)| *out == item && day >= LAST_DAY.plus(*from) && day <= LAST_DAY.plus(BACK));
    day >= launched && !sold_out
}

impl Item {
    /// Whether it is used up and bought again.
    pub(super) fn consumable(&self) -> bool {
        matches!(self.kind, Kind::Consumable(_))
    }

    /// Whether one is enough.
    pub(super) fn durable(&self) -> bool {
        matches!(self.kind, Kind::Durable(_))
    }

    /// Name and values of its variants; empty where it has none.
    pub(super) fn variants(&self) -> (&'static str, &'static [&'static str]) {
        match self.kind {
            Kind::Consumable(Options::Grind) => ("grind", &["whole beans", "filter", "espresso"]),
            Kind::Durable(Options::Colour) => ("colour", &["black", "white", "copper"]),
            _ => ("", &[]),
        }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// What the shop pays, cents.
    fn cost(&self) -> i64 {
        (self.price * (100 - self.margin) + 50) / 100
    }
}

/// The key of a product.
pub(super) fn id(item: usize) -> ProductId {
    ProductId(format!("P{:03}", item + 1))
}

/// The position of a product of ours.
pub(super) fn position(id: &ProductId) -> Option<usize> {
    id.0.strip_prefix('P')?.parse::<usize>().ok()?.checked_sub(1).filter(|item| *item < N_PRODUCTS)
}

/// The records of the shop.
pub(super) fn products(events: &Events) -> Vec<Product> {
    let record = |(k, item): (usize, &Item)| Product {
        id: id(k),
        name: item.name.to_owned(),
        category: Some(CATEGORIES[category(k)].to_owned()),
        variants: item.variants().1.iter().map(|variant| (*variant).to_owned()).collect(),
        price: Some(Micros::from_cents(events.latest(k, item.price))),
        cost: Some(Micros::from_cents(events.latest(k, item.cost()))),
        // more of what sells, so that nothing else looks nearly sold out
        stock: Some(if on_sale(k, LAST_DAY) { 40 + 25 * item.weight as i64 + 7 * (k as i64 % 6) } else { 0 }),
    };
    ITEMS.iter().enumerate().map(record).collect()
}

#[cfg(test)]
mod tests {
    use super::super::streams::Streams;
    use super::*;

    #[test]
    fn the_shelves_are_as_defined() {
        let products = products(&Events::new(&Streams::of(1)));
        let mut names: Vec<_> = products.iter().map(|p| p.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), N_PRODUCTS);
        assert_eq!(products.iter().filter(|p| p.stock == Some(0)).count(), 6);
        for p in &products {
            let (price, cost) = (p.price.unwrap().to_f64(), p.cost.unwrap().to_f64());
            assert!((0.30..=0.65).contains(&((price - cost) / price)), "{}", p.name);
        }
        assert!(ITEMS.iter().all(|item| (3..=14).contains(&item.returned)));
        assert_eq!(ITEMS[26].returned, 14);
        let named = PAIRS.map(|(a, b)| (ITEMS[a].name, ITEMS[b].name));
        assert_eq!(
            named,
            [
                ("Espresso Beans 1kg", "Milk Frother"),
                ("Pour-over Kettle", "Paper Filters 100 pcs"),
                ("Oolong Tea 250g", "Gift Box Classic"),
            ]
        );
        let june = Day::from_ymd(2026, 6, 1).unwrap();
        assert!(NEW.iter().all(|(item, _)| !on_sale(*item, june.plus(-1)) && on_sale(*item, LAST_DAY)));
    }
}
