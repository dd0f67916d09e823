//! A picture can be shown to a customer: every kind in both languages, and nothing cut or on top of another.
//!
//! The SVG of each kind is golden. Each, and each hard case, is drawn as PNG with the built-in fonts alone.
//! `MERCATO_PICTURES=DIR` keeps the PNG files to look at.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use futures::StreamExt as _;
use mercato::agent::{Agent, Event, Picture, Question};
use mercato::app::App;
use mercato::config::Config;
use mercato::domain::{ChartKind, Lang, Principal};
use mercato::prompts::Prompts;
use mercato::render::Templates;
use mercato::render::chart::{Drawing, Words, draw, has_glyph, png};

use mercato::store::Store;
use tokio_util::sync::CancellationToken;

use crate::support::charts::{Sample, each_kind, hard_cases};
use crate::support::shop::{mercato, sample_shop};

static TEMPLATES: LazyLock<Templates> =
    LazyLock::new(|| Templates::compile(Arc::new(Prompts::load().unwrap())).unwrap());

fn drawn(sample: &Sample, lang: Lang) -> Drawing {
    let title = sample.title(lang);
    draw(&sample.chart, Words { templates: &TEMPLATES, lang, title, alt: "<alt> & more" })
}

fn keep(name: &str, lang: Lang, bytes: &[u8]) {
    if let Some(dir) = std::env::var_os("MERCATO_PICTURES").map(PathBuf::from) {
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join(format!("{name}-{}.png", lang.code())), bytes).unwrap();
    }
}

#[test]
fn each_kind_looks_as_approved() {
    for sample in each_kind() {
        for lang in Lang::ALL {
            let drawing = drawn(&sample, lang);
            insta::assert_snapshot!(format!("{}-{}", sample.name, lang.code()), drawing.svg);
        }
    }
}

#[test]
fn no_text_reaches_over_the_edge_or_touches_another() {
    for sample in each_kind().into_iter().chain(hard_cases()) {
        for lang in Lang::ALL {
            let fault = drawn(&sample, lang).fault();
            assert_eq!(fault, None, "{} {}", sample.name, lang.code());
        }
    }
}

#[test]
fn each_is_a_png_without_any_font_of_the_system() {
    for sample in each_kind().into_iter().chain(hard_cases()) {
        for lang in Lang::ALL {
            let drawing = drawn(&sample, lang);
            let bytes = png(&drawing.svg).unwrap();
            assert!(bytes.starts_with(b"\x89PNG"), "{}", sample.name);
            let of = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
            let (width, height) = drawing.size;
            assert_eq!((of(16), of(20)), (width as u32 * 2, height as u32 * 2), "{}", sample.name);
            keep(sample.name, lang, &bytes);
        }
    }
}

#[test]
fn text_on_a_png_is_drawn_with_the_built_in_font() {
    // The same picture without its words has far fewer edges: a font that is missing would draw nothing.
    let samples = each_kind();
    for lang in Lang::ALL {
        let drawing = drawn(&samples[1], lang);
        let with = png(&drawing.svg).unwrap().len();
        let mut bare = String::new();
        let mut inside = false;
        for line in drawing.svg.split_inclusive('\n') {
            inside |= line.starts_with("<text");
            if !inside {
                bare.push_str(line);
            }
            inside &= !line.starts_with("</text>");
        }
        let without = png(&bare).unwrap().len();
        assert!(with > 2 * without, "{with} against {without} bytes");
    }
}

#[test]
fn every_character_on_the_samples_has_a_glyph() {
    for sample in each_kind().into_iter().chain(hard_cases()) {
        for lang in Lang::ALL {
            for text in drawn(&sample, lang).texts() {
                assert!(text.chars().all(has_glyph), "{text:?} of {}", sample.name);
            }
        }
    }
}

#[test]
fn the_svg_stands_alone_and_tells_what_it_shows() {
    for sample in each_kind().into_iter().chain(hard_cases()) {
        let svg = drawn(&sample, Lang::En).svg;
        assert!(svg.starts_with("<svg xmlns="), "{}", sample.name);
        assert!(
            svg.contains("<title>A title") || svg.contains(&format!("<title>{}", sample.title(Lang::En)))
        );
        assert!(svg.contains("<desc>&lt;alt&gt; &amp; more</desc>"), "{}", sample.name);
        assert!(
            !svg.contains("<b>") && !svg.contains('\u{202e}'),
            "{}: names are text, never marks",
            sample.name
        );
    }
}

