//! How does "8万", `4.0` or 上个月 become the argument that a tool takes?
//!
//! Models and people write nearly right arguments. Before serde they are mended by the tool's own schema: numbers in
//! words, JSON inside a string or a code fence, names of choices in either language, names of arguments in another
//! style. What cannot be mended stays as it is, so that the tool's error names it. Each mend is logged and returned.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::planner::parse_number;
use crate::domain::{Day, Lang};
use crate::prompts::Prompts;

/// One argument that was mended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Repair {
    /// Where, `filter.city`; empty for the arguments as a whole.
    pub path: String,
    /// As written.
    pub from: Value,
    /// As the tool takes it; `null` where it was taken out.
    pub to: Value,
}

/// The arguments as the schema (plain, references inlined) wants them, and what was mended for it.
pub fn repair(args: &Value, schema: &Value, prompts: &Prompts) -> (Value, Vec<Repair>) {
    let mut mender = Mender { prompts, done: Vec::new() };
    let args = match args {
        Value::String(text) => match json_inside(text) {
            Some(inside) => mender.note("", args, inside),
            None => args.clone(),
        },
        Value::Null => mender.note("", args, Value::Object(Map::new())),
        other => other.clone(),
    };
    let args = mender.mend("", args, schema);
    for repair in &mender.done {
        tracing::info!(path = %repair.path, from = %repair.from, to = %repair.to, "argument mended");
    }
    (args, mender.done)
}

/// What models write where they want to leave an argument out.
const NONE: [&str; 8] = ["none", "null", "nil", "na", "all", "any", "无", "全部"];
/// What models write beside the arguments, for nobody.
const ASIDES: [&str; 6] = ["reason", "reasoning", "explanation", "thought", "rationale", "comment"];

/// Vocabularies of small words: their keys name no choice.
const NO_NAMES: [&str; 8] =
    ["bot_command", "cue", "grouping", "metric_hint", "common", "spelling", "command", "definition"];

struct Mender<'a> {
    prompts: &'a Prompts,
    done: Vec<Repair>,
}

