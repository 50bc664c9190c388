use serde_json::{Value, json};

use super::{DOCUMENT, Rendered, place, wasm_configuration_of};
use crate::render::Place;

fn listener(rendered: &Rendered) -> Option<Value> {
    let listeners = rendered.read("listeners.yaml");
    let mut listeners = listeners["resources"].as_array().unwrap().iter();
    listeners
        .find(|listener| listener["name"] == "model-broker/status")
        .cloned()
}

#[test]
fn the_status_page_has_a_listener_of_its_own() {
    let listener = listener(&Rendered::new()).unwrap();
    assert_eq!(
        listener["address"]["socket_address"],
        json!({"address": "127.0.0.1", "port_value": 9902})
    );
    let manager = &listener["filter_chains"][0]["filters"][0]["typed_config"];
    let filter = &manager["http_filters"][0]["typed_config"];
    assert_eq!(wasm_configuration_of(filter), json!({"status": {}}));
}

#[test]
fn the_status_page_sees_the_brokers_memory() {
    let rendered = Rendered::new();
    let listener = listener(&rendered).unwrap();
    let manager = &listener["filter_chains"][0]["filters"][0]["typed_config"];
    let broker = &rendered.read("filter.yaml")["resources"][0]["typed_config"];
    let vm = |filter: &Value| filter["config"]["vm_config"].clone();
    assert_eq!(vm(&manager["http_filters"][0]["typed_config"]), vm(broker));
}

#[test]
fn the_status_page_can_be_left_out() {
    let rendered = Rendered::new();
    let off = Place {
        status: "off".to_owned(),
        ..place()
    };
    rendered.again_at(&off, DOCUMENT);
    assert_eq!(listener(&rendered), None);
}
