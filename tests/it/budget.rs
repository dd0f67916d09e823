//! A budget is split over channels and weeks so that it brings most, judged by draws that did not choose it.
//!
//! Plans of a mix whose truth is known, through the library, `lab mix plan` and the tools; what is missing or cannot be is
//! in [`super::budget_bad`].

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use mercato::domain::{Day, Grade, NoWork, Work};
use mercato::model::Models;
use mercato::model::mix::{self, Adstock, Draw, Kind, Mix, Response};
use mercato::model::plan::{self, Ask, Bound, BoundsError, PlanError, Reach};
use mercato::prompts::Prompts;
use mercato::render::Templates;
use mercato::tool::{Outcome, ToolError};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::allocate::lab;
use crate::support::reading::{demo, planned, reads_well};
use crate::support::small_shop::call_with;

/// Two channels with known responses, as a fit whose draws differ by `doubt` in β; a test of each where asked.
fn mix(doubt: f64, tested: bool) -> Mix {
    let weeks = 60;
    let channel = |name: &str, money: f64| {
        // once it was twice as much
        let spend: Vec<f64> = (0..weeks).map(|t| if t == 9 { 2.0 * money } else { money }).collect();
        mix::Channel {
            name: name.into(),
            parts: vec![name.into()],
            media: spend.clone(),
            spend,
            prior_share: 0.4,
            warnings: Vec::new(),
        }
    };
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut draw = |doubt: f64| {
        let mut response = |beta: f64, half_saturation: f64| Response {
            beta: beta * (doubt * random.gen_range(-1.7..1.7_f64)).exp(),
            half_saturation,
            slope: 1.0,
            adstock: Adstock::Geometric { alpha: 0.3 },
        };
        Draw {
            channels: vec![response(9_000.0, 1_000.0), response(3_000.0, 1_000.0)],
            baseline: 0.0,
            sigma: 1.0,
        }
    };
    let test = |channel: usize| mix::TestUsed {
        id: channel.to_string(),
        channel,
        until: Day(7 * 55),
        effect: 1.0,
        se: 0.1,
        expected: 1.0,
        z: 0.0,
    };
    let row = |method: &str, rmse: f64| mix::HoldoutError {
        method: method.into(),
        weeks: 13,
        rmse,
        mape: 0.1,
        total_error: 0.0,
    };
    Mix {
        kind: Kind::Revenue,
        first_day: Day(0),
        target: vec![10_000.0; weeks],
        channels: vec![channel("search", 1_000.0), channel("tv", 1_000.0)],
        left_out: Vec::new(),
        point: draw(0.0),
        choosing: (0..20).map(|_| draw(doubt)).collect(),
        judging: (0..1000).map(|_| draw(doubt)).collect(),
        diagnostics: mix::Diagnostics { method: "laplace".into(), k_hat: 0.3, ..Default::default() },
        tests: if tested { vec![test(0), test(1)] } else { Vec::new() },
        holdout: vec![row("mix", 1.0), row("naive", 2.0)],
        warnings: Vec::new(),
    }
}

fn asking(total: Option<f64>) -> Ask {
    Ask {
        total,
        weeks: 4,
        objective: plan::Objective::Response,
        target_roi: None,
        bounds: vec![Bound::default(); 2],
        margin: None,
    }
}

#[test]
fn money_goes_where_it_brings_more_to_the_cent_and_inside_the_bounds() {
    let mix = mix(0.05, true);
    let found = plan::plan(&mix, &asking(Some(8_000.01)), &NoWork).unwrap();
    let cents: i64 = found.channels.iter().flat_map(|c| &c.weekly).map(|x| (x * 100.0).round() as i64).sum();
    assert_eq!(cents, 800_001);
    assert!(found.channels[0].spend > found.channels[1].spend);
    let inside = |week: &f64| (499.99..=2000.01).contains(week);
    assert!(found.channels.iter().flat_map(|c| &c.weekly).all(inside), "{found:?}");
    assert!(found.gap < 1e-3 && found.p_better > 0.99 && found.gain.value > 0.0, "{found:?}");
    let (next, brings) = found.next.unwrap();
    assert_eq!(found.channels[next].next_unit, Some(brings.value), "one figure for the next unit");
    assert_eq!(plan::trust::limits(&found, &mix), []);
}

