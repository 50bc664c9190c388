//! Files, ports and artefacts that a broker is started with.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Writes a file beside the path, then renames it: nobody ever reads half of it.
pub fn replace(path: &Path, content: &str) {
    let beside = path.with_extension("new");
    std::fs::write(&beside, content).expect("writing beside the file");
    std::fs::rename(&beside, path).expect("renaming over the file");
}

/// A port that nothing listens on and that no other test of this process was given. It is none of those that connections
/// and listeners without a port of their own are given: one of them could take it before it is listened on.
pub fn free_address() -> SocketAddr {
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 20_000;
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    // Processes that run side by side begin in different places.
    let start = std::process::id().wrapping_mul(613);
    loop {
        let number = start.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(FIRST + number % COUNT).expect("a port");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
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
