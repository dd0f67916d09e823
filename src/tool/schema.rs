//! How is a tool's argument struct shown to a language model?
//!
//! Three renderings of the one schema that schemars makes, since servers differ in what they take.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// For whom the schema is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Rendering {
    /// OpenAI's rules for structured calls: every property required, optional ones nullable, nothing open.
    Strict,
    /// JSON Schema as it is, references inlined.
    Plain,
    /// Without patterns, lengths and ranges, for local servers that build grammars.
    Reduced,
}

/// Keywords that OpenAI's strict mode does not take.
const NOT_STRICT: [&str; 12] = [
    "default",
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minItems",
    "maxItems",
    "title",
];
/// Keywords that make grammars of local servers slow or wrong.
const NOT_REDUCED: [&str; 12] = NOT_STRICT;

/// The arguments' schema with references inlined, without the meta-schema's own keys.
pub fn plain<Args: JsonSchema>() -> Value {
    let mut generator =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).into_generator();
    let mut schema = generator.root_schema_for::<Args>().to_value();
    if let Some(root) = schema.as_object_mut() {
        root.remove("$schema");
        root.remove("title");
    }
    schema
}

/// One of the renderings of a plain schema.
pub fn render(plain: &Value, rendering: Rendering) -> Value {
    match rendering {
        Rendering::Plain => plain.clone(),
        Rendering::Strict => strict(plain),
        Rendering::Reduced => without(plain, &NOT_REDUCED),
    }
}

fn strict(schema: &Value) -> Value {
    let mut schema = without(schema, &NOT_STRICT);
    close(&mut schema);
    schema
}

/// Drops keywords wherever they are keywords (a property may well be called `format`).
fn without(schema: &Value, keywords: &[&str]) -> Value {
    match schema {
        Value::Object(object) => {
            let kept = object.iter().filter(|(key, _)| !keywords.contains(&key.as_str()));
            Value::Object(
                kept.map(|(key, value)| {
                    (
                        key.clone(),
                        if key == "properties" { each(value, keywords) } else { without(value, keywords) },
                    )
                })
                .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| without(item, keywords)).collect()),
        other => other.clone(),
    }
}

fn each(properties: &Value, keywords: &[&str]) -> Value {
    let properties = properties.as_object().cloned().unwrap_or_default();
    Value::Object(properties.into_iter().map(|(name, schema)| (name, without(&schema, keywords))).collect())
}

/// Makes every property of every object required, those that were optional nullable, and objects closed.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties").cloned() {
                let required: Vec<String> = properties.keys().cloned().collect();
                let before = object.get("required").cloned().unwrap_or(json!([]));
                let was_required = |name: &str| {
                    before.as_array().is_some_and(|names| names.iter().any(|known| known == name))
                };
                let properties: Map<String, Value> = properties
                    .into_iter()
                    .map(|(name, property)| {
                        let property = if was_required(&name) { property } else { nullable(property) };
                        (name, property)
                    })
                    .collect();
                object.insert("properties".into(), Value::Object(properties));
                object.insert("required".into(), json!(required));
                object.insert("additionalProperties".into(), json!(false));
            }
            object.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

fn nullable(schema: Value) -> Value {
    let already = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(|kind| kind == "null"),
        _ => schema
            .get("anyOf")
            .and_then(Value::as_array)
            .is_some_and(|any| any.iter().any(|s| s.get("type") == Some(&json!("null")))),
    };
    if already {
        return schema;
    }
    match schema.get("type").cloned() {
        Some(Value::String(kind)) if schema.get("enum").is_none() => {
            let mut schema = schema;
            if let Some(object) = schema.as_object_mut() {
                object.insert("type".into(), json!([kind, "null"]));
            }
            schema
        }
        _ => json!({"anyOf": [schema, {"type": "null"}]}),
    }
}

/// The number under this name and the bounds that it breaks, where the schema has both.
pub fn bounds_broken<'a>(schema: &'a Value, name: &str, args: &'a Value) -> Option<[&'a Value; 3]> {
    let property = schema.get("properties")?.get(name)?;
    let [value, least, most] = [args.get(name)?, property.get("minimum")?, property.get("maximum")?];
    let outside = value.as_f64()? < least.as_f64()? || value.as_f64()? > most.as_f64()?;
    outside.then_some([value, least, most])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Args {
        /// How many.
        #[schemars(range(min = 1, max = 1000))]
        #[schemars(default)]
        top: u32,
        filter: Option<Filter>,
        format: String,
    }
    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Filter {
        city: Option<String>,
    }

    #[test]
    fn strict_closes_objects_and_keeps_a_property_called_format() {
        let schema = render(&plain::<Args>(), Rendering::Strict);
        assert_eq!(schema["required"], json!(["top", "filter", "format"]));
        assert_eq!(schema["additionalProperties"], json!(false));
        assert_eq!(schema["properties"]["top"]["type"], json!(["integer", "null"]));
        assert_eq!(schema["properties"]["format"]["type"], json!("string"));
        let text = schema.to_string();
        assert!(!text.contains("maximum") && !text.contains("default") && !text.contains("$ref"), "{text}");
        let filter = &schema["properties"]["filter"];
        assert_eq!((&filter["required"], &filter["type"]), (&json!(["city"]), &json!(["object", "null"])));
    }

    #[test]
    fn reduced_has_no_ranges_and_plain_has() {
        let schema = plain::<Args>();
        assert_eq!(schema["properties"]["top"]["maximum"], json!(1000));
        let reduced = render(&schema, Rendering::Reduced);
        assert!(reduced["properties"]["top"].get("maximum").is_none());
        assert_eq!(reduced["required"], schema["required"]);
    }
}
