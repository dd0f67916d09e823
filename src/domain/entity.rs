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
/// The same for each word of it: "Emma Clarkk" is Emma Clark, "Emma Clarkk Zoe" and "Emma Stark" are not.
const TYPO_WORD: f64 = 0.85;

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

/// Whether each word may be a misspelling of the one in its place; a word more or less is another name.
fn word_by_word(name: &str, wanted: &str) -> bool {
    name.split(' ').count() == wanted.split(' ').count()
        && name.split(' ').zip(wanted.split(' ')).all(|(a, b)| strsim::jaro_winkler(a, b) >= TYPO_WORD)
}

fn nearest<T>(wanted: &str, names: impl Iterator<Item = (String, T)>) -> Lookup<T> {
    let mut scored: Vec<(f64, bool, T)> = names
        .map(|(name, value)| (fold(&name), value))
        .map(|(name, value)| (strsim::jaro_winkler(&name, wanted), word_by_word(&name, wanted), value))
        .filter(|(similarity, _, _)| *similarity > 0.6)
        .collect();
    scored.sort_by(|a, b| (b.1, b.0).partial_cmp(&(a.1, a.0)).unwrap_or(std::cmp::Ordering::Equal));
    let sure = scored.iter().filter(|(similarity, same, _)| *similarity >= TYPO && *same).count();
    let mut values: Vec<T> = scored.into_iter().map(|(_, _, value)| value).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shop() -> Entities {
        let customer = |id: &str, name: &str| NamedCustomer {
            id: id.into(),
            name: Some(name.into()),
            email: Some(format!("{}@example.com", name.to_lowercase().replace(' ', "."))),
        };
        Entities {
            customers: vec![
                customer("C1", "Emma Clark"),
                customer("C2", "Emma Clarke Moreau"),
                customer("C3", "Zoe Tanaka"),
            ],
            ..Entities::default()
        }
    }

    #[track_caller]
    fn check(text: &str, one: Option<&str>) {
        let found = match shop().customer(text) {
            Lookup::One(customer) => Some(customer.id),
            Lookup::Many(_) | Lookup::None(_) => None,
        };
        assert_eq!(found.as_deref(), one, "{text}");
    }

    #[test]
    fn a_misspelt_name_is_found_and_a_longer_one_is_not() {
        check("Emma Clark", Some("C1"));
        check("emma clarkk", Some("C1"));
        check("Ema Clark", Some("C1"));
        check("Zoe Tanka", Some("C3"));
        check("tanaka", Some("C3"));
        check("Emma Clarkk Zoe", None);
        check("Emma Clark Zoe", None);
        check("Emma Stone", None);
        check("emma", None);
    }
}
