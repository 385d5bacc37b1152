//! Every worked example of the choice of a model.

use std::collections::HashMap;
use std::fs;

use evaluators::model_routing::{Choice, RoutingConfig};
use serde_json::Value;

#[test]
fn every_worked_example_comes_out_as_it_is_written() {
    let text = fs::read_to_string("tests/fixtures/evaluators/route_model.json").unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let configs: HashMap<_, _> = file["configs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["name"].as_str().unwrap(), RoutingConfig::parse(&c.to_string()).unwrap()))
        .collect();
    let cases = file["cases"].as_array().unwrap();
    assert!(cases.len() >= 8);
    for case in cases {
        let expect = &case["expect"];
        let found =
            configs[case["config"].as_str().unwrap()].route(case["input"].as_str().unwrap());
        let wanted = Choice {
            model: expect["model"].as_str().unwrap(),
            rule: expect["rule"].as_str(),
            complexity: expect["complexity"].as_f64().unwrap(),
        };
        assert_eq!(found, wanted, "{case}");
    }
}
