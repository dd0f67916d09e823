//! The digits of the purchase and value models are right.
//!
//! Three witnesses: the optimum on CDNOW known to twelve digits (GOLD §1; Fader, Hardie & Lee 2005), reached from a
//! hundred random starts; a simulated cohort committed with its optimum and function values in 40-digit arithmetic
//! (`tests/data/clv_cohort.py`), so that a clone alone can check; and real data whose optimum lies at infinity.

use mercato::domain::NoWork;
use mercato::model::clv::{
    Buyer, GammaGamma, GammaGammaParams, PurchaseFit, PurchaseModel, PurchaseParams, Spender, Status,
};
use rand::{Rng, SeedableRng};

use crate::support::data::data;

/// x, t_x, T and, where the file has it, the mean value.
fn read(path: &std::path::Path) -> (Vec<Buyer>, Vec<Spender>) {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let names = reader.headers().unwrap().clone();
    let place = |wanted: &[&str]| names.iter().position(|name| wanted.contains(&name));
    let (x, tx, t) = (place(&["frequency", "x"]), place(&["recency", "t_x"]), place(&["T"]));
    let m = place(&["monetary_value", "zbar"]);
    let (mut buyers, mut spenders) = (Vec::new(), Vec::new());
    for row in reader.records() {
        let row = row.unwrap();
        let at = |place: Option<usize>| row[place.unwrap()].parse::<f64>().unwrap();
        buyers.push(Buyer { frequency: at(x) as u32, recency: at(tx), t: at(t) });
        if m.is_some() {
            spenders.push(Spender { frequency: at(x) as u32, value: at(m) });
        }
    }
    (buyers, spenders)
}

#[track_caller]
fn near(what: &str, got: f64, expected: f64, tolerance: f64) {
    assert!((got / expected - 1.0).abs() <= tolerance, "{what}: {got:.14} instead of {expected:.14}");
}

#[track_caller]
fn check(fit: &PurchaseFit, params: [f64; 4], se: [f64; 4], log_likelihood: f64) {
    let PurchaseParams { r, alpha, a, b } = fit.params;
    for (name, got, expected) in
        [("r", r, params[0]), ("alpha", alpha, params[1]), ("a", a, params[2]), ("b", b, params[3])]
    {
        near(name, got, expected, 1e-10);
    }
    for (got, expected) in fit.se.iter().zip(se) {
        near("se", got.unwrap(), expected, 2e-6);
    }
    near("log-likelihood", fit.log_likelihood, log_likelihood, 1e-12);
    assert_eq!(fit.certificate.status, Status::Interior);
    assert!(fit.certificate.gradient_norm < 1e-7, "{:?}", fit.certificate);
    assert!(fit.certificate.eigenvalues[0] > 0.0);
}

const BG: ([f64; 4], [f64; 4], f64) = (
    [0.2425929072045, 4.413531561205, 0.7928861480988, 2.425753436494],
    [0.01255732, 0.3782214, 0.1857191, 0.7053458],
    -9582.4255605674,
);
const MBG: ([f64; 4], [f64; 4], f64) = (
    [0.5248379836656, 6.182992019672, 0.8913561553315, 1.613999334731],
    [0.08326407, 0.695598, 0.1547853, 0.5374724],
    -9582.1326848999,
);

#[test]
fn cdnow_to_ten_digits_from_a_hundred_starts() {
    let Some(file) = data("cdnow/cdnow_customers_summary.csv") else { return };
    let (buyers, _) = read(&file);
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    for (model, (params, se, ll)) in [(PurchaseModel::BgNbd, BG), (PurchaseModel::MbgNbd, MBG)] {
        check(&model.fit(&buyers, None, &NoWork).unwrap(), params, se, ll);
        for _ in 0..100 {
            // a factor of 50 to both sides in each parameter
            let mut log = |middle: f64| middle * rng.gen_range(-4.0_f64..4.0).exp();
            let start = PurchaseParams { r: log(0.5), alpha: log(10.0), a: log(1.0), b: log(3.0) };
            check(&model.fit_from(&buyers, None, Some(start), &NoWork).unwrap(), params, se, ll);
        }
    }
}

