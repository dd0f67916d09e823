//! A total is split over S-shaped channels so that no other split brings more, to the cent, with a bound that proves it.
//!
//! The allocator against a grid of every split on small problems, against its own bound on large ones, and through
//! `lab allocate`, good files and bad.

use std::process::{Command, Output};

use mercato::model::allocate::{Channel, Problem, ProblemError, Split, allocate};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// S-shaped and concave channels of very different size; the total lies between the bounds' sums.
fn problem(seed: u64, channels: usize) -> Problem {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let channel = |i: usize, random: &mut ChaCha8Rng| {
        let scale = 10_f64.powf(random.gen_range(2.0..4.0));
        let min = if random.gen_bool(0.5) { scale * random.gen_range(0.0..0.5) } else { 0.0 };
        Channel {
            name: format!("c{i}"),
            beta: scale * random.gen_range(0.5..4.0),
            half_saturation: scale * random.gen_range(0.4..2.0),
            slope: random.gen_range(0.7..4.0),
            min: (min * 100.0).round() / 100.0,
            max: Some((scale * random.gen_range(0.8..6.0) * 100.0).round() / 100.0),
        }
    };
    let channels: Vec<Channel> = (0..channels).map(|i| channel(i, &mut random)).collect();
    let (least, most) = sums(&channels);
    let total = least + random.gen_range(0.02..0.95) * (most - least);
    Problem { total: (total * 100.0).round() / 100.0, channels }
}

fn sums(channels: &[Channel]) -> (f64, f64) {
    (channels.iter().map(|c| c.min).sum(), channels.iter().filter_map(|c| c.max).sum())
}

fn check(problem: &Problem, split: &Split) {
    let cents = |x: f64| (x * 100.0).round() as i64;
    assert_eq!(split.spend.iter().map(|x| cents(*x)).sum::<i64>(), cents(problem.total), "to the cent");
    for (channel, x) in problem.channels.iter().zip(&split.spend) {
        assert!(*x >= channel.min && channel.max.is_none_or(|max| *x <= max), "{channel:?} {x}");
    }
    assert!(split.upper_bound >= split.value && split.gap() <= 1e-4, "gap {}", split.gap());
}

/// The best of a grid of all splits of two or three channels.
fn by_grid(problem: &Problem, steps: usize) -> f64 {
    let [first, rest @ ..] = problem.channels.as_slice() else { return f64::NEG_INFINITY };
    let (least, most) = sums(rest);
    let from = first.min.max(problem.total - most);
    let to = first.max.unwrap_or(problem.total).min(problem.total - least);
    let place = |i: usize| from + (to - from) * i as f64 / steps as f64;
    if rest.is_empty() {
        return if from <= to + 1e-9 { first.response(problem.total) } else { f64::NEG_INFINITY };
    }
    let beyond = |x: f64| {
        first.response(x) + by_grid(&Problem { total: problem.total - x, channels: rest.to_vec() }, steps)
    };
    (0..=steps).map(|i| beyond(place(i))).fold(f64::NEG_INFINITY, f64::max)
}

#[test]
fn two_hundred_problems_of_ten_channels_are_within_a_hundredth_of_a_percent() {
    for seed in 0..200 {
        let problem = problem(seed, 10);
        check(&problem, &allocate(&problem).unwrap());
    }
}

