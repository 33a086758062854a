use std::fs;
use std::path::Path;

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::Value;

use super::*;
use crate::model::Report;

/// Set to anything, it makes the test write the schema instead of comparing it.
const UPDATE: &str = "UPDATE_SCHEMA";

fn generated() -> Value {
    let schema = SchemaSettings::draft2020_12()
        .for_serialize()
        .with_transform(RecursiveTransform(without_null))
        .into_generator()
        .into_root_schema_for::<Report>();
    let mut schema = serde_json::to_value(schema).unwrap();
    schema["$id"] = "urn:choreo:test-report:1.4".into();
    schema["title"] = "Choreo test report, version 1.4".into();
    schema
}

/// Optional fields are left out when there is nothing to say; they are never null.
fn without_null(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    let required = object.get("required").and_then(Value::as_array).cloned();
    let required = required.unwrap_or_default();
    let Some(Value::Object(properties)) = object.get_mut("properties") else {
        return;
    };
    for (name, property) in properties {
        if required.contains(&Value::from(name.as_str())) {
            continue;
        }
        let Value::Object(property) = property else {
            continue;
        };
        if let Some(Value::Array(types)) = property.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                property.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(any)) = property.get_mut("anyOf") {
            any.retain(|schema| schema["type"] != "null");
            if let [Value::Object(only)] = any.as_slice() {
                let only = only.clone();
                property.remove("anyOf");
                property.extend(only);
            }
        }
    }
}

#[test]
fn the_schema_is_that_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/test-report-v1.4.json");
    let generated = generated();
    if std::env::var_os(UPDATE).is_some() {
        let text = serde_json::to_string_pretty(&generated).unwrap();
        fs::write(&path, text + "\n").unwrap();
    }
    let checked_in: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert!(
        generated == checked_in,
        "{} is not what the types say; run\n    {UPDATE}=1 cargo test -p choreo-report schema\nand look at the difference",
        path.display()
    );
}

/// What a schema of the types alone would let through.
#[test]
fn the_schema_is_strict() {
    let schema: Value = serde_json::from_str(V1_4).unwrap();
    let of = |name: &str| &schema["$defs"][name];
    let required = |name: &str| of(name)["required"].as_array().unwrap().len();
    // All fields of version 1.3, the nullable ones included.
    assert_eq!(required("Run"), 17);
    assert_eq!(required("Test"), 15);
    assert_eq!(required("Scenario"), 10);
    assert_eq!(required("Handle"), 14);
    assert_eq!(required("Event"), 4);
    assert_eq!(required("Reply"), 9);
    assert_eq!(
        of("Handle")["properties"]["verdict"]["$ref"],
        "#/$defs/Outcome"
    );
    assert_eq!(of("Handle")["properties"]["transport"]["type"], "string");
    assert_eq!(
        of("Handle")["properties"]["latency_ms"]["anyOf"][1]["type"],
        "null"
    );
    assert_eq!(of("Run")["additionalProperties"], true);
    assert_eq!(schema["properties"]["schema_version"]["const"], "1.4");
}
