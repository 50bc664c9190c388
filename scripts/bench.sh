#!/usr/bin/env bash
# What the broker costs: CPU time of Envoy and throughput, against plain Envoy with the same calls to the same upstream.
#
#   scripts/bench.sh                 about a quarter of an hour
#   scripts/bench.sh --quick         a quarter of the calls in three rounds
#   scripts/bench.sh --only WORD     only rows with this in their name: Gemini, 400 kB, stream
#   scripts/bench.sh --json FILE     every number of every round, too
#
# Both are the same Envoy with one worker thread; rounds are interleaved. Only the ratios mean anything. Plain Envoy
# writes no access log, the broker does: its record belongs to its cost.

set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

ROUNDS=5
STARTS=3
START_LIMIT_MS=2000
COMPARE=()

while [ $# -gt 0 ]; do
  case "$1" in
    --quick)
      ROUNDS=3
      COMPARE+=(--quick)
      ;;
    --only)
      [ $# -ge 2 ] || fail "--only needs a word"
      COMPARE+=(--only "$2")
      shift
      ;;
    --json)
      [ $# -ge 2 ] || fail "--json needs a file"
      COMPARE+=(--json "$(realpath -m "$2")")
      shift
      ;;
    *) fail "usage: scripts/bench.sh [--quick] [--only WORD] [--json FILE]" ;;
  esac
  shift
done

TOKEN=bench-token
# As large as prompts with images get; the broker's own Envoy configuration allows as much.
BUFFER_LIMIT=37748736

# --- what runs

# The first free port from $1 on.
free_port_from() {
  local port="$1"
  until port_is_free "$port"; do
    port=$((port + 1))
  done
  printf '%s\n' "$port"
}

start_upstream() {
  "$LOAD_BIN" upstream --listen "127.0.0.1:$UPSTREAM" >"$WORK/upstream.log" 2>&1 &
  STARTED+=("$!")
  wait_for_line "$WORK/upstream.log" "upstream ready" "$!" 10 || fail "the upstream did not start: $(cat "$WORK/upstream.log")"
}

write_plain_config() {
  cat >"$1" <<YAML
admin:
  address: {socket_address: {address: 127.0.0.1, port_value: $PLAIN_ADMIN}}
static_resources:
  listeners:
    - name: plain
      address: {socket_address: {address: 127.0.0.1, port_value: $PLAIN}}
      per_connection_buffer_limit_bytes: $BUFFER_LIMIT
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: plain
                route_config:
                  virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes:
                        - match: {prefix: /}
                          route: {cluster: upstream, timeout: 0s}
                          request_body_buffer_limit: $BUFFER_LIMIT
                http_filters:
                  - name: envoy.filters.http.router
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
    - name: upstream
      type: STATIC
      connect_timeout: 5s
      per_connection_buffer_limit_bytes: $BUFFER_LIMIT
      load_assignment:
        cluster_name: upstream
        endpoints:
          - lb_endpoints:
              - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: $UPSTREAM}}}
YAML
}

# The kinds of provider that are asked in another format, and what their models are called.
OTHERS=(openai:responses anthropic:anthropic gemini:gemini bedrock:converse mistral:mistral cohere:cohere)

write_other_providers() {
  local other path
  for other in "${OTHERS[@]}"; do
    # Mistral is asked at OpenAI's path.
    path="$([ "$other" != mistral:mistral ] || printf '/mistral')"
    printf '  - {name: upstream-%s, kind: %s, endpoint: "http://127.0.0.1:%s", credential: {env: BENCH_KEY}}\n' \
      "${other#*:}" "${other%:*}" "$UPSTREAM$path"
  done
}

write_other_models() {
  local other
  for other in "${OTHERS[@]}"; do
    printf '  - {name: bench-%s, targets: [{provider: upstream-%s, model: bench-upstream-model}]}\n' "${other#*:}" "${other#*:}"
  done
}

