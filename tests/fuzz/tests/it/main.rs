//! The seeds, replayed by an ordinary test: whole, cut off anywhere, and damaged at random.
#![expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]

mod layout;
mod mutate;
mod seeds;

use irsa_fuzz::TARGETS;

use mutate::Mutator;
use seeds::{Running, found, seeds};

/// Damaged copies of each seed.
const MUTATIONS: u32 = 1_500;

/// Fewer for the target that signs with RSA.
const SIGNED_MUTATIONS: u32 = 100;

#[test]
fn every_seed_passes_whole_and_cut_off() {
    for &(name, target) in TARGETS {
        for seed in seeds(name) {
            for end in 0..=seed.bytes.len() {
                Running::start(name, &seed, &seed.bytes[..end]).run(target);
            }
        }
    }
}

#[test]
fn what_the_fuzzer_found_passes() {
    for &(name, target) in TARGETS {
        for seed in found(name) {
            Running::start(name, &seed, &seed.bytes).run(target);
        }
    }
}

#[test]
fn damaged_seeds_pass() {
    for &(name, target) in TARGETS {
        let seeds = seeds(name);
        let mut mutator = Mutator::new(name);
        let mutations = match name {
            "minted_token" => SIGNED_MUTATIONS,
            _ => MUTATIONS,
        };
        for seed in &seeds {
            for _ in 0..mutations {
                let other = &seeds[mutator.below(seeds.len())];
                let input = mutator.damaged(&seed.bytes, &other.bytes);
                Running::start(name, seed, &input).run(target);
            }
        }
    }
}