impl Mender<'_> {
    fn note(&mut self, path: &str, from: &Value, to: Value) -> Value {
        self.done.push(Repair { path: path.to_owned(), from: from.clone(), to: to.clone() });
        to
    }

    /// The value mended as far as this schema asks for it.
    fn mend(&mut self, path: &str, value: Value, schema: &Value) -> Value {
        if fits(&value, schema) && !value.is_object() {
            return value;
        }
        if let Some(several) = alternatives(schema) {
            return self.mend_one_of(path, value, several);
        }
        let mended = match kind(schema) {
            Some("object") => {
                let object = match &value {
                    Value::String(text) => {
                        json_inside(text).filter(Value::is_object).or_else(|| days(text, schema))
                    }
                    _ => None,
                };
                let value = match object {
                    Some(object) => self.note(path, &value, object),
                    None => value,
                };
                return match value {
                    Value::Object(object) => self.mend_object(path, object, schema),
                    other => other,
                };
            }
            Some("array") => return self.mend_array(path, value, schema),
            Some("integer") => whole(&value),
            Some("number") => number(&value),
            Some("boolean") => truth(&value),
            Some("string") if value.is_number() => Some(Value::String(value.to_string())),
            Some("string") => self.choice(&value, schema).or_else(|| date(path, &value, schema)),
            _ => self.choice(&value, schema),
        };
        match mended {
            Some(mended) if mended != value => self.note(path, &value, mended),
            _ => value,
        }
    }

    /// The first alternative that the mended value fits.
    fn mend_one_of(&mut self, path: &str, value: Value, several: &[Value]) -> Value {
        let before = self.done.len();
        for schema in several.iter().filter(|schema| kind(schema) != Some("null")) {
            let mended = self.mend(path, value.clone(), schema);
            if fits(&mended, schema) {
                return mended;
            }
            self.done.truncate(before);
        }
        value
    }

    fn mend_object(&mut self, path: &str, object: Map<String, Value>, schema: &Value) -> Value {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return Value::Object(object);
        };
        let mut mended = Map::new();
        for (name, value) in object {
            let known = if properties.contains_key(&name) {
                None
            } else {
                properties.keys().find(|known| fold(known) == fold(&name)).cloned()
            };
            let key = known.unwrap_or_else(|| name.clone());
            let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            if key != name {
                self.note(&below, &Value::String(name.clone()), Value::String(key.clone()));
            }
            let Some(schema) = properties.get(&key) else {
                // what says nothing, or only why it was called, is no argument
                if is_nothing(&value) || ASIDES.contains(&key.as_str()) {
                    self.note(&below, &value, Value::Null);
                } else {
                    mended.insert(key, value);
                }
                continue;
            };
            let before = self.done.len();
            let was = value.clone();
            let value = self.mend(&below, value, schema);
            // left out, null and "none" are the same: the default
            let none = value.as_str().is_some_and(|text| NONE.contains(&fold(text).as_str()));
            if value.is_null() || none && !fits(&value, schema) || is_nothing(&was) && !was.is_object() {
                self.done.truncate(before);
                self.note(&below, &was, Value::Null);
                continue;
            }
            mended.insert(key, value);
        }
        Value::Object(mended)
    }

    fn mend_array(&mut self, path: &str, value: Value, schema: &Value) -> Value {
        let inside = match &value {
            Value::String(text) => json_inside(text).filter(Value::is_array),
            _ => None,
        };
        let value = match (inside, value) {
            (Some(array), value) => self.note(path, &value, array),
            (None, value @ (Value::Array(_) | Value::Null)) => value,
            (None, one) => self.note(path, &one, Value::Array(vec![one.clone()])),
        };
        match (value, schema.get("items")) {
            (Value::Array(items), Some(schema)) => {
                let mend = |(i, item)| self.mend(&format!("{path}[{i}]"), item, schema);
                Value::Array(items.into_iter().enumerate().map(mend).collect())
            }
            (value, _) => value,
        }
    }

    /// One of the choices, in another style of writing or in words of either language.
    fn choice(&self, value: &Value, schema: &Value) -> Option<Value> {
        let choices = choices(schema);
        let said = fold(value.as_str()?);
        if let Some(choice) = choices.iter().find(|choice| fold(choice) == said) {
            return Some(Value::String(choice.clone()));
        }
        let means = |choice: &&String| {
            self.prompts.vocabularies().filter(|(kind, _)| !NO_NAMES.contains(kind)).any(|(_, words)| {
                words.get(choice.as_str()).is_some_and(|word| {
                    Lang::ALL.into_iter().flat_map(|lang| word.all(lang)).any(|wording| fold(wording) == said)
                })
            })
        };
        choices.iter().find(means).map(|choice| Value::String(choice.clone()))
    }
}

/// Lower case, letters and digits only: "Last Month", `lastMonth` and `last_month` are one.
fn fold(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The JSON value in a text, a code fence or words around it allowed.
fn json_inside(text: &str) -> Option<Value> {
    let text = text.trim();
    let unfenced = text
        .strip_prefix("```")
        .and_then(|rest| rest.split_once('\n'))
        .map(|(_, body)| body.trim_end().trim_end_matches("```").trim())
        .unwrap_or(text);
    serde_json::from_str::<Value>(unfenced).ok().filter(|value| value.is_object() || value.is_array())
}

fn alternatives(schema: &Value) -> Option<&Vec<Value>> {
    if !choices(schema).is_empty() {
        return None;
    }
    ["anyOf", "oneOf"].into_iter().find_map(|key| schema.get(key)?.as_array())
}

/// The type, leaving out "or null".
fn kind(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(kind) => Some(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        _ => None,
    }
}

/// Every text that the schema lists: `enum`, or `oneOf` of constants.
fn choices(schema: &Value) -> Vec<String> {
    let texts = |values: &Vec<Value>| -> Vec<String> {
        values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return texts(values);
    }
    if let Some(one) = schema.get("const").and_then(Value::as_str) {
        return vec![one.to_owned()];
    }
    let Some(several) = ["oneOf", "anyOf"].into_iter().find_map(|key| schema.get(key)?.as_array()) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for schema in several {
        let listed = choices(schema);
        if listed.is_empty() && kind(schema) != Some("null") {
            return Vec::new();
        }
        all.extend(listed);
    }
    all
}

/// Whether the value has the schema's shape; bounds are the tool's business.
fn fits(value: &Value, schema: &Value) -> bool {
    let listed = choices(schema);
    if !listed.is_empty() {
        return value.as_str().is_some_and(|text| listed.iter().any(|choice| choice == text));
    }
    if let Some(several) = alternatives(schema) {
        return several.iter().any(|schema| fits(value, schema));
    }
    match kind(schema) {
        Some("object") => {
            let Some(object) = value.as_object() else { return false };
            let required = schema.get("required").and_then(Value::as_array);
            let has_required = required.is_none_or(|names| {
                names.iter().filter_map(Value::as_str).all(|name| object.contains_key(name))
            });
            let properties = schema.get("properties").and_then(Value::as_object);
            has_required
                && object.iter().all(|(name, value)| {
                    properties.is_none_or(|known| known.get(name).is_some_and(|schema| fits(value, schema)))
                })
        }
        Some("array") => value.is_array(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("string") => value.as_str().is_some_and(|text| !is_date(schema) || Day::parse(text).is_some()),
        Some("null") => value.is_null(),
        _ => true,
    }
}

fn number(value: &Value) -> Option<Value> {
    let number = parse_number(value.as_str()?)?;
    whole(&Value::from(number)).or_else(|| Some(Value::from(number)))
}

/// Above this a float no longer holds every whole number.
const WHOLE_MOST: f64 = 9_007_199_254_740_992.0;

fn whole(value: &Value) -> Option<Value> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => parse_number(text)?,
        _ => return None,
    };
    (number.fract().abs() < f64::EPSILON && number.abs() < WHOLE_MOST).then(|| Value::from(number as i64))
}

