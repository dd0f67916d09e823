//! Charts to draw: one of each kind as customers see it, and the hard cases.

use mercato::domain::{
    Axis, Caption, Chart, ChartKind, Currency, Day, Label, Lang, Point, Segment, Series, Unit,
};

const EUR: Unit = Unit::Money(Currency::EUR);

/// A chart with the title that a tool's caption would give.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) chart: Chart,
    en: &'static str,
    zh: &'static str,
}

impl Sample {
    pub(crate) fn title(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.en,
            Lang::Zh => self.zh,
        }
    }
}

fn word(kind: &str, key: &str) -> Label {
    Label::word(kind, key)
}

fn chart(kind: ChartKind, x: Axis, y: Axis) -> Chart {
    Chart::new(kind, Caption::new("sample"), x, y)
}

fn names(texts: &[&str]) -> Vec<Label> {
    texts.iter().map(|text| Label::Name((*text).to_owned())).collect()
}

fn points(values: &[f64]) -> Vec<Point> {
    values.iter().map(|value| Point::of(Some(*value))).collect()
}

fn revenue_by(key: &str, kind: ChartKind, labels: Vec<Label>, values: &[f64]) -> Chart {
    let mut chart =
        chart(kind, Axis::of_names(word("column", key)), Axis::of(word("metric", "revenue"), EUR));
    chart.categories = labels;
    chart.series = vec![Series::main(word("metric", "revenue"), points(values))];
    chart
}

fn months(n: i32) -> Vec<Label> {
    let first = Day::from_ymd(2025, 7, 1).unwrap();
    (0..n).map(|i| Label::time("month", first.month_start(i))).collect()
}

/// A wave with a little of everything in it, the same on every machine.
fn wave(n: usize, mean: f64) -> Vec<f64> {
    (0..n)
        .map(|i| mean * (1.0 + 0.25 * (i as f64 * 0.55).sin() + 0.05 * ((i * 7 % 11) as f64 / 11.0)))
        .collect()
}

fn line() -> Chart {
    let mut chart = revenue_by("month", ChartKind::Line, months(12), &wave(12, 190_000.0));
    chart.series.push(Series::before(word("compare", "previous_year"), points(&wave(12, 150_000.0))));
    if let Some(last) = chart.series[0].points.last_mut() {
        last.y = Some(92_000.0);
        last.partial = true;
    }
    chart
}

fn bar() -> Chart {
    let cities = ["London", "Berlin", "Paris", "Amsterdam", "Madrid", "Milan", "none_given"];
    let values = [812_345.0, 640_120.5, 433_000.0, 301_987.0, 144_000.0, 98_765.4, 1_250.0];
    revenue_by("city", ChartKind::Bar, names(&cities), &values)
}

fn grouped_bar() -> Chart {
    let labels = names(&["Coffee", "Tea", "Kitchen", "Snacks", "Gifts"]);
    let mut chart = revenue_by(
        "category",
        ChartKind::GroupedBar,
        labels,
        &[402_000.0, 251_400.0, 188_000.0, 96_000.0, 51_200.0],
    );
    let before = points(&[371_000.0, 266_100.0, 120_000.0, 99_000.0, 60_900.0]);
    chart.series.push(Series::before(word("compare", "previous_year"), before));
    chart
}

fn heat_map() -> Chart {
    let figure = |n: usize| Label::Figure { value: n as f64, unit: Unit::Score };
    let y = Axis::of(word("column", "recency"), Unit::Count);
    let mut chart = chart(ChartKind::HeatMap, Axis::of_names(word("column", "frequency")), y);
    chart.categories = (1..=5).map(figure).collect();
    chart.series = (0..5)
        .map(|row| {
            let cells = (0..5).map(|column| {
                let n = (620.0 / (1.0 + f64::from((row - (4 - column) as i32).abs()) * 1.4)).round();
                let segment = Segment::ALL[(row as usize * 2 + (4 - column)) % Segment::ALL.len()];
                Point::of((n > 100.0).then_some(n)).called(word("segment", segment.key()))
            });
            Series::main(figure(5 - row as usize), cells.collect())
        })
        .collect();
    chart
}