#[test]
fn a_steady_plan_after_steady_history_is_worth_its_steady_response() {
    // with 12 weeks of tail every unit works out in full where the response is nearly straight
    let mut mix = mix(0.0, true);
    for draw in mix.choosing.iter_mut().chain(&mut mix.judging) {
        for response in &mut draw.channels {
            (response.beta, response.half_saturation) = (3e6, 1e6);
        }
    }
    let simulated = plan::simulate(&mix, &asking(None), &[4_000.0, 4_000.0], &NoWork).unwrap();
    assert!((simulated.expected.value / (3.0 * 8_000.0) - 1.0).abs() < 0.01, "{:?}", simulated.expected);
    assert!(simulated.gain.value.abs() < 1e-6 && (simulated.p_better - 0.5).abs() < 1e-9);
}

#[test]
fn doubt_withholds_the_plan_and_names_the_test_that_settles_most() {
    let mut mix = mix(1.2, false);
    // the channels are alike but for the doubt
    for draw in mix.choosing.iter_mut().chain(&mut mix.judging) {
        draw.channels[1].beta *= 3.0;
        draw.channels[0].beta = 9_000.0;
    }
    let found = plan::plan(&mix, &asking(Some(8_000.0)), &NoWork).unwrap();
    assert_eq!(found.test_that_pays().map(|channel| channel.name.as_str()), Some("tv"));
    let limits = plan::trust::limits(&found, &mix);
    assert!(limits.iter().all(|(grade, _, _)| *grade <= Grade::Directional), "{limits:?}");
    assert!(limits.iter().any(|(_, component, _)| *component == "no_lift_test"));
}

#[test]
fn budgets_that_fit_no_bounds_widen_them_or_say_why() {
    let mix = mix(0.05, true);
    assert_eq!(plan::plan(&mix, &asking(Some(2_000.0)), &NoWork).unwrap().reach, Reach::Seen);
    let far = plan::plan(&mix, &asking(Some(40_000.0)), &NoWork).unwrap();
    assert!(matches!(far.reach, Reach::Beyond(factor) if (factor - 2.5).abs() < 1e-6));
    assert!(plan::trust::limits(&far, &mix).iter().any(|limit| limit.1 == "beyond_seen"));
    let bounded = |bounds: [(f64, f64); 2]| {
        let bound = |(min, max)| Bound { min: Some(min), max: Some(max) };
        plan::plan(&mix, &Ask { bounds: bounds.map(bound).to_vec(), ..asking(Some(8_000.0)) }, &NoWork)
    };
    let found = bounded([(0.0, 3_000.0), (0.0, 9_000.0)]).unwrap();
    assert!((found.channels[0].spend - 3_000.0).abs() < 0.02, "{found:?}");
    for (bounds, wanted) in [
        ([(5.0, 4.0), (0.0, 9_000.0)], BoundsError::Crossed { channel: 0, min: 5.0, max: 4.0 }),
        ([(5_000.0, 6_000.0), (4_000.0, 9_000.0)], BoundsError::Below { least: 9_000.0 }),
        ([(0.0, 3_000.0), (0.0, 4_000.0)], BoundsError::Above { most: 7_000.0 }),
    ] {
        assert_eq!(bounded(bounds).unwrap_err(), PlanError::Bounds(wanted));
    }
}

#[test]
fn the_total_that_pays_best_and_the_roi_that_can_be_reached() {
    let mix = mix(0.05, true);
    let margin = Ask { objective: plan::Objective::Profit, margin: Some(0.5), ..asking(None) };
    let best = plan::plan(&mix, &margin, &NoWork).unwrap();
    assert!(best.total_found);
    // at the best total a unit more brings what it costs, or the bounds end
    for channel in best.channels.iter().filter(|channel| channel.spend < 4.0 * 2_000.0 - 1.0) {
        let worth = 0.5 * channel.next_unit.unwrap();
        assert!(channel.spend < 4.0 * 500.0 + 1.0 || (worth - 1.0).abs() < 0.1, "{channel:?}");
    }
    let roi = |target| {
        plan::plan(&mix, &Ask { target_roi: Some(target), ..asking(Some(8_000.0)) }, &NoWork)
            .unwrap()
            .roi
            .unwrap()
    };
    let low = roi(1.0);
    assert!(low.reached && low.planned > 1.0);
    let never = roi(50.0);
    assert!(
        !never.reached && never.largest_total.is_none() && never.best < 50.0 && never.best >= never.planned
    );
    let some = roi(low.planned * 1.05);
    assert!(!some.reached && some.largest_total.is_some_and(|total| total < 8_000.0), "{some:?}");
    let refused = plan::plan(&mix, &Ask { objective: plan::Objective::Profit, ..asking(None) }, &NoWork);
    assert_eq!(refused.unwrap_err(), PlanError::MarginUnknown);
}

