#!/usr/bin/env bash
# Every test there is, as the build server runs them. Goes on after a failed step and says so at the end.
#
#   scripts/test.sh                 all steps
#   scripts/test.sh clippy e2e      only these

set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$ROOT"

# What an operator ships to each Envoy.
MODULE_BUDGET=4000000
# How long the advisory database, which lives on GitHub, may take.
FETCH_SECONDS=60

ALL_STEPS=(scripts fmt clippy clippy-wasm native wasm module deny e2e sdk sdk-node conformance)

# A step leaves with this when it cannot be done on this machine.
LEFT_OUT=77

leave_out() {
  say "left out: $*"
  exit "$LEFT_OUT"
}

# --- the steps

step_scripts() {
  local script
  for script in scripts/*.sh .ci/run; do
    bash -n "$script"
  done
  has shellcheck || leave_out "shellcheck is not installed; bash could read every script"
  shellcheck -x scripts/*.sh .ci/run
}

step_fmt() {
  [ -z "$RUST_FROM_DEBIAN" ] || leave_out "Debian's compiler comes without rustfmt"
  cargo fmt --all --check
}

step_clippy() {
  [ -z "$RUST_FROM_DEBIAN" ] || leave_out "Debian's compiler comes without clippy"
  cargo clippy --workspace --all-targets -- -D warnings
}

step_clippy_wasm() {
  [ -z "$RUST_FROM_DEBIAN" ] || leave_out "Debian's compiler comes without clippy"
  cargo clippy --target wasm32-wasip1 -p model-broker-filter -- -D warnings
}

# Everything but the end-to-end tests, which need the module and an Envoy.
step_native() {
  "${CARGO[@]}" test --workspace --exclude model-broker-tests
  "${CARGO[@]}" test -p model-broker-tests --lib --bins
}

# The same tests of shared/, in the instruction set that Envoy runs.
step_wasm() {
  need_node
  need_wasm_test_runner
  "${CARGO[@]}" test "${BUILD_STD[@]}" -p model-broker-json -p model-broker-shared --target wasm32-unknown-unknown
}

step_module() {
  build_filter
  local size
  size="$(module_size)"
  [ "$size" -lt "$MODULE_BUDGET" ] || fail "the module has $size bytes; the budget is $MODULE_BUDGET"
}

step_deny() {
  need_cargo_deny
  local deny="$TOOLS/cargo/bin/cargo-deny"
  "$deny" check bans licenses sources
  if timeout "$FETCH_SECONDS" "$deny" fetch db >/dev/null 2>&1; then
    "$deny" check --disable-fetch advisories
  else
    say "not checked: advisories; their database at github.com did not answer within $FETCH_SECONDS s"
  fi
}

step_e2e() {
  need_envoy
  need_redis
  need_ratelimit
  build_filter
  build_broker
  "${CARGO[@]}" test -p model-broker-tests --test e2e
}

step_sdk() {
  need_envoy
  need_sdk
  build_filter
  build_broker
  build_simulator
  "$TOOLS/sdk/bin/python" -m pytest -q --tb=short -p no:cacheprovider tests/sdk
}

# The other SDKs against the same broker and simulators, which the Python suite knows how to start.
step_sdk_node() {
  need_envoy
  need_sdk
  need_sdk_node
  build_filter
  build_broker
  build_simulator
  "$TOOLS/sdk/bin/python" tests/sdk/serve.py node --test tests/sdk-node/suite.test.js
}

# Frameworks and command lines, on the same broker and simulators: each of the three has its own, so that they can run at
# the same time.
step_conformance() {
  need_envoy
  need_conformance
  build_filter
  build_broker
  build_simulator
  local bin="$TOOLS/conformance/bin" logs="$TOOLS/conformance/logs"
  local test=("$bin/python" -m pytest -q -rs --tb=short -W ignore -p no:cacheprovider)
  mkdir -p "$logs"
  "${test[@]}" tests/conformance/test_langchain.py tests/conformance/test_llama_index.py &>"$logs/frameworks" &
  local jobs=("frameworks $!")
  "${test[@]}" tests/conformance/test_claude_code.py tests/conformance/test_codex.py &>"$logs/command-lines" &
  jobs+=("command-lines $!")
  "$bin/python" tests/sdk/serve.py "$bin/node" --test tests/conformance/vercel.test.js &>"$logs/vercel" &
  jobs+=("vercel $!")
  local job status=0
  for job in "${jobs[@]}"; do
    wait "${job##* }" || status=1
    cat "$logs/${job%% *}"
  done
  return "$status"
}

# --- running them

passed=0
failed=()
left_out=()

# In a subshell whose status is read afterwards: inside an `if`, bash would ignore `set -e` in the whole step.
run_step() {
  local step="$1" started="$SECONDS" status
  say ""
  say "=== $step"
  set +e
  (
    set -e
    "step_${step//-/_}"
  )
  status=$?
  set -e
  case "$status" in
    0) passed=$((passed + 1)) ;;
    "$LEFT_OUT") left_out+=("$step") ;;
    *) failed+=("$step") ;;
  esac
  say "--- $step: $(verdict "$status") in $((SECONDS - started)) s"
}

verdict() {
  case "$1" in
    0) printf 'passed' ;;
    "$LEFT_OUT") printf 'left out' ;;
    *) printf 'FAILED' ;;
  esac
}

steps=("$@")
[ $# -gt 0 ] || steps=("${ALL_STEPS[@]}")
for step in "${steps[@]}"; do
  [[ " ${ALL_STEPS[*]} " == *" $step "* ]] || fail "no step \`$step\`; there are: ${ALL_STEPS[*]}"
done

need_rust
for step in "${steps[@]}"; do
  run_step "$step"
done

say ""
[ ${#left_out[@]} -eq 0 ] || say "left out: ${left_out[*]}"
[ ${#failed[@]} -eq 0 ] || say "failed: ${failed[*]}"
echo "$passed passed, ${#failed[@]} failed"
[ ${#failed[@]} -eq 0 ]
