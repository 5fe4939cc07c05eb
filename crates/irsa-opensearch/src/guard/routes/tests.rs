//! Tests of invariants of the whole table.

use std::collections::BTreeMap;

use super::*;

fn method(name: &str) -> Method {
    name.parse().unwrap()
}

#[test]
fn every_route_matches_its_own_pattern() {
    for route in routes() {
        let path = route.pattern.replace(['{', '}', '*'], "x");
        let segments: Vec<_> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .collect();
        for name in route.methods.split(' ') {
            let method = method(name);
            let is_found = matching(&method, &segments).any(|found| found == route);
            assert!(is_found, "{name} {path}");
        }
    }
}

#[test]
fn no_two_routes_contradict_each_other() {
    let mut effects = BTreeMap::new();
    for route in routes() {
        for name in route.methods.split(' ') {
            let unnamed: Vec<_> = pattern_segments(route.pattern)
                .map(|segment| placeholder(segment).map_or(segment, |_| "{}"))
                .collect();
            let stated = (route.effect, route.names_indices);
            let before = effects.insert((name, unnamed), stated);
            assert!(
                before.is_none_or(|before| before == stated),
                "{name} {}",
                route.pattern
            );
        }
    }
}

#[test]
fn a_placeholder_does_not_match_an_api_name() {
    for (name, segment) in [
        ("id", "_bulk"),
        ("id", "%5Fbulk"),
        ("id", "%255Fbulk"),
        ("id", ""),
        ("index", "_search"),
        ("index", "orders,_search"),
        ("index", "orders%2C_search"),
        ("index", "orders%2F_search"),
        ("scroll_id", "_all"),
        ("scroll_id", ",_all"),
    ] {
        assert!(!may_be(name, segment), "{name} {segment}");
    }
    for (name, segment) in [
        ("id", "a%2F_b"),
        ("id", "a,_b"),
        ("index", "_all"),
        ("index", "orders,_all"),
        ("index", "-orders_1,archive*"),
        ("index", "%3Corders-%7Bnow%2Fd%7D%3E"),
        ("node_id", "_local"),
    ] {
        assert!(may_be(name, segment), "{name} {segment}");
    }
}
