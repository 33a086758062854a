//! Takes the scenarios out of `examples/01-hello-world/tests/in_memory.rs` as they are: all of the file but
//! its harness function and the service that this starts on the broker in memory.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

const EXAMPLE: &str = "../../examples/01-hello-world/tests/in_memory.rs";
const FIRST_SCENARIO: &str = "/// Pass:";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={EXAMPLE}");
    println!("cargo::rerun-if-changed=build.rs");
    let text = fs::read_to_string(EXAMPLE)?;
    let (setup, scenarios) = text
        .split_once(FIRST_SCENARIO)
        .ok_or("the example has no scenario that passes")?;
    if !setup.contains("#[choreo::harness]") || scenarios.matches("#[choreo::scenario").count() < 5
    {
        return Err(format!("{EXAMPLE} is not one harness function and five scenarios").into());
    }
    let target = Path::new(&env::var("OUT_DIR")?).join("scenarios.rs");
    fs::write(target, format!("{FIRST_SCENARIO}{scenarios}"))?;
    Ok(())
}