fn interval() -> Chart {
    let customers = [
        "Emma Clark",
        "Liam Moreau",
        "Sophie Martin",
        "Lucas Becker",
        "王小明",
        "Zoë Łukasiewicz",
        "Noah García",
        "Mia Rossi",
        "Oliver van den Berg-Schneider (Amsterdam Coffee Roasters)",
        "欧阳娜娜的咖啡馆上海静安寺旗舰店分店",
    ];
    let mut chart = revenue_by("customer", ChartKind::Interval, names(&customers), &[]);
    chart.y = Axis::of(word("column", "clv"), EUR);
    let point = |i: usize| {
        let value = 1_480.0 / (1.0 + 0.12 * i as f64);
        Point::of(Some(value)).within(value * 0.45, value * (1.7 - 0.05 * i as f64))
    };
    chart.series = vec![Series::main(word("column", "clv"), (0..10).map(point).collect())];
    chart
}

fn curve() -> Chart {
    let x = Axis::of(word("column", "spend"), EUR);
    let mut chart = chart(ChartKind::Curve, x, Axis::of(word("metric", "revenue"), EUR));
    let response = |beta: f64, half: f64| {
        (0..=24).map(move |i| {
            let spend = 500.0 * f64::from(i);
            let value = beta * spend.powf(1.3) / (half.powf(1.3) + spend.powf(1.3));
            Point::at(spend, value).within(value * 0.8, value * 1.15)
        })
    };
    let bare = |point: Point| Point { interval: None, ..point };
    chart.series = vec![
        Series::main(Label::Name("Search".into()), response(42_000.0, 3_000.0).collect()),
        Series::main(Label::Name("Social".into()), response(25_000.0, 5_000.0).map(bare).collect()),
        Series::reference(word("column", "spend"), vec![Point::at(0.0, 0.0), Point::at(12_000.0, 12_000.0)]),
    ];
    chart
}

/// One of each kind.
pub(crate) fn each_kind() -> Vec<Sample> {
    let sample = |name, chart, en, zh| Sample { name, chart, en, zh };
    vec![
        sample(
            "line",
            line(),
            "Monthly revenue, 1 July 2025 to 21 June 2026",
            "每月销售额，2025年7月1日至2026年6月21日",
        ),
        sample("bar", bar(), "Revenue by city, June 2026", "各城市的销售额，2026年6月"),
        sample("grouped_bar", grouped_bar(), "Revenue by category, 2026", "各品类的销售额，2026年"),
        sample("heat_map", heat_map(), "Customers by recency and frequency", "客户的最近购买与购买频次分布"),
        sample(
            "interval",
            interval(),
            "The most valuable customers, 1 July 2026 to 30 June 2027",
            "最有价值的客户，2026年7月1日至2027年6月30日",
        ),
        sample("curve", curve(), "Revenue by weekly ad spend", "每周广告花费与销售额"),
    ]
}