#[test]
fn cdnow_values_to_ten_digits_from_a_hundred_starts() {
    let Some(file) = data("cdnow/cdnow_customers_summary_with_transactions.csv") else { return };
    let (_, spenders) = read(&file);
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(2);
    for start in 0..101 {
        let mut log = |middle: f64| middle * rng.gen_range(-4.0_f64..4.0).exp();
        let given = GammaGammaParams { p: log(3.0), q: log(3.0), v: log(30.0) };
        let given = (start > 0).then_some(given);
        let fit = GammaGamma.fit_from(&spenders, None, given, &NoWork).unwrap();
        assert_eq!((fit.n, fit.certificate.status), (946.0, Status::Interior));
        near("p", fit.params.p, 6.248802489709, 1e-10);
        near("q", fit.params.q, 3.744588453287, 1e-10);
        near("v", fit.params.v, 15.44774800946, 1e-10);
        near("log-likelihood", fit.log_likelihood, -4055.9232435029, 1e-12);
        for (got, expected) in fit.se.iter().zip([1.189688, 0.2901658, 4.159998]) {
            near("se", got.unwrap(), expected, 2e-6);
        }
    }
}

#[test]
fn published_expectations() {
    // Fader, Hardie & Lee (2005), "Implementing the BG/NBD Model for Customer Base Analysis in Excel": E[X(t)], four
    // decimals of a spreadsheet's optimum, which is not ours in the last one
    let [r, alpha, a, b] = BG.0;
    let params = PurchaseParams { r, alpha, a, b };
    let expected =
        [(0.1429, 0.0078), (1.0, 0.0532), (3.0, 0.1506), (31.8571, 1.0405), (32.0, 1.0437), (78.0, 1.8576)];
    for (t, value) in expected {
        let got = PurchaseModel::BgNbd.expected_new(&params, t);
        assert!((got - value).abs() < 5e-5 + 2e-4 * value, "E[X({t})] = {got}, published {value}");
    }
    let once = Buyer { frequency: 0, recency: 0.0, t: 30.0 };
    let certain = PurchaseModel::BgNbd.alive(&params, &once).p_alive;
    assert!((certain - 1.0).abs() < f64::EPSILON, "BG/NBD lets nobody stop before the second purchase");
    assert!(PurchaseModel::MbgNbd.alive(&params, &once).p_alive < 1.0);
}

#[derive(serde::Deserialize)]
struct Optimum {
    params: Vec<String>,
    se: Vec<String>,
    log_likelihood: String,
}

#[test]
fn the_committed_cohort_to_ten_digits() {
    let (buyers, spenders) = read("tests/data/clv_cohort.csv".as_ref());
    let text = std::fs::read_to_string("tests/data/clv_optimum.json").unwrap();
    let known: std::collections::BTreeMap<String, Optimum> = serde_json::from_str(&text).unwrap();
    let four = |texts: &[String]| -> [f64; 4] { std::array::from_fn(|i| texts[i].parse().unwrap()) };
    for model in [PurchaseModel::BgNbd, PurchaseModel::MbgNbd] {
        let optimum = &known[model.key()];
        let fit = model.fit(&buyers, None, &NoWork).unwrap();
        check(&fit, four(&optimum.params), four(&optimum.se), optimum.log_likelihood.parse().unwrap());
    }
    let optimum = &known["gamma_gamma"];
    let fit = GammaGamma.fit(&spenders, None, &NoWork).unwrap();
    for (got, expected) in [fit.params.p, fit.params.q, fit.params.v].iter().zip(&optimum.params) {
        near("p, q, v", *got, expected.parse().unwrap(), 1e-10);
    }
    near("log-likelihood", fit.log_likelihood, optimum.log_likelihood.parse().unwrap(), 1e-12);
}

#[test]
fn functions_to_ten_digits_where_closed_forms_overflow() {
    let mut reader = csv::Reader::from_path("tests/data/clv_functions.csv").unwrap();
    let mut checked = 0;
    for row in reader.records() {
        let row = row.unwrap();
        let at = |i: usize| row[i].parse::<f64>().unwrap();
        let model = if &row[0] == "bg_nbd" { PurchaseModel::BgNbd } else { PurchaseModel::MbgNbd };
        let params = PurchaseParams { r: at(1), alpha: at(2), a: at(3), b: at(4) };
        let alive = model.alive(&params, &Buyer { frequency: at(5) as u32, recency: at(6), t: at(7) });
        // what is below the smallest normal number may be 0
        for (got, expected) in [(alive.p_alive, at(9)), (alive.expected(at(8)), at(10))] {
            let close = (got - expected).abs() <= 1e-10 * expected || (expected < 1e-300 && got < 1e-300);
            assert!(close, "{row:?}: {got:e} instead of {expected:e}");
        }
        checked += 1;
    }
    assert!(checked >= 500);
}

