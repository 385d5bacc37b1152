//! The subset of JSON Schema beside a whole implementation of it: the same verdict of every
//! generated value against every generated schema.

use evaluators::evaluator::Input;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::examples::run;

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..4_i64).prop_map(Value::from),
        prop::sample::select(vec![json!(1.0), json!(0.5), json!(-0.0), json!(1e300), json!(2e0)]),
        prop::sample::select(vec!["", "a", "ab", "éé", "😀", "aab", "1"]).prop_map(Value::from),
    ]
}

fn object(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec!["a", "b", "c", "", "a/b"]).prop_map(str::to_owned);
    prop::collection::hash_map(name, values, 0..4)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 20, 4, |inner| {
        let array = prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from);
        prop_oneof![array, object(inner)]
    })
}

/// One keyword and its value; some of them have schemas in them.
fn keyword(
    schema: impl Strategy<Value = Value> + Clone + 'static,
) -> BoxedStrategy<(String, Value)> {
    let kinds = ["null", "boolean", "number", "integer", "string", "array", "object"];
    let kind = prop::sample::select(kinds.to_vec());
    let named = |name: &str, values: BoxedStrategy<Value>| {
        let name = name.to_owned();
        values.prop_map(move |value| (name.clone(), value)).boxed()
    };
    let count = || (0..4_u64).prop_map(Value::from).boxed();
    let number = || prop_oneof![(-3..4_i64).prop_map(Value::from), Just(json!(0.5))].boxed();
    let schemas = || prop::collection::vec(schema.clone(), 1..3).prop_map(Value::from).boxed();
    let keys = prop::collection::hash_set(prop::sample::select(vec!["a", "b", "", "a/b"]), 0..3);
    prop::strategy::Union::new([
        named("type", kind.clone().prop_map(Value::from).boxed()),
        named("type", prop::collection::hash_set(kind, 1..3).prop_map(|k| json!(k)).boxed()),
        named("enum", prop::collection::vec(value(), 1..4).prop_map(Value::from).boxed()),
        named("const", value().boxed()),
        named("required", keys.prop_map(|keys| json!(keys)).boxed()),
        named("properties", object(schema.clone()).boxed()),
        named("additionalProperties", schema.clone().boxed()),
        named("items", schema.clone().boxed()),
        named("not", schema.clone().boxed()),
        named("allOf", schemas()),
        named("anyOf", schemas()),
        named("oneOf", schemas()),
        named("minLength", count()),
        named("maxLength", count()),
        named("minItems", count()),
        named("maxItems", count()),
        named("minimum", number()),
        named("maximum", number()),
        named("exclusiveMinimum", number()),
        named("exclusiveMaximum", number()),
        named(
            "pattern",
            prop::sample::select(vec!["a", "^a+b?$", "^.$", "\\d"]).prop_map(Value::from).boxed(),
        ),
        named("title", Just(json!("t")).boxed()),
    ])
    .boxed()
}

fn schema() -> impl Strategy<Value = Value> {
    any::<bool>().prop_map(Value::from).prop_recursive(4, 40, 4, |inner| {
        let rules = prop::collection::vec(keyword(inner.clone()), 0..5);
        let object =
            rules.prop_map(|rules| Value::Object(rules.into_iter().collect::<Map<_, _>>()));
        prop_oneof![1 => inner, 4 => object]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_a_whole_implementation(schema in schema(), value in value()) {
        let expected = jsonschema::validator_for(&schema).unwrap().is_valid(&value);
        // In an array: what is judged is a value, and not the chat that it may look like.
        let config = json!({ "schema": { "items": schema } }).to_string();
        let output = json!([value]).to_string();
        let input = Input { output: Some(&output), ..Input::default() };
        let outcome = run("JSON_SCHEMA", &config, &input).unwrap();
        prop_assert_eq!(outcome.pass, expected, "{} {}: {}", config, output, outcome.reasoning);
    }
}

#[test]
fn what_is_no_schema_of_the_subset_says_where() {
    for (schema, place) in [
        (json!({ "properties": { "a": { "$ref": "#" } } }), "schema/properties/a/$ref"),
        (json!({ "anyOf": [true, { "if": true }] }), "schema/anyOf/1/if"),
        (json!({ "type": "text" }), "schema/type"),
        (json!({ "type": [] }), "schema/type"),
        (json!({ "minLength": -1 }), "schema/minLength"),
        (json!({ "minItems": 0.5 }), "schema/minItems"),
        (json!({ "maximum": "1" }), "schema/maximum"),
        (json!({ "enum": "a" }), "schema/enum"),
        (json!({ "required": [1] }), "schema/required"),
        (json!({ "items": [true] }), "schema/items"),
        (json!({ "allOf": [] }), "schema/allOf"),
        (json!({ "pattern": "(" }), "schema/pattern"),
        (json!({ "min_length": 1 }), "schema/min_length"),
    ] {
        let config = json!({ "schema": schema }).to_string();
        let failure = run("JSON_SCHEMA", &config, &Input::default()).unwrap_err();
        assert_eq!(failure.code.as_str(), "INVALID_CONFIG");
        assert!(failure.message.contains(&format!("{place}: ")), "{config}: {}", failure.message);
    }
}
