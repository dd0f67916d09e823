//! What are the customers called, and where do they live?
//!
//! Names of a European web shop. First names are shared by many, so that a first name alone is ambiguous; full names
//! are nearly always unique. Four people are always there, and C00042.

use std::collections::HashSet;

use rand::Rng as _;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use super::streams::{Rng, pick};

/// Customers that exist in every demo shop and are active in it: position (C00042 is 41) and name, where fixed.
pub(super) const KNOWN: [(usize, Option<&str>); 5] = [
    (6, Some("Emma Clark")),
    (41, None),
    (107, Some("Liam Moreau")),
    (232, Some("Sophie Martin")),
    (376, Some("Lucas Becker")),
];

/// Chance that a full name that somebody has already is kept.
const NAMESAKE: f64 = 0.03;

const CITIES: [(&str, f64); 6] = [
    ("London", 0.20),
    ("Berlin", 0.26),
    ("Paris", 0.17),
    ("Amsterdam", 0.13),
    ("Madrid", 0.12),
    ("Milan", 0.12),
];

const FIRST: &str = "Emma Liam Sophie Lucas Anna Marie Laura Julia Lena Lea Mia Hannah Clara Ida Nora Eva Elena Sara \
Alice Chloé Camille Inès Manon Louise Zoé Giulia Chiara Martina Francesca Valentina Carmen Lucía Marta Paula Irene \
Sanne Femke Lotte Iris Roos Olivia Grace Charlotte Amelia Jack Harry Oliver George Thomas Noah Jonas Felix Paul Max \
Leon Finn Jan Lukas Tobias Matthias Hugo Louis Jules Gabriel Antoine Théo Marco Luca Matteo Andrea Davide Pablo Diego \
Javier Álvaro Sergio Daan Bram Sem Lars Joost Niklas David Daniel Adam Simon Oscar Victor Arthur Sofia Astrid";

const LAST: &str = "Clark Moreau Martin Becker Müller Schmidt Schneider Fischer Weber Meyer Wagner Hoffmann Schulz Koch \
Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hartmann Lange Werner Krause Lehmann \
Köhler Bernard Dubois Laurent Lefèvre Leroy Roux Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent \
Mercier Blanc Guérin Boyer Garnier Chevalier Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco \
Bruno Gallo Conti Costa Giordano Mancini Rizzo Lombardi Moretti Barbieri García Fernández González López Sánchez \
Pérez Gómez Díaz Moreno Álvarez Romero Navarro Torres Domínguez Vázquez Ramos Serrano Molina Ortega Delgado Jansen \
Visser Smit Meijer Mulder Bakker Dekker Dijkstra Vermeulen Kok Jacobs Vos Peters Hendriks Kuiper Smith Jones Taylor \
Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White Roberts Green Hall Wood Harris \
Turner Cooper Hill Ward Morris Baker Parker Bennett Carter Shaw Ellis Foster Marshall Webb Palmer Mason Hunt";

/// Who a customer is to the shop.
pub(super) struct Profile {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) city: &'static str,
    pub(super) birth_year: i16,
}

/// The profiles of `n` customers.
pub(super) fn profiles(rng: &mut Rng, n: usize) -> Vec<Profile> {
    let (first, last): (Vec<&str>, Vec<&str>) = (FIRST.split(' ').collect(), LAST.split(' ').collect());
    let mut taken: HashSet<String> = KNOWN.iter().filter_map(|known| known.1.map(str::to_owned)).collect();
    let fixed = taken.clone();
    let mut addresses = HashSet::new();
    let shares = CITIES.map(|(_, share)| share);
    let mut draw = |rng: &mut Rng| loop {
        let name = format!("{} {}", first[rng.gen_range(0..first.len())], last[rng.gen_range(0..last.len())]);
        if taken.insert(name.clone()) || (!fixed.contains(&name) && rng.gen_bool(NAMESAKE)) {
            break name;
        }
    };
    let profile = |position: usize| {
        let known = KNOWN.iter().find(|known| known.0 == position).and_then(|known| known.1);
        let drawn = draw(rng);
        let name = known.map_or(drawn, str::to_owned);
        let email = address(&name, &mut addresses);
        let city = CITIES[pick(&shares, rng.r#gen())].0;
        Profile { name, email, city, birth_year: rng.gen_range(1950..=2005) }
    };
    (0..n).map(profile).collect()
}

/// first.last@example.com without accents; namesakes get a number.
fn address(name: &str, taken: &mut HashSet<String>) -> String {
    let plain: String = name.nfd().filter(|c| !is_combining_mark(*c)).collect();
    let base = plain.to_lowercase().replace(' ', ".");
    let mut email = format!("{base}@example.com");
    let mut number = 2;
    while !taken.insert(email.clone()) {
        email = format!("{base}{number}@example.com");
        number += 1;
    }
    email
}