fn agent_in(dir: &Path) -> Agent {
    App::over(Store::open(dir).unwrap(), &Config::default()).unwrap().agent()
}

/// The pictures of an answer, which must be those that its JSON lists and come after its text.
async fn pictures(agent: &Agent, text: &str) -> Vec<Picture> {
    let question = Question {
        principal: Principal::local_manager(),
        conversation: Some("../../pictures".into()),
        text: text.into(),
        lang: None,
    };
    let mut events = agent.take(question, CancellationToken::new());
    let (mut pictures, mut said) = (Vec::new(), false);
    while let Some(event) = events.next().await {
        match event {
            Event::Text(_) => {
                assert!(pictures.is_empty(), "{text}: the text comes first");
                said = true;
            }
            Event::Chart(picture) => {
                assert!(said, "{text}: the text comes first");
                pictures.push(*picture);
            }
            Event::Done(answer) => {
                let paths: Vec<String> = pictures.iter().filter_map(|picture| picture.path.clone()).collect();
                assert_eq!(answer.charts, paths, "{text}");
            }
            _ => {}
        }
    }
    pictures
}

#[tokio::test]
async fn answers_come_with_the_picture_that_says_more() {
    use ChartKind::{Bar, GroupedBar, HeatMap, Interval, Line};
    let dir = sample_shop();
    let agent = agent_in(dir.path());
    let cases: [(&str, Lang, &[ChartKind]); 14] = [
        ("monthly revenue in 2025", Lang::En, &[Line]),
        ("2025年每月销售额", Lang::Zh, &[Line]),
        ("weekly orders over the last 90 days against a year ago", Lang::En, &[Line]),
        ("今年每周的订单数,同比", Lang::Zh, &[Line]),
        ("revenue by city last month", Lang::En, &[Bar]),
        ("上个月各品类销售额,同比", Lang::Zh, &[GroupedBar]),
        ("revenue by category last month against a year ago", Lang::En, &[GroupedBar]),
        ("best ten products this quarter", Lang::En, &[Bar]),
        ("各客户分群的销售额,上个季度", Lang::Zh, &[Bar]),
        ("customers by cohort in 2025", Lang::En, &[HeatMap]),
        ("2025年按首单月份的客户数", Lang::Zh, &[HeatMap]),
        ("Which customers will be worth most over the next six months?", Lang::En, &[Interval, Bar]),
        ("未来半年哪些客户最有价值?", Lang::Zh, &[Interval, Bar]),
        ("revenue last month", Lang::En, &[]),
    ];
    for (at, (text, lang, kinds)) in cases.into_iter().enumerate() {
        let pictures = pictures(&agent, text).await;
        let got: Vec<ChartKind> = pictures.iter().map(|picture| picture.chart.kind).collect();
        assert_eq!(got, kinds, "{text}");
        for (number, picture) in pictures.iter().enumerate() {
            assert!(!picture.title.is_empty() && !picture.alt.is_empty(), "{text}: {picture:?}");
            let drawing = picture.draw(&TEMPLATES, lang);
            assert_eq!(drawing.fault(), None, "{text}");
            let path = PathBuf::from(picture.path.as_ref().unwrap());
            assert_eq!(path.parent(), Some(dir.path().join("charts").as_path()), "{text}");
            let bytes = std::fs::read(path).unwrap();
            assert!(bytes.starts_with(b"\x89PNG"), "{text}");
            println!("{}\n{}\n", picture.title, picture.alt);
            keep(&format!("answer{at}-{number}"), lang, &bytes);
        }
    }
}

#[test]
fn the_terminal_says_where_the_picture_lies() {
    let dir = sample_shop();
    let run = |args: &[&str]| {
        let output = mercato().arg("--data").arg(dir.path()).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let text = run(&["ask", "monthly revenue in 2025"]);
    let path =
        text.lines().find_map(|line| line.strip_prefix("Picture: ")).unwrap_or_else(|| panic!("{text}"));
    assert!(Path::new(path).exists(), "{path}");
    let answer: serde_json::Value =
        serde_json::from_str(&run(&["ask", "2025年每月销售额", "--json"])).unwrap();
    let listed = answer["charts"][0].as_str().unwrap();
    assert!(std::fs::read(listed).unwrap().starts_with(b"\x89PNG"), "{listed}");
}