#[test]
fn fifty_channels_and_equal_ones_are_certified_too() {
    let large = problem(7, 50);
    check(&large, &allocate(&large).unwrap());
    let equal = |i: usize| Channel {
        name: format!("c{i}"),
        beta: 100.0,
        half_saturation: 50.0,
        slope: 3.0,
        min: 0.0,
        max: None,
    };
    let problem = Problem { total: 385.0, channels: (0..10).map(equal).collect() };
    check(&problem, &allocate(&problem).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_split_of_a_grid_brings_more(seed in any::<u64>(), channels in 2_usize..=3) {
        let problem = problem(seed, channels);
        let split = allocate(&problem).unwrap();
        let grid = by_grid(&problem, if channels == 2 { 2000 } else { 60 });
        prop_assert!(split.upper_bound >= grid * (1.0 - 1e-12), "{} {grid}", split.upper_bound);
        prop_assert!(split.value >= grid * (1.0 - 1e-5), "{} {grid}", split.value);
        check(&problem, &split);
    }
}

#[test]
fn a_channel_that_brings_nothing_takes_only_what_the_others_cannot() {
    let channel = |name: &str, beta: f64, max: f64| Channel {
        name: name.into(),
        beta,
        half_saturation: 10.0,
        slope: 1.0,
        min: 0.0,
        max: Some(max),
    };
    let problem = Problem { total: 30.0, channels: vec![channel("a", 0.0, 100.0), channel("b", 5.0, 20.0)] };
    let split = allocate(&problem).unwrap();
    assert_eq!(split.spend, [10.0, 20.0]);
    assert_eq!(allocate(&Problem { total: 0.0, ..problem }).unwrap().spend, [0.0, 0.0]);
}

#[test]
fn a_problem_without_a_split_names_the_channel_and_the_mend() {
    let sound = problem(1, 3);
    let (least, most) = sums(&sound.channels);
    let with = |change: &dyn Fn(&mut Problem)| {
        let mut problem = sound.clone();
        change(&mut problem);
        allocate(&problem).unwrap_err()
    };
    assert!(matches!(with(&|p| p.channels.clear()), ProblemError::NoChannels));
    assert!(matches!(with(&|p| p.channels[1].name = "c0".into()), ProblemError::Twice { .. }));
    for total in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(with(&|p| p.total = total), ProblemError::Total { .. }));
    }
    let crossed = with(&|p| (p.channels[2].min, p.channels[2].max) = (9.0, Some(8.0)));
    assert_eq!(crossed.to_string(), "channel \"c2\": min 9 is above max 8: lower min or raise max");
    assert!(matches!(with(&|p| p.total = least - 1.0), ProblemError::Below { .. }));
    assert!(matches!(with(&|p| p.total = most + 1.0), ProblemError::Above { .. }));
    for value in [f64::NAN, -1.0, f64::INFINITY] {
        for (field, error) in [
            ("beta", with(&|p| p.channels[1].beta = value)),
            ("half_saturation", with(&|p| p.channels[1].half_saturation = value)),
            ("slope", with(&|p| p.channels[1].slope = value)),
            ("min", with(&|p| p.channels[1].min = value)),
            ("max", with(&|p| p.channels[1].max = Some(value))),
        ] {
            let text = error.to_string();
            assert!(text.starts_with(&format!("channel \"c1\", field {field}: ")), "{text}");
        }
    }
}

pub(crate) fn lab(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mercato")).arg("lab").args(args).output().unwrap()
}

fn lab_file(text: &str) -> (Option<i32>, String, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("problem.json");
    std::fs::write(&file, text).unwrap();
    let output = lab(&["allocate", file.to_str().unwrap()]);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn lab_allocate_keeps_its_contract() {
    let problem = problem(3, 4);
    let (code, out, _) = lab_file(&serde_json::to_string(&problem).unwrap());
    assert_eq!(code, Some(0));
    let report: Value = serde_json::from_str(&out).unwrap();
    let split = allocate(&problem).unwrap();
    let keys: Vec<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["allocation", "value", "upper_bound", "gap", "seconds"]);
    assert_eq!(report["allocation"]["c2"], json!(split.spend[2]));
    assert!((report["value"].as_f64().unwrap() - split.value).abs() < 1e-9);
}

#[test]
fn lab_allocate_says_what_is_wrong_with_a_file() {
    let sound =
        json!({"name": "tv", "beta": 10.0, "half_saturation": 5.0, "slope": 1.5, "min": 0.0, "max": 9.0});
    let with = |key: &str, value: Value| {
        let mut channel = sound.clone();
        channel[key] = value;
        json!({"total": 5.0, "channels": [channel]}).to_string()
    };
    for (text, said) in [
        ("{".to_owned(), "is not JSON"),
        (with("slop", json!(1)), "unknown field `slop`"),
        (with("beta", json!("many")), "channels[0].beta of channel \"tv\""),
        (with("min", json!(10.0)), "min 10 is above max 9"),
        (with("max", json!(4.0)), "above the sum of all max, 4"),
        (json!({"total": 5.0}).to_string(), "missing field `channels`"),
    ] {
        let (code, out, error) = lab_file(&text);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{text}");
        assert!(error.contains(said), "{error}");
    }
    assert_eq!(lab(&["allocate", "/nowhere/problem.json"]).status.code(), Some(1));
}