#[test]
fn without_a_total_a_target_roi_sets_it_and_one_out_of_reach_gives_the_nearest() {
    let mix = mix(0.05, true);
    let asked = |target, margin| {
        let objective = if margin { plan::Objective::Profit } else { plan::Objective::Response };
        let ask = Ask { target_roi: Some(target), objective, margin: margin.then_some(0.5), ..asking(None) };
        plan::plan(&mix, &ask, &NoWork).unwrap()
    };
    let never = asked(50.0, false);
    let roi = never.roi.unwrap();
    assert!(!roi.reached && roi.largest_total.is_none(), "{roi:?}");
    assert!(
        (roi.planned - roi.best).abs() < 1e-3 * roi.best && (never.total - roi.best_total).abs() < 1e-9,
        "{never:?}"
    );
    assert!(never.total < 16_000.0, "not all upper bounds");
    let target = 0.97 * roi.best;
    let some = asked(target, false);
    let found = some.roi.unwrap();
    assert!(found.reached && found.planned < 1.02 * target, "all that reaches it: {found:?}");
    assert!(some.total_found && some.total > never.total && found.largest_total == Some(some.total));
    // profit takes less where less pays best
    let best = plan::plan(
        &mix,
        &Ask { objective: plan::Objective::Profit, margin: Some(0.5), ..asking(None) },
        &NoWork,
    );
    let easy = asked(0.3, true);
    assert!((easy.total - best.unwrap().total).abs() < 0.01 && easy.roi.unwrap().reached, "{easy:?}");
}

#[test]
fn no_total_within_the_bounds_reaches_more_than_the_best_that_is_told() {
    let mix = mix(0.3, true);
    let asked = |total, target| {
        let ask = Ask { target_roi: Some(target), ..asking(Some(total)) };
        plan::plan(&mix, &ask, &NoWork).unwrap().roi.unwrap()
    };
    let told = asked(8_000.0, 50.0);
    let some = asked(8_000.0, 0.9 * told.best);
    for n in 0..40 {
        let total = 4_000.0 + 300.0 * f64::from(n);
        let found = plan::plan(&mix, &asking(Some(total)), &NoWork).unwrap();
        let roi = found.expected.value / total;
        assert!(roi <= told.best * 1.002, "{total}: {roi} above {told:?}");
        assert!(
            roi < some.target || total <= some.largest_total.unwrap() * 1.02,
            "{total}: {roi} reaches it, {some:?}"
        );
    }
}

#[test]
fn asking_for_the_best_total_brings_the_profit_that_was_told() {
    let mix = mix(0.3, true);
    let ask = |total| Ask { objective: plan::Objective::Profit, margin: Some(0.5), ..asking(total) };
    let told = plan::plan(&mix, &ask(Some(9_000.0)), &NoWork).unwrap().best_total.unwrap();
    let asked = plan::plan(&mix, &ask(Some(told.total)), &NoWork).unwrap();
    assert!((told.profit.unwrap() - asked.profit.unwrap().value).abs() < 1e-6, "{told:?}");
}

#[test]
fn a_plan_is_set_against_today_inside_the_askers_bounds() {
    let mix = mix(0.05, true);
    let bounds =
        |max: f64, min: f64| vec![Bound { min: None, max: Some(max) }, Bound { min: Some(min), max: None }];
    let found =
        plan::plan(&mix, &Ask { bounds: bounds(3_000.0, 0.0), ..asking(Some(8_000.0)) }, &NoWork).unwrap();
    let reference: Vec<f64> = found.channels.iter().map(|channel| channel.reference).collect();
    assert!((reference[0] - 3_000.0).abs() < 1e-6 && (reference[1] - 5_000.0).abs() < 1e-6, "{reference:?}");
    assert!(found.reference_bounded());
    let free = plan::plan(&mix, &asking(Some(8_000.0)), &NoWork).unwrap();
    assert!(!free.reference_bounded() && !free.stands_still());
    // nothing is left to move
    let fixed = vec![Bound { min: Some(4_000.0), max: Some(4_000.0) }; 2];
    let ask = Ask { bounds: fixed, weeks: 1, ..asking(Some(8_000.0)) };
    let found = plan::plan(&mix, &ask, &NoWork).unwrap();
    assert!(found.stands_still(), "{found:?}");
    let limits = plan::trust::limits(&found, &mix);
    assert!(limits.iter().all(|(_, component, _)| *component != "better_not_sure"), "{limits:?}");
}

