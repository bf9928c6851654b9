//! The JSON schema of a budgets file, made from the types that read it.
//!
//! Editors complete and check by it; the reader checks more, and says it better. Draft 7, which is
//! what TOML editors know.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::file::File;

/// The schema, as the text of a file.
#[must_use]
pub fn schema() -> String {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<File>().to_value();
    without_null(&mut schema);
    format!("{schema:#}\n")
}

/// Takes `null` out of what a key may hold: TOML has none, a key is left out instead.
fn without_null(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(without_null),
        Value::Object(map) => {
            map.values_mut().for_each(without_null);
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|name| name != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    map.insert("type".to_owned(), one);
                }
            }
            let is_null = |choice: &Value| choice.get("type").is_some_and(|name| name == "null");
            let Some(Value::Array(choices)) = map.get_mut("anyOf") else {
                return;
            };
            choices.retain(|choice| !is_null(choice));
            if choices.len() == 1 {
                // Beside a reference draft 7 reads nothing else, so what stands there goes around it.
                let choices = map.remove("anyOf");
                map.extend(choices.map(|choices| ("allOf".to_owned(), choices)));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `$ref` of the schema leads somewhere, and nothing in it may be null.
    #[test]
    fn the_schema_is_whole() {
        let schema: Value = serde_json::from_str(&schema()).unwrap();
        let mut values = vec![&schema];
        while let Some(value) = values.pop() {
            assert_ne!(value, "null");
            match value {
                Value::Array(more) => values.extend(more),
                Value::Object(map) => {
                    if let Some(Value::String(target)) = map.get("$ref") {
                        let target = target.strip_prefix('#').unwrap();
                        assert!(schema.pointer(target).is_some(), "{target}");
                    }
                    values.extend(map.values());
                }
                _ => {}
            }
        }
        let required = schema["required"].as_array().unwrap();
        assert_eq!(required, &["schema", "subject", "metrics"].map(Value::from));
        let probes = &schema["definitions"]["MetricTable"]["properties"]["probe"]["enum"];
        assert!(
            probes
                .as_array()
                .unwrap()
                .contains(&Value::from("resp-load"))
        );
    }
}
