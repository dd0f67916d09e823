//! `lab recommend ratings` keeps its contract: the errors of the published forms, to the digits of their peers.

use std::io::Read as _;
use std::process::{Command, Output};

use mercato::model::recommend::{Algo, Errors, Fallback, Form, Neighbours, Pair, Ratings};
use serde_json::Value;

use crate::support::data::data;

fn lab(args: &[&str]) -> Output {
    let command = ["lab", "recommend", "ratings"];
    Command::new(env!("CARGO_BIN_EXE_mercato")).args(command).args(args).output().unwrap()
}

const SIX: [&str; 4] =
    ["--train", "tests/data/recommend_train.csv", "--test", "tests/data/recommend_test.csv"];

/// Expected: Surprise 1.1.5 for the first two, straight loops over the formulas for all (Python).
#[test]
fn six_by_six_comes_to_what_the_formulas_say() {
    for (args, rmse, mae) in [
        ("--algo user_cf", 1.375_696_412_243_679, 1.249_891_450_733_513),
        ("--algo user_cf --k 2", 1.271_047_582_473_31, 1.136_472_165_914_188),
        ("--algo user_cf --weighted", 1.335_681_692_418_092, 1.191_528_940_046_258),
        ("--algo item_cf --weighted", 1.309_299_288_532_37, 1.084_162_054_451_117),
        ("--algo item_cf --centred", 1.132_630_834_161_463, 0.919_390_216_126_483),
        ("--algo item_cf --shrink 2", 1.120_489_341_614_371, 0.907_331_555_780_072),
    ] {
        let args: Vec<&str> = args.split(' ').chain(SIX).chain(["--fallback", "global"]).collect();
        let output = lab(&args);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let got: Value = serde_json::from_slice(&output.stdout).unwrap();
        for (name, expected) in [("rmse", rmse), ("mae", mae)] {
            let got = got[name].as_f64().unwrap();
            assert!((got - expected).abs() < 1e-12, "{args:?} {name}: {got} instead of {expected}");
        }
        assert!(got["seconds"].is_number());
    }
}

#[test]
fn rows_without_names_and_with_tabs_are_ratings_too() {
    let folder = tempfile::tempdir().unwrap();
    let write = |from: &str, to: &str| {
        let rows = std::fs::read_to_string(from).unwrap();
        let rows: Vec<String> =
            rows.lines().skip(1).map(|row| row.replace(',', "\t") + "\t881250949").collect();
        let to = folder.path().join(to).display().to_string();
        std::fs::write(&to, rows.join("\n")).unwrap();
        to
    };
    let (train, test) = (write(SIX[1], "u1.base"), write(SIX[3], "u1.test"));
    let plain = lab(&[&SIX[..], &["--algo", "item_cf"]].concat());
    let tabs = lab(&["--train", &train, "--test", &test, "--algo", "item_cf"]);
    let [plain, tabs] = [plain, tabs].map(|output| serde_json::from_slice::<Value>(&output.stdout).unwrap());
    assert_eq!((&plain["rmse"], &plain["test"]), (&tabs["rmse"], &tabs["test"]));
}

#[test]
fn what_cannot_be_read_is_said_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name).display().to_string();
        std::fs::write(&path, text).unwrap();
        path
    };
    let empty = write("empty.csv", "user,item,rating\n");
    let words = write("words.csv", "user,item,rating\na,b,good\n");
    let bare = write("bare.csv", "who,what\n1,2\n");
    let huge = write("huge.csv", "user,item,rating\na,b,1e300\n");
    for (file, said) in [
        (empty.as_str(), "has no rows"),
        (words.as_str(), "line 2, column rating: \"good\" is not a number"),
        (bare.as_str(), "has no column user or user_id; its columns are who, what"),
        (huge.as_str(), "is too large for a rating"),
        ("nowhere.csv", "nowhere.csv cannot be read"),
    ] {
        let output = lab(&["--train", file, "--test", SIX[3], "--algo", "user_cf"]);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{file}: {stderr}");
        assert!(stderr.contains(said) && stderr.lines().count() <= 3, "{file}: {stderr}");
    }
    assert_eq!(lab(&[&SIX[..], &["--algo", "user_cf", "--k", "0"]].concat()).status.code(), Some(2));
}

/// User, item, rating, fold.
type Row = (u32, u32, f64, u32);

