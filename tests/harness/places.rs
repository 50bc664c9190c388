//! Files, ports and artefacts that a broker is started with.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

/// Writes a file beside the path, then renames it: nobody ever reads half of it.
pub fn replace(path: &Path, content: &str) {
    let beside = path.with_extension("new");
    std::fs::write(&beside, content).expect("writing beside the file");
    std::fs::rename(&beside, path).expect("renaming over the file");
}

/// A port that nothing listens on and that no other test of this process was given.
pub fn free_address() -> SocketAddr {
    static GIVEN: OnceLock<Mutex<HashSet<u16>>> = OnceLock::new();
    loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("the address of a listener");
        if GIVEN
            .get_or_init(Mutex::default)
            .lock()
            .expect("the given ports")
            .insert(address.port())
        {
            return address;
        }
    }
}

/// The `broker` command: `BROKER_BIN`, or the workspace's debug build.
pub fn binary() -> PathBuf {
    from_env("BROKER_BIN", "target/debug/broker")
}

/// The filter: `MODEL_BROKER_WASM`, or the workspace's release build.
pub fn wasm() -> PathBuf {
    from_env(
        "MODEL_BROKER_WASM",
        "target/wasm32-wasip1/module/model_broker.wasm",
    )
}

/// The reference rate limit service: `RATELIMIT_BIN`, or what scripts/setup.sh built.
pub fn ratelimit() -> PathBuf {
    from_env("RATELIMIT_BIN", ".tools/ratelimit/ratelimit")
}

/// Redis: `REDIS_BIN`, or that of the path.
pub fn redis() -> PathBuf {
    std::env::var_os("REDIS_BIN").map_or_else(|| PathBuf::from("redis-server"), PathBuf::from)
}

/// The root of the workspace: `broker` runs there, and finds the Envoy that scripts/setup.sh installed.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace around the tests")
}

fn from_env(variable: &str, in_workspace: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| workspace().join(in_workspace), PathBuf::from)
}
