//! Which customer, product, category, city or channel is meant by these words?

use serde::{Deserialize, Serialize};

/// Every name the shop's data knows, for finding them in questions and arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entities {
    /// Customers with an id, and where known name and e-mail.
    pub customers: Vec<NamedCustomer>,
    /// Products.
    pub products: Vec<NamedProduct>,
    /// Product categories.
    pub categories: Vec<String>,
    /// Cities of delivery and of customers.
    pub cities: Vec<String>,
    /// Advertising channels.
    pub channels: Vec<String>,
}

/// A customer as people name them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedCustomer {
    /// Key.
    pub id: String,
    /// Full name.
    pub name: Option<String>,
    /// E-mail.
    pub email: Option<String>,
}

/// A product as people name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedProduct {
    /// Key.
    pub id: String,
    /// Name.
    pub name: String,
}

/// What a name led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<T> {
    /// Exactly one: the canonical key or name.
    One(T),
    /// Several; the caller asks, it does not guess.
    Many(Vec<T>),
    /// Nothing near; up to five nearest names.
    None(Vec<T>),
}

/// How many names a person is offered at most.
const MOST_CANDIDATES: usize = 5;
/// Jaro–Winkler similarity above which a single nearest name is taken for a typo of it (measured on the demo's
/// names: distinct cities and products stay below .9 of each other).
const TYPO: f64 = 0.90;

impl Entities {
    /// A customer by id, e-mail, full name, or part of a name; gives the id.
    pub fn customer(&self, text: &str) -> Lookup<NamedCustomer> {
        let wanted = fold(text);
        let by = |test: &dyn Fn(&NamedCustomer) -> bool| -> Vec<NamedCustomer> {
            self.customers.iter().filter(|customer| test(customer)).cloned().collect()
        };
        let exact =
            by(&|c| fold(&c.id) == wanted || c.email.as_deref().is_some_and(|email| fold(email) == wanted));
        let named = || by(&|c| c.name.as_deref().is_some_and(|name| fold(name) == wanted));
        let part = || {
            by(&|c| c.name.as_deref().is_some_and(|name| fold(name).split(' ').any(|word| word == wanted)))
        };
        let inside = || {
            by(&|c| {
                wanted.chars().count() >= 2
                    && [c.name.as_deref(), c.email.as_deref()]
                        .into_iter()
                        .flatten()
                        .any(|text| fold(text).contains(&wanted))
            })
        };
        let found = [exact].into_iter().find(|found| !found.is_empty());
        let found = found.or_else(|| Some(named()).filter(|found| !found.is_empty()));
        let found = found.or_else(|| Some(part()).filter(|found| !found.is_empty()));
        match found.unwrap_or_else(inside) {
            found if found.is_empty() => {
                let names =
                    self.customers.iter().filter_map(|c| c.name.clone().map(|name| (name, c.clone())));
                nearest(&wanted, names)
            }
            mut found if found.len() == 1 => found.pop().map_or(Lookup::None(Vec::new()), Lookup::One),
            mut found => {
                found.truncate(MOST_CANDIDATES);
                Lookup::Many(found)
            }
        }
    }

    /// A product by id, name or part of its name.
    pub fn product(&self, text: &str) -> Lookup<NamedProduct> {
        let wanted = fold(text);
        if let Some(product) = self.products.iter().find(|p| fold(&p.id) == wanted || fold(&p.name) == wanted)
        {
            return Lookup::One(product.clone());
        }
        let mut found: Vec<NamedProduct> = self
            .products
            .iter()
            .filter(|p| !wanted.is_empty() && fold(&p.name).contains(&wanted))
            .cloned()
            .collect();
        match found.len() {
            0 => nearest(&wanted, self.products.iter().map(|p| (p.name.clone(), p.clone()))),
            1 => found.pop().map_or(Lookup::None(Vec::new()), Lookup::One),
            _ => {
                found.truncate(MOST_CANDIDATES);
                Lookup::Many(found)
            }
        }
    }

    /// One of a list of plain names (categories, cities, channels): exact, else a near spelling.
    pub fn plain(names: &[String], text: &str) -> Lookup<String> {
        let wanted = fold(text);
        match names.iter().find(|name| fold(name) == wanted) {
            Some(name) => Lookup::One(name.clone()),
            None => nearest(&wanted, names.iter().map(|name| (name.clone(), name.clone()))),
        }
    }
}

/// Lower case, one space between words.
fn fold(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn nearest<T>(wanted: &str, names: impl Iterator<Item = (String, T)>) -> Lookup<T> {
    let mut scored: Vec<(f64, T)> = names
        .map(|(name, value)| (strsim::jaro_winkler(&fold(&name), wanted), value))
        .filter(|(s, _)| *s > 0.6)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let sure = scored.iter().filter(|(similarity, _)| *similarity >= TYPO).count();
    let mut values: Vec<T> = scored.into_iter().map(|(_, value)| value).collect();
    match sure {
        1 => Lookup::One(values.swap_remove(0)),
        0 => {
            values.truncate(MOST_CANDIDATES);
            Lookup::None(values)
        }
        _ => {
            values.truncate(sure.min(MOST_CANDIDATES));
            Lookup::Many(values)
        }
    }
}
