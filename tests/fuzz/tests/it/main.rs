//! Replays the seeds: complete, truncated at every position, and with random mutations.
#![expect(clippy::unwrap_used, reason = "test helpers may panic")]

mod layout;
mod mutate;
mod seeds;

use irsa_fuzz::TARGETS;

use mutate::Mutator;
use seeds::{Running, found, seeds};

/// The number of mutations of each seed.
const MUTATIONS: u32 = 1_500;

/// The number of mutations for the target that signs with RSA, which is slow.
const SIGNED_MUTATIONS: u32 = 100;

#[test]
fn all_seeds_and_their_prefixes_pass() {
    for &(name, target) in TARGETS {
        for seed in seeds(name) {
            for end in 0..=seed.bytes.len() {
                Running::start(name, &seed, &seed.bytes[..end]).run(target);
            }
        }
    }
}

#[test]
fn inputs_found_by_the_fuzzer_pass() {
    for &(name, target) in TARGETS {
        for seed in found(name) {
            Running::start(name, &seed, &seed.bytes).run(target);
        }
    }
}

#[test]
fn mutated_seeds_pass() {
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
                let input = mutator.mutated(&seed.bytes, &other.bytes);
                Running::start(name, seed, &input).run(target);
            }
        }
    }
}