#[test]
fn what_the_best_total_brings_is_told_by_draws_that_did_not_choose_it() {
    let mut mix = mix(0.05, true);
    for response in mix.choosing.iter_mut().flat_map(|draw| &mut draw.channels) {
        response.beta *= 2.0;
    }
    let ask = Ask { objective: plan::Objective::Profit, margin: Some(0.5), ..asking(Some(8_000.0)) };
    let best = plan::plan(&mix, &ask, &NoWork).unwrap().best_total.unwrap();
    let half = plan::simulate(&mix, &ask, &[best.total / 2.0; 2], &NoWork).unwrap();
    assert!(best.response < 1.5 * half.expected.value, "{best:?} {:?}", half.expected);
    let found = plan::plan(&mix, &Ask { total: None, ..ask }, &NoWork).unwrap();
    assert_eq!(
        found.best_total.map(|best| best.response),
        Some(found.expected.value),
        "one climb, one figure"
    );
    assert_eq!(found.best_total.map(|best| best.total), Some(found.total));
}

/// Stops after so many looks, and notes how far it came.
#[derive(Default)]
struct StopsAfter {
    looks: usize,
    seen: AtomicUsize,
    steps: Mutex<Vec<(u64, u64)>>,
}

impl Work for StopsAfter {
    fn progress(&self, what: &str, done: u64, total: u64) {
        assert_eq!(what, "mix_plan");
        self.steps.lock().unwrap().push((done, total));
    }
    fn cancelled(&self) -> bool {
        self.seen.fetch_add(1, Ordering::Relaxed) >= self.looks
    }
}

#[test]
fn a_plan_tells_how_far_it_is_and_stops_when_asked() {
    let mix = mix(0.05, true);
    let ask = Ask { target_roi: Some(2.0), ..asking(None) };
    let stopped = |looks| {
        let work = StopsAfter { looks, ..StopsAfter::default() };
        let plan = plan::plan(&mix, &ask, &work);
        (plan.map(|_| ()), work.seen.into_inner(), work.steps.into_inner().unwrap())
    };
    let (whole, looks, steps) = stopped(usize::MAX);
    assert!(whole.is_ok() && looks > 100, "{looks}");
    assert!(steps.windows(2).all(|pair| pair[0].0 < pair[1].0), "{steps:?}");
    assert_eq!(steps.last().map(|step| step.0), steps.last().map(|step| step.1), "{steps:?}");
    for looks in [0, 5, looks / 2] {
        let (plan, seen, _) = stopped(looks);
        assert_eq!((plan, seen), (Err(PlanError::Cancelled), looks + 1), "no step after the stop");
    }
}

#[test]
fn only_the_channel_that_goes_beyond_what_was_seen_is_named() {
    let mix = mix(0.05, true);
    let split = plan::simulate(&mix, &asking(None), &[4_000.0, 9_000.0], &NoWork).unwrap();
    let beyond: Vec<&str> = split.beyond().iter().map(|channel| channel.name.as_str()).collect();
    assert_eq!(beyond, ["tv"]);
    let stretch: Vec<f64> = split.channels.iter().filter_map(plan::ChannelPlan::stretch).collect();
    assert_eq!((stretch, split.stretch()), (vec![0.5, 1.125], Some(1.125)));
    // beside a plan beyond, the largest one inside; bounds of the asker's own count as far as they lie inside
    let most =
        |max| Ask { bounds: vec![Bound { min: None, max }, Bound::default()], ..asking(Some(40_000.0)) };
    for (max, total) in [(None, 16_000.0), (Some(3_000.0), 11_000.0), (Some(30_000.0), 16_000.0)] {
        let ask = most(max);
        let far = plan::plan(&mix, &ask, &NoWork).unwrap();
        let inside = plan::inside(&mix, &ask, &far, &NoWork).unwrap().unwrap();
        assert!((inside.total - total).abs() < 1e-9 && inside.beyond().is_empty(), "{max:?}: {inside:?}");
    }
}

