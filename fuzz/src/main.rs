//! Runs the target that `FUZZ_TARGET` names under libFuzzer; `fuzz/run` builds and calls it.

#![no_main]

use std::sync::LazyLock;

use davgroups::fuzzing::{TARGETS, Target};
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let wanted = std::env::var("FUZZ_TARGET").expect("FUZZ_TARGET names a target");
    let found = TARGETS.iter().find(|(name, _)| *name == wanted);
    found.unwrap_or_else(|| panic!("there is no target {wanted}")).1
});

fuzz_target!(|input: &[u8]| TARGET(input));
