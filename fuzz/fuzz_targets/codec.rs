#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| choreo_test_laws::check("codec", input));