#[test]
fn an_optimum_at_infinity_is_found_out_and_the_limit_used() {
    let Some(file) = data("uci-online-retail/transactions.csv.gz") else { return };
    let buyers = uci_until_2011_08_31(&file);
    for model in [PurchaseModel::BgNbd, PurchaseModel::MbgNbd] {
        let fit = model.fit(&buyers, None, &NoWork).unwrap();
        assert_eq!(fit.certificate.status, Status::Boundary);
        assert_eq!(fit.certificate.limit.as_deref(), Some("no_dropout"));
        assert!((fit.params.r - 0.7226).abs() < 5e-5 && (fit.params.alpha - 9.4245).abs() < 5e-5, "{fit:?}");
        assert!((fit.log_likelihood + 21_755.348).abs() < 5e-4, "{}", fit.log_likelihood);
        assert!(fit.se[0].is_some() && fit.se[2].is_none(), "a and b are not determined");
        let alive = fit.alive(&Buyer { frequency: 3, recency: 10.0, t: 30.0 });
        near(
            "E = rate × time",
            alive.expected(10.0),
            (fit.params.r + 3.0) / (fit.params.alpha + 30.0) * 10.0,
            1e-12,
        );
    }
}

/// Lines with a customer, quantity and price above 0; the local day; purchase days merged.
fn uci_until_2011_08_31(file: &std::path::Path) -> Vec<Buyer> {
    let plain = flate2::read::MultiGzDecoder::new(std::fs::File::open(file).unwrap());
    let mut reader = csv::Reader::from_reader(plain);
    let end = mercato::domain::Day::parse("2011-08-31").unwrap();
    let mut days: std::collections::BTreeMap<String, std::collections::BTreeSet<i32>> = Default::default();
    for row in reader.records() {
        let row = row.unwrap();
        let number = |i: usize| row[i].parse::<f64>().unwrap_or(0.0);
        let day = mercato::domain::Day::parse(row[4].split([' ', 'T']).next().unwrap()).unwrap();
        if !row[6].is_empty() && number(3) > 0.0 && number(5) > 0.0 && day <= end {
            days.entry(row[6].to_owned()).or_default().insert(day.0);
        }
    }
    assert_eq!(days.len(), 3317);
    let weeks = |days: i32| f64::from(days) / 7.0;
    days.values()
        .map(|days| {
            let (first, last) = (days.first().unwrap(), days.last().unwrap());
            Buyer { frequency: days.len() as u32 - 1, recency: weeks(last - first), t: weeks(end.0 - first) }
        })
        .collect()
}

#[test]
fn threads_and_repeated_rows_change_nothing() {
    let (buyers, _) = read("tests/data/clv_cohort.csv".as_ref());
    let many: Vec<Buyer> = (0..40).flat_map(|_| buyers.iter().copied()).collect();
    let fit = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| PurchaseModel::BgNbd.fit(&many, None, &NoWork).unwrap())
    };
    let (one, four) = (fit(1), fit(4));
    assert_eq!(one, four, "bit for bit on any number of threads");
    let weights = vec![40.0; buyers.len()];
    let weighted = PurchaseModel::BgNbd.fit(&buyers, Some(&weights), &NoWork).unwrap();
    near("r", weighted.params.r, one.params.r, 1e-12);
    near("n", weighted.n, one.n, 1e-12);
}

#[test]
fn rows_that_cannot_be_are_named() {
    let fit = |frequency, recency, t| {
        let good = Buyer { frequency: 2, recency: 5.0, t: 10.0 };
        let bad = Buyer { frequency, recency, t };
        PurchaseModel::BgNbd.fit(&[good, bad], None, &NoWork).unwrap_err().to_string()
    };
    assert_eq!(fit(1, 12.0, 10.0), "row 1, field recency: 12 is not possible; it cannot be larger than T");
    assert_eq!(fit(1, 1.0, -3.0), "row 1, field T: -3 is not possible; a number of at least 0 is needed");
    let once = Buyer { frequency: 0, recency: 0.0, t: 10.0 };
    let nobody = PurchaseModel::BgNbd.fit(&[once], None, &NoWork).unwrap_err().to_string();
    assert!(nobody.contains("bought twice"), "{nobody}");
}