# The provider's model has another name than the logical one, so that every body is rewritten.
write_broker_config() {
  cat >"$1" <<YAML
providers:
  - {name: upstream-a, kind: openai-compatible, endpoint: "http://127.0.0.1:$UPSTREAM", credential: {env: BENCH_KEY}}
  - {name: upstream-b, kind: openai-compatible, endpoint: "http://127.0.0.1:$UPSTREAM", credential: {env: BENCH_KEY}}
$(write_other_providers)
pools:
  - name: bench-pool
    routing: priority-weighted
    failover: up to 1
    members:
      - {provider: upstream-a, model: bench-upstream-model, weight: 50}
      - {provider: upstream-b, model: bench-upstream-model, weight: 50}
models:
  - {name: bench-model, pool: bench-pool}
$(write_other_models)
identity: {tokens: true}
tenants:
  - {name: acme}
workspaces:
  - {name: bench, tenant: acme}
agents:
  - {name: bench-bot, workspace: bench, token_sha256: $(printf '%s' "$TOKEN" | sha256sum | cut -d' ' -f1)}
prices:
  bench-upstream-model: {input: 0.25, output: 2}
YAML
}

start_plain() {
  write_plain_config "$WORK/plain.yaml"
  "$ENVOY_BIN" -c "$WORK/plain.yaml" --concurrency 1 --disable-hot-restart -l error >"$WORK/plain.log" 2>&1 &
  STARTED+=("$!")
  first_answer "$PLAIN" >/dev/null || fail "plain Envoy does not answer: $(tail -n 20 "$WORK/plain.log")"
}

# Leaves the broker running as the last of STARTED, and in START_MS how long it took to its first answer.
start_broker() {
  local before arguments=(up --config "$WORK/broker.yaml" --listen "127.0.0.1:$BROKER" --admin "127.0.0.1:$BROKER_ADMIN")
  arguments+=(--status off --access-log "$WORK/access.log" --concurrency 1)
  before="$(microseconds)"
  BENCH_KEY=bench-key "$BROKER_BIN" "${arguments[@]}" >"$WORK/broker.log" 2>&1 &
  STARTED+=("$!")
  first_answer "$BROKER" >/dev/null || fail "the broker does not answer: $(tail -n 40 "$WORK/broker.log")"
  START_MS=$((($(microseconds) - before) / 1000))
}

microseconds() { printf '%s\n' "${EPOCHREALTIME//[.,]/}"; }

end_broker() {
  kill "${STARTED[-1]}"
  wait "${STARTED[-1]}" || true
  unset 'STARTED[-1]'
}

first_answer() { "$LOAD_BIN" first-answer --url "$(url "$1")" --token "$TOKEN" --timeout-seconds 30; }

url() { printf 'http://127.0.0.1:%s/v1/chat/completions\n' "$1"; }

middle() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }

# --- in order

set_up_run
build_filter
build_broker
build_load

WORK="$(mktemp -d)"
finish() {
  end_started
  rm -rf "$WORK"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

UPSTREAM="$(free_port_from 19100)"
PLAIN="$(free_port_from $((UPSTREAM + 1)))"
PLAIN_ADMIN="$(free_port_from $((PLAIN + 1)))"
BROKER="$(free_port_from $((PLAIN_ADMIN + 1)))"
BROKER_ADMIN="$(free_port_from $((BROKER + 1)))"

start_upstream
start_plain
write_broker_config "$WORK/broker.yaml"
starts=()
for ((number = 1; number <= STARTS; number++)); do
  [ ${#starts[@]} -eq 0 ] || end_broker
  start_broker
  starts+=("$START_MS")
done

is_within_limits=true
"$LOAD_BIN" compare --plain "$(url "$PLAIN")" --broker "$(url "$BROKER")" --token "$TOKEN" --rounds "$ROUNDS" "${COMPARE[@]}" || is_within_limits=false

start="$(middle "${starts[@]}")"
echo
echo "module: $(module_size) bytes"
echo "start to the first answered call: $start ms (median of $STARTS; the limit is $START_LIMIT_MS ms)"
[ "$start" -lt "$START_LIMIT_MS" ] || fail "the start takes longer than $START_LIMIT_MS ms"
"$is_within_limits" || exit 1