/// Rows of ML-100K as the official folds have them: by user, then item.
fn folds() -> Option<Vec<Row>> {
    let file = std::fs::File::open(data("ml-100k/ratings.csv.gz")?).unwrap();
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    let row = |line: &str| {
        let cells: Vec<u32> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        (cells[0], cells[1], f64::from(cells[2]), cells[4])
    };
    let mut rows: Vec<_> = text.lines().skip(1).map(row).collect();
    rows.sort_by_key(|row| (row.0, row.1));
    Some(rows)
}

/// User-based errors are Surprise's, item-based ones those of the same formulas in numpy, fold by fold. GOLD §3 gives
/// the means over folds; its item-based ones come from a matrix product on AVX-512: adjusted cosines over one common
/// user are all ±1, and how sums are rounded decides which of these come first, so they differ in the fifth digit.
#[test]
fn movielens_comes_to_the_gold_values() {
    let Some(rows) = folds() else { return };
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for fold in 1..=5 {
        let (known, held): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.3 != fold);
        let column = |of: &dyn Fn(&Row) -> u32| known.iter().map(of).collect::<Vec<_>>();
        let ratings: Vec<f64> = known.iter().map(|row| row.2).collect();
        train.push(Ratings::new(944, 1683, &column(&|row| row.0), &column(&|row| row.1), &ratings));
        let pairs: Vec<Pair> = held.iter().map(|row| (Some(row.0), Some(row.1))).collect();
        test.push((pairs, held.iter().map(|row| row.2).collect::<Vec<f64>>()));
    }
    let base = Neighbours {
        algo: Algo::UserCf,
        k: 40,
        form: Form::Centred,
        shrink: 0.0,
        fallback: Fallback::Global,
    };
    let item = Neighbours { algo: Algo::ItemCf, ..base };
    let weighted = Neighbours { form: Form::Weighted, ..item };
    let shrunk = Neighbours { shrink: 25.0, ..item };
    for (model, (rmse, mae), tolerance, folds) in [
        (base, (0.957_794, 0.756_306), 5.1e-7, SURPRISE),
        (weighted, (0.971_184, 0.764_779), 1.5e-5, WEIGHTED),
        (item, (0.938_505, 0.735_135), 1.5e-5, CENTRED),
        (shrunk, (0.923_518, 0.723_145), 1e-6, SHRUNK),
    ] {
        let errors = train
            .iter()
            .zip(&test)
            .map(|(train, (pairs, actual))| Errors::of(&model.predict(train, pairs), actual).unwrap());
        let errors: Vec<Errors> = errors.collect();
        let mean = |of: &dyn Fn(&Errors) -> f64| errors.iter().map(of).sum::<f64>() / errors.len() as f64;
        let got = (mean(&|errors| errors.rmse), mean(&|errors| errors.mae));
        println!("{model:?}: {got:?}");
        assert!((got.0 - rmse).abs() < tolerance && (got.1 - mae).abs() < tolerance, "{model:?}: {got:?}");
        for (fold, (errors, rmse)) in errors.iter().zip(folds).enumerate() {
            assert!((errors.rmse - rmse).abs() < 1e-9, "{model:?}, fold {}: {errors:?}", fold + 1);
        }
    }
}

/// RMSE of Surprise 1.1.5, KNNWithMeans, cosine, k = 40, user_based (benches/peers/recommend_surprise.py).
const SURPRISE: [f64; 5] = [
    0.970_312_675_937_606_4,
    0.961_845_013_687_531_3,
    0.954_118_754_246_913_4,
    0.950_153_292_682_153_1,
    0.952_541_201_183_698_2,
];

/// RMSE of adjusted cosine in numpy 2.4, sums added user by user (benches/peers/recommend_adjusted.py).
const WEIGHTED: [f64; 5] = [
    0.993_345_308_288_797_9,
    0.975_693_529_540_576,
    0.963_161_443_672_515_3,
    0.960_919_233_240_600_5,
    0.962_841_728_801_354_8,
];
const CENTRED: [f64; 5] = [
    0.953_239_037_775_610_3,
    0.938_431_621_752_724_3,
    0.934_044_425_399_291_4,
    0.932_959_476_206_576_3,
    0.933_905_084_616_225_7,
];
const SHRUNK: [f64; 5] = [
    0.937_402_861_717_895_8,
    0.920_941_269_309_634_9,
    0.919_420_788_414_696_2,
    0.917_646_606_703_529_6,
    0.922_175_889_284_906_8,
];