#[test]
fn lab_mix_plan_keeps_its_contract() {
    let dir = tempfile::tempdir().unwrap();
    let (fit, bounds) = (dir.path().join("fit.json"), dir.path().join("bounds.csv"));
    std::fs::write(&fit, serde_json::to_string(&mix(0.05, true)).unwrap()).unwrap();
    std::fs::write(&bounds, "channel,min,max\nsearch,0,3000\n").unwrap();
    let (fit, bounds) = (fit.to_str().unwrap(), bounds.to_str().unwrap());
    let run = lab(&["mix", "plan", fit, "--total", "8000", "--weeks", "4", "--bounds", bounds]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let report: Value = serde_json::from_slice(&run.stdout).unwrap();
    for key in ["allocation", "total", "expected", "today", "p_better", "grade", "warnings"] {
        assert!(report.get(key).is_some(), "{key}");
    }
    assert_eq!(report["allocation"]["search"].as_array().unwrap().len(), 4);
    let spent = |channel: &str| report["total"][channel].as_f64().unwrap();
    assert!((spent("search") + spent("tv") - 8000.0).abs() < 1e-6);
    assert!(report["total"]["search"].as_f64().unwrap() <= 3000.0);
    for (args, said) in [
        (vec!["--total", "0", "--weeks", "4"], "is not an amount"),
        (vec!["--total", "90", "--weeks", "4", "--margin", "7"], "--margin 7"),
    ] {
        let run = lab(&[&["mix", "plan", fit], args.as_slice()].concat());
        let error = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(run.status.code() == Some(1) && error.contains(said), "{error}");
    }
    std::fs::write(bounds, "channel,min,max\nradio,0,3000\n").unwrap();
    let run = lab(&["mix", "plan", fit, "--total", "8000", "--weeks", "4", "--bounds", bounds]);
    assert!(String::from_utf8_lossy(&run.stderr).contains("those are search, tv"));
}

/// The sample shop's true responses, each draw a little off, in the place of a fit: quick, and its doubt is known.
fn demo_mix(tested: bool) -> Mix {
    let shop = mercato::demo::generate(1);
    let truth = &shop.truth;
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut draw = || {
        let response = |channel: &mercato::demo::ChannelTruth, random: &mut ChaCha8Rng| Response {
            beta: channel.beta * random.gen_range(0.8..1.25),
            half_saturation: channel.half_saturation,
            slope: channel.slope,
            adstock: Adstock::Geometric { alpha: channel.alpha },
        };
        let channels = truth.channels.values().map(|channel| response(channel, &mut random)).collect();
        Draw { channels, baseline: 0.0, sigma: 1.0 }
    };
    let (choosing, judging) = ((0..6).map(|_| draw()).collect(), (0..200).map(|_| draw()).collect());
    let weeks = truth.weeks.len();
    let channel = |name: &String| {
        let mut spend = vec![0.0; weeks];
        for row in shop.spend.iter().filter(|row| row.channel == *name) {
            if let Some(week) = spend.get_mut(row.day.since(truth.from) as usize / 7) {
                *week += row.cost.to_f64();
            }
        }
        let media = spend.clone();
        mix::Channel {
            name: name.clone(),
            parts: vec![name.clone()],
            spend,
            media,
            prior_share: 0.4,
            warnings: vec![],
        }
    };
    let mut mix = mix(0.05, tested);
    mix.channels = truth.channels.keys().map(channel).collect();
    (mix.choosing, mix.judging) = (choosing, judging);
    mix.first_day = truth.from;
    mix.target = vec![44_000.0; weeks];
    let tests = (0..if tested { 6 } else { 0 }).map(|c| mix::TestUsed {
        id: c.to_string(),
        channel: c,
        until: truth.to.plus(-30),
        effect: 1.0,
        se: 0.1,
        expected: 1.0,
        z: 0.0,
    });
    mix.tests = tests.collect();
    mix
}

/// The tool on the sample shop with this mix in the place of its fit.
fn ask_tool(mix: &Mix, tool: &str, args: &Value) -> Result<Outcome<Value>, ToolError> {
    let models = Models::default();
    models.get_or_fit("mix/revenue/1", demo().data_version, || Ok::<_, ()>(mix.clone())).unwrap();
    call_with(&models, demo(), tool, args)
}

fn fact(outcome: &Outcome<Value>, id: &str) -> f64 {
    outcome.facts.iter().find(|fact| fact.id == id).unwrap_or_else(|| panic!("no {id}")).value
}

#[test]
fn plans_of_the_sample_shop_read_well_and_their_questions_run() {
    let mix = demo_mix(true);
    let templates = Templates::compile(Arc::new(Prompts::load().unwrap())).unwrap();
    let optimize = |args: Value| {
        let outcome = ask_tool(&mix, "optimize_budget", &args).unwrap();
        let questions = reads_well(&templates, "optimize_budget", &args, &outcome);
        (outcome, questions)
    };
    let (outcome, questions) = optimize(json!({"total": 35000}));
    let spend: f64 = outcome.output["plan"]["channels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["spend"].as_f64().unwrap())
        .sum();
    assert!((spend - 35_000.0).abs() < 1e-6);
    assert_eq!((outcome.output["kind"].as_str(), outcome.facts[0].id.as_str()), (Some("plan"), "expected"));
    assert!(outcome.evidence.grade >= Grade::ReviewFirst, "{:?}", outcome.evidence);
    assert_eq!(outcome.charts.len(), 2);
    for (lang, question) in questions.iter().flat_map(|(lang, all)| all.iter().map(move |one| (*lang, one))) {
        let calls = planned(lang, question, "optimize_budget", &json!({"total": 35000}));
        for (tool, args) in calls {
            ask_tool(&mix, &tool, &args).unwrap_or_else(|error| panic!("{question}: {error}"));
        }
    }
    for args in [
        json!({}),
        json!({"total": 100000, "target_roi": 3.0}),
        json!({"total": 35000, "objective": "revenue", "target_roi": 1.5}),
        json!({"total": 900000, "weeks": 2, "objective": "profit"}),
        json!({"target_roi": 3.5, "weeks": 8}),
        json!({"total": 35000, "bounds": [{"channel": "tv", "max": 4000}, {"channel": "search", "min": 15000}]}),
    ] {
        optimize(args);
    }
    let args = json!({"allocation": [{"channel": "search", "spend": 12000}, {"channel": "tv", "spend": 20000.005}], "weeks": 4});
    let outcome = ask_tool(&mix, "simulate_budget", &args).unwrap();
    reads_well(&templates, "simulate_budget", &args, &outcome);
    assert!((fact(&outcome, "total") - 32_000.01).abs() < 0.01 && fact(&outcome, "expected") > 0.0);
}

#[test]
fn without_tests_a_plan_is_for_the_direction_only() {
    let outcome = ask_tool(&demo_mix(false), "optimize_budget", &json!({"total": 35000})).unwrap();
    assert_eq!(outcome.evidence.grade, Grade::Directional);
}

#[test]
fn a_hopeless_plan_is_withheld_and_the_test_that_pays_is_named() {
    let mut mix = demo_mix(false);
    // nothing in the draws tells the channels apart, so every split is as good
    for draw in mix.choosing.iter_mut().chain(&mut mix.judging) {
        for response in &mut draw.channels {
            (response.beta, response.half_saturation, response.slope) = (response.beta * 1e3, 1e7, 1.0);
        }
    }
    for (d, draw) in mix.judging.iter_mut().enumerate() {
        let better = 1.0 + if d % 2 == 0 { 0.5 } else { -0.5 };
        draw.channels
            .iter_mut()
            .enumerate()
            .for_each(|(c, r)| r.beta = 1e6 * if c % 2 == 0 { better } else { 2.0 - better });
    }
    let outcome = ask_tool(&mix, "optimize_budget", &json!({"total": 35000})).unwrap();
    assert_eq!(
        (outcome.output["kind"].as_str(), outcome.evidence.grade),
        (Some("no_plan"), Grade::NeedsData)
    );
    assert!(outcome.output["test"].is_string() && outcome.charts.is_empty());
    let templates = Templates::compile(Arc::new(Prompts::load().unwrap())).unwrap();
    reads_well(&templates, "optimize_budget", &json!({"total": 35000}), &outcome);
}

#[test]
fn budgets_that_cannot_be_are_refused_with_the_mend() {
    let mut mix = demo_mix(true);
    let refused = |mix: &Mix, tool: &str, args: Value| ask_tool(mix, tool, &args).unwrap_err().code;
    let bounds = |parts: Value| json!({"total": 35000, "bounds": parts});
    let b = "optimize_budget";
    assert_eq!(
        refused(&mix, b, bounds(json!([{"channel": "tv", "min": 9, "max": 8}]))),
        "budget_bounds_cross"
    );
    assert_eq!(refused(&mix, b, bounds(json!([{"channel": "tv", "min": 90000}]))), "budget_below_bounds");
    let most: Vec<Value> = mix.channels.iter().map(|c| json!({"channel": c.name, "max": 100})).collect();
    assert_eq!(refused(&mix, b, bounds(most.into())), "budget_above_bounds");
    assert_eq!(refused(&mix, b, bounds(json!([{"channel": "radio", "max": 8}]))), "budget_unknown_channel");
    let twice = json!([{"channel": "tv", "min": 90}, {"channel": "tv", "max": 9000}]);
    assert_eq!(refused(&mix, b, bounds(twice)), "budget_bound_twice");
    assert_eq!(refused(&mix, b, json!({"total": 0})), "args_not_valid");
    assert_eq!(refused(&mix, b, json!({"total": 9000, "weeks": 60})), "out_of_range");
    assert_eq!(refused(&mix, b, json!({"budget": 9000})), "args_not_valid");
    assert_eq!(refused(&mix, "simulate_budget", json!({"allocation": []})), "budget_empty_allocation");
    let left = mix.channels.pop().unwrap();
    mix.left_out.push(mix::LeftOut { name: left.name.clone(), why: "flat".into(), spend: left.spend });
    for draw in mix.choosing.iter_mut().chain(&mut mix.judging) {
        draw.channels.pop();
    }
    mix.tests.pop();
    let outcome = ask_tool(&mix, b, &json!({"total": 35000})).unwrap();
    assert!(outcome.notes.iter().any(|note| note.key == "budget_kept"));
    assert!((fact(&outcome, "total") - 35_000.0).abs() < 1e-6);
    assert_eq!(refused(&mix, b, json!({"total": 100})), "budget_below_kept");
    let bound = json!([{"channel": left.name, "max": 8}]);
    assert_eq!(refused(&mix, b, bounds(bound)), "budget_bound_not_judged");
    let split = json!({"allocation": [{"channel": left.name, "spend": 8}]});
    assert_eq!(refused(&mix, "simulate_budget", split), "budget_not_judged");
}

#[test]
fn the_true_plans_of_the_sample_shop_are_the_best_and_judge_others() {
    let truth = mercato::demo::generate(1).truth;
    let budgets: Vec<(f64, usize)> = truth.plans.iter().map(|plan| (plan.total, plan.weeks)).collect();
    assert_eq!(budgets, [(35_000.0, 4), (100_000.0, 4), (250_000.0, 8)]);
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for plan in &truth.plans {
        let weeks = plan.weeks as f64;
        let split = |of: &dyn Fn(&mercato::demo::ChannelPlanTruth) -> f64| {
            plan.channels.iter().map(|(name, channel)| (name.clone(), weeks * of(channel))).collect()
        };
        let best = plan.judge(&split(&|channel| channel.best));
        assert!(best.regret.abs() < 1e-6 && (best.gain - 1.0).abs() < 1e-3, "{best:?}");
        assert!(plan.judge(&split(&|channel| channel.reference)).gain.abs() < 1e-9);
        let spent: f64 = plan.channels.values().map(|channel| weeks * channel.best).sum();
        assert!((spent - plan.total).abs() < 0.05);
        // money moved between any two channels inside their bounds brings less
        let names: Vec<&String> = plan.channels.keys().collect();
        for _ in 0..200 {
            let (from, to) = (names[random.gen_range(0..6)], names[random.gen_range(0..6)]);
            let (a, b) = (plan.channels[from], plan.channels[to]);
            let step = random.gen_range(0.0..1.0) * (a.best - a.min).min(b.max - b.best).max(0.0);
            let mut moved: std::collections::BTreeMap<String, f64> = split(&|channel| channel.best);
            if from != to {
                *moved.get_mut(from).unwrap() -= weeks * step;
                *moved.get_mut(to).unwrap() += weeks * step;
            }
            assert!(plan.judge(&moved).regret > -1e-6);
        }
    }
}
