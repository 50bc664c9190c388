//! Golden files: what the code does is written down when it is asked for, to be read before it is kept.

/// Writes a file of `testdata/` if `BLESS` is set, and tells whether it did. There are no files in a browser's engine.
pub fn bless(file: &str, text: &str) -> bool {
    let is_wanted = cfg!(not(target_arch = "wasm32")) && std::env::var_os("BLESS").is_some();
    if is_wanted {
        let root = env!("CARGO_MANIFEST_DIR");
        std::fs::write(format!("{root}/testdata/{file}"), text).unwrap();
    }
    is_wanted
}