fn truth(value: &Value) -> Option<Value> {
    match value.as_str()?.trim().to_lowercase().as_str() {
        "true" | "yes" | "1" | "是" | "对" => Some(Value::Bool(true)),
        "false" | "no" | "0" | "否" | "不" => Some(Value::Bool(false)),
        _ => None,
    }
}

fn is_date(schema: &Value) -> bool {
    schema.get("format").and_then(Value::as_str) == Some("date")
}

/// Nothing at all, however it is written.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The numbers of a date, year first.
fn date_parts(text: &str) -> Vec<i16> {
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok());
    let parts: Vec<i16> = numbers.collect();
    if parts.first().is_some_and(|year| (1900..=2100).contains(year)) { parts } else { Vec::new() }
}

/// "2026/5/1", 2026年5月1日: year, month and day in this order; of a month its first day, its last for `to`.
fn date(path: &str, value: &Value, schema: &Value) -> Option<Value> {
    if !is_date(schema) {
        return None;
    }
    let text = value.as_str()?;
    // a time of the day behind it is left out
    let text = text.split_once('T').map_or(text, |(date, _)| date);
    let day = match date_parts(text).as_slice() {
        [year, month, day] => Day::from_ymd(*year, i8::try_from(*month).ok()?, i8::try_from(*day).ok()?)?,
        [year, month] => {
            let first = Day::from_ymd(*year, i8::try_from(*month).ok()?, 1)?;
            if path.ends_with("to") { first.month_start(1).plus(-1) } else { first }
        }
        _ => return None,
    };
    Some(Value::String(day.to_string()))
}