/// What breaks pictures.
pub(crate) fn hard_cases() -> Vec<Sample> {
    let sample = |name, chart| Sample {
        name,
        chart,
        en: "A title that is so long that it takes two lines and is still shortened in the second of them, since nobody reads so long a title, 1 July 2025 to 30 June 2026",
        zh: "一个非常长的标题，长到需要占两行，并且第二行仍然放不下而被截断，因为没有人会读这么长的标题，2025年7月1日至2026年6月30日，再长一些再长一些再长一些",
    };
    let weeks = |n: i32| -> Vec<Label> {
        let monday = Day::from_ymd(2025, 6, 30).unwrap();
        (0..n).map(|i| Label::time("week", monday.plus(7 * i))).collect()
    };
    let days = |n: i32| -> Vec<Label> {
        let day = Day::from_ymd(2026, 5, 28).unwrap();
        (0..n).map(|i| Label::time("day", day.plus(i))).collect()
    };
    let many: Vec<String> = (0..25)
        .map(|i| format!("超长的中文商品名称套装{i}，Extra long product name {i} in a gift box"))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut outlier = wave(10, 900.0);
    outlier[3] = 98_765_432.1;
    let mut gaps = revenue_by("month", ChartKind::Line, months(12), &wave(12, 5_000.0));
    for at in [2, 5, 6] {
        gaps.series[0].points[at].y = None;
    }
    let mut partly = revenue_by("month", ChartKind::Line, months(3), &[10.0, 12.0, 9.0]);
    partly.series[0].points.iter_mut().for_each(|point| point.partial = true);
    let mut of_many = revenue_by("product", ChartKind::Bar, names(&many), &wave(25, 70_000.0));
    of_many.of = Some(60);
    let mut shares = revenue_by(
        "month",
        ChartKind::Line,
        months(9),
        &[0.412, 0.408, 0.415, 0.42, 0.418, 0.421, 0.409, 0.411, 0.416],
    );
    shares.y = Axis::of(word("metric", "repeat_rate"), Unit::Share);
    let mut heat = heat_map();
    heat.series[0].points[0].y = Some(-1_234_567.0);
    heat.series[4].points[4].y = Some(12_345_678_901.0);
    let mut wide = heat_map();
    wide.categories = months(25);
    for series in &mut wide.series {
        series.points = wave(25, 123_456.0).into_iter().map(|y| Point::of(Some(y))).collect();
    }
    let mut ties = line();
    ties.series[1] = Series::before(word("compare", "previous_year"), ties.series[0].points.clone());
    let mut not_numbers = bar();
    not_numbers.series[0].points[1].y = Some(f64::NAN);
    not_numbers.series[0].points[2].y = Some(f64::INFINITY);
    let mut one_curve = curve();
    one_curve.series.truncate(1);
    one_curve.series[0].points.truncate(1);
    let mut grouped = grouped_bar();
    grouped
        .series
        .push(Series::main(Label::Name("<b>&\"'\u{0}\u{202e}".into()), points(&[-9.0, 1.0, 2.0, 3.0, 4.0])));
    let mut whiskers = bar();
    for point in &mut whiskers.series[0].points {
        *point = point.clone().within(point.y.unwrap() * 0.3, point.y.unwrap() * 3.5);
    }
    vec![
        sample("weeks", revenue_by("week", ChartKind::Line, weeks(52), &wave(52, 45_000.0))),
        sample("days", revenue_by("day", ChartKind::Line, days(34), &wave(34, 1_450.0))),
        sample("one_point", revenue_by("month", ChartKind::Line, months(1), &[84_000.0])),
        sample("two_points", revenue_by("month", ChartKind::Line, months(2), &[84_000.0, 21_000.0])),
        sample("line_of_zeros", revenue_by("month", ChartKind::Line, months(6), &[0.0; 6])),
        sample(
            "line_below_zero",
            revenue_by("month", ChartKind::Line, months(6), &[4_000.0, -8_000.0, -2_500.0, 900.0, -1.0, 0.0]),
        ),
        sample("line_outlier", revenue_by("month", ChartKind::Line, months(10), &outlier)),
        sample("line_gaps", gaps),
        sample("line_all_partial", partly),
        sample("line_shares", shares),
        sample("line_same_twice", ties),
        sample("many_bars", of_many),
        sample(
            "bars_below_zero",
            revenue_by(
                "city",
                ChartKind::Bar,
                names(&["Paris", "Rome", "Bonn", "Oslo"]),
                &[52_000.0, -31_000.0, -220.0, 8.0],
            ),
        ),
        sample("bars_of_zeros", revenue_by("city", ChartKind::Bar, names(&["Paris", "Rome"]), &[0.0, 0.0])),
        sample("bar_outlier", revenue_by("city", ChartKind::Bar, names(&many[..10]), &outlier)),
        sample("one_bar", revenue_by("city", ChartKind::Bar, names(&["Paris"]), &[12.5])),
        sample("bars_not_numbers", not_numbers),
        sample("bars_with_intervals", whiskers),
        sample("groups_of_three", grouped),
        sample("heat_extremes", heat),
        sample("heat_wide", wide),
        sample("curve_one_point", one_curve),
    ]
}