/// "2026-05", "2026", "2026-05-03 to 2026-05-09" where first and last day are wanted.
fn days(text: &str, schema: &Value) -> Option<Value> {
    let properties = schema.get("properties")?.as_object()?;
    if properties.len() != 2 || !["from", "to"].iter().all(|end| properties.get(*end).is_some_and(is_date)) {
        return None;
    }
    let day = |year: i16, month: i16, day: i16| {
        Day::from_ymd(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?)
    };
    let quarter = text.contains(['q', 'Q']) || text.contains("季度");
    let (from, to) = match date_parts(text).as_slice() {
        [year] => (day(*year, 1, 1)?, day(*year, 12, 31)?),
        [year, quarter_no] if quarter => {
            let first = day(*year, quarter_no * 3 - 2, 1)?;
            (first, first.month_start(3).plus(-1))
        }
        [year, month] => {
            let first = day(*year, *month, 1)?;
            (first, first.month_start(1).plus(-1))
        }
        [year, month, date] => (day(*year, *month, *date)?, day(*year, *month, *date)?),
        [y, m, d, to_y, to_m, to_d] => (day(*y, *m, *d)?, day(*to_y, *to_m, *to_d)?),
        _ => return None,
    };
    Some(serde_json::json!({"from": from.to_string(), "to": to.to_string()}))
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde_json::json;

    use super::*;
    use crate::domain::Period;
    use crate::tool::schema;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Args {
        metric: Metric,
        period: Option<Period>,
        top: Option<u32>,
        rate: Option<f64>,
        filter: Option<Filter>,
        names: Option<Vec<String>>,
    }

    #[derive(JsonSchema)]
    #[serde(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only its schema is used")]
    enum Metric {
        Revenue,
        NewCustomers,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Filter {
        city: Option<String>,
    }

    #[track_caller]
    fn check(args: Value, expected: Value, mends: usize) {
        let prompts = Prompts::load().unwrap();
        let (mended, done) = repair(&args, &schema::plain::<Args>(), &prompts);
        assert_eq!(mended, expected);
        assert_eq!(done.len(), mends, "{done:?}");
    }

    #[test]
    fn what_is_right_stays() {
        let args =
            json!({"metric": "revenue", "period": {"from": "2026-05-01", "to": "2026-05-31"}, "top": 4});
        check(args.clone(), args, 0);
    }

    #[test]
    fn numbers_in_words() {
        check(json!({"top": 4.0, "rate": "8%"}), json!({"top": 4, "rate": 0.08}), 2);
        check(json!({"top": "1,000", "rate": "60k"}), json!({"top": 1000, "rate": 60_000}), 2);
        check(json!({"top": "8万"}), json!({"top": 80_000}), 1);
        check(json!({"top": "a dozen"}), json!({"top": 12}), 1);
    }

    #[test]
    fn choices_in_either_language_and_any_style() {
        check(json!({"metric": "销售额"}), json!({"metric": "revenue"}), 1);
        check(json!({"metric": "New Customers"}), json!({"metric": "new_customers"}), 1);
        check(json!({"period": "上个月"}), json!({"period": "last_month"}), 1);
        check(json!({"period": "Last Month"}), json!({"period": "last_month"}), 1);
    }

    #[test]
    fn json_where_a_text_was_written() {
        let expected = json!({"metric": "revenue", "filter": {"city": "Paris"}});
        check(
            json!("```json\n{\"metric\": \"revenue\", \"filter\": {\"city\": \"Paris\"}}\n```"),
            expected.clone(),
            1,
        );
        check(json!({"metric": "revenue", "filter": "{\"city\": \"Paris\"}"}), expected, 1);
        check(json!({"names": "Emma"}), json!({"names": ["Emma"]}), 1);
        check(
            json!({"period": "{\"from\": \"2026/5/1\", \"to\": \"2026年5月31日\"}"}),
            json!({"period": {"from": "2026-05-01", "to": "2026-05-31"}}),
            3,
        );
    }

    #[test]
    fn names_of_arguments_and_nothing() {
        check(json!({"Metric": "revenue", "top": null}), json!({"metric": "revenue"}), 2);
    }

    #[test]
    fn days_of_months_quarters_and_years() {
        let period = |text: &str, from: &str, to: &str| {
            check(json!({"period": text}), json!({"period": {"from": from, "to": to}}), 1);
        };
        period("2026-05", "2026-05-01", "2026-05-31");
        period("2026年2月", "2026-02-01", "2026-02-28");
        period("2026-Q2", "2026-04-01", "2026-06-30");
        period("2025", "2025-01-01", "2025-12-31");
        period("2026-05-03", "2026-05-03", "2026-05-03");
        period("2026-05-03 to 2026-05-09", "2026-05-03", "2026-05-09");
        let months = json!({"period": {"from": "2026-04", "to": "2026-05"}});
        check(months, json!({"period": {"from": "2026-04-01", "to": "2026-05-31"}}), 2);
        let times = json!({"period": {"from": "2026-04-01T00:00:00Z", "to": "2026-04-30T23:59:59Z"}});
        check(times, json!({"period": {"from": "2026-04-01", "to": "2026-04-30"}}), 2);
        let wrong = json!({"period": "2026-13"});
        check(wrong.clone(), wrong, 0);
    }

    #[test]
    fn what_is_left_out_in_other_words() {
        let args =
            json!({"metric": "revenue", "period": "none", "names": [], "reason": "asked", "limit": null});
        check(args, json!({"metric": "revenue"}), 4);
        check(json!({"filter": {"city": "None"}}), json!({"filter": {"city": "None"}}), 0);
    }

    #[test]
    fn what_cannot_be_mended_stays() {
        let args = json!({"metric": "happiness", "top": "many", "unknown": 1});
        check(args.clone(), args, 0);
    }
}
