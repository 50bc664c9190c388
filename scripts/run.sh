#!/usr/bin/env bash
# Starts the broker on a real Envoy, makes real calls through it and shows what it recorded. Then stays up.
#
#   scripts/run.sh            stays until Ctrl-C
#   scripts/run.sh --once     ends after the calls
#
# Behind the broker stand simulated providers, unless OPENAI_API_KEY or ANTHROPIC_API_KEY is set: then the real ones, and
# the few small calls cost a little. OPENAI_MODEL and ANTHROPIC_MODEL choose the real models.

set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

ONCE=
case "${1:-}" in
  "") ;;
  --once) ONCE=1 ;;
  *) fail "usage: scripts/run.sh [--once]" ;;
esac

LISTEN=127.0.0.1:10000
ADMIN=127.0.0.1:9901
STATUS=127.0.0.1:9902
ACCOUNTS=(anthropic-prod@127.0.0.1:18081 openai-prod@127.0.0.1:18082 openai-backup@127.0.0.1:18083
  openai-flaky@127.0.0.1:18084)
FLAKY='openai-flaky={"kind":"status","status":503}'
TOKEN=support-bot-token
OTHER_TOKEN=research-bot-token

RUN="$ROOT/.run"
ACCESS_LOG="$RUN/access.log"
CALLS=0

REAL=
[ -z "${OPENAI_API_KEY:-}${ANTHROPIC_API_KEY:-}" ] || REAL=1

# --- what runs

start_simulators() {
  local arguments=(--behaviour "$FLAKY") account
  for account in "${ACCOUNTS[@]}"; do
    arguments+=(--account "$account")
  done
  "$SIMULATOR_BIN" "${arguments[@]}" >"$RUN/simulator.log" 2>&1 &
  STARTED+=("$!")
  wait_for_line "$RUN/simulator.log" "simulators ready" "$!" 10 || {
    cat "$RUN/simulator.log" >&2
    fail "the simulated providers did not start"
  }
  say "simulated providers: ${ACCOUNTS[*]}"
}

# The example names its keys by environment variable; simulated providers take any key.
give_simulated_keys() {
  local name
  while read -r name; do
    [ -n "${!name:-}" ] || export "$name=a-simulated-key"
  done < <(sed -n 's/.*{ *env: *\([A-Z_][A-Z0-9_]*\) *}.*/\1/p' "$1" | sort -u)
}

start_broker() {
  local arguments=(up --config "$1" --listen "$LISTEN" --admin "$ADMIN")
  arguments+=(--status "$STATUS" --access-log "$ACCESS_LOG" --concurrency 1)
  : >"$ACCESS_LOG"
  "$BROKER_BIN" "${arguments[@]}" >"$RUN/broker.log" 2>&1 &
  STARTED+=("$!")
  wait_for_line "$RUN/broker.log" "^broker ready" "$!" 30 || {
    tail -n 40 "$RUN/broker.log" >&2
    fail "the broker did not start; all it said is in .run/broker.log"
  }
  say "broker: http://$LISTEN, Envoy's admin: http://$ADMIN, status: http://$STATUS/status"
}

sha256() { printf '%s' "$1" | sha256sum | cut -d' ' -f1; }

# The same agents as in the example, with the real providers we have keys for. Holds names of variables, no key.
write_real_config() {
  {
    echo "# Written by scripts/run.sh."
    echo "providers:"
    [ -z "${OPENAI_API_KEY:-}" ] ||
      echo "  - {name: openai, kind: openai, endpoint: \"https://api.openai.com\", credential: {env: OPENAI_API_KEY}}"
    [ -z "${ANTHROPIC_API_KEY:-}" ] ||
      echo "  - {name: anthropic, kind: anthropic, endpoint: \"https://api.anthropic.com\", credential: {env: ANTHROPIC_API_KEY}}"
    echo "models:"
    [ -z "${OPENAI_API_KEY:-}" ] ||
      echo "  - {name: primary-llm, targets: [{provider: openai, model: ${OPENAI_MODEL:-gpt-5-mini}}]}"
    [ -z "${ANTHROPIC_API_KEY:-}" ] ||
      echo "  - {name: claude, targets: [{provider: anthropic, model: ${ANTHROPIC_MODEL:-claude-sonnet-4-6}}]}"
    echo "tenants:"
    echo "  - {name: acme}"
    echo "workspaces:"
    echo "  - {name: support, tenant: acme}"
    echo "  - {name: research, tenant: acme}"
    echo "identity: {tokens: true}"
    echo "agents:"
    echo "  - {name: support-bot, workspace: support, token_sha256: $(sha256 "$TOKEN")}"
    echo "  - {name: research-bot, workspace: research, token_sha256: $(sha256 "$OTHER_TOKEN")}"
  } >"$1"
}

# --- the calls

# call TITLE TOKEN PATH BODY [more of curl]: shows the status and the beginning of the answer.
call() {
  local title="$1" token="$2" path="$3" body="$4" status
  shift 4
  : >"$RUN/answer"
  echo
  echo "> $title"
  status="$(curl -sS --max-time 60 -o "$RUN/answer" -w '%{http_code} in %{time_total} s' \
    -H "authorization: Bearer $token" -H "content-type: application/json" "$@" \
    -d "$body" "http://$LISTEN$path")" || status="no answer: is the broker still up? see .run/broker.log"
  echo "  $status"
  show_answer
  CALLS=$((CALLS + 1))
}

show_answer() {
  local events
  events="$(grep -c '^data:' "$RUN/answer" || true)"
  if [ "$events" -gt 0 ]; then
    echo "  $events events, the first of them:"
    grep -m 3 '^data:' "$RUN/answer" | cut -c 1-150 | sed 's/^/  /'
  else
    tr -s '\n ' ' ' <"$RUN/answer" | cut -c 1-300 | sed 's/^/  /'
  fi
}

chat() { printf '{"model":"%s","messages":[{"role":"user","content":"Say hello in five words."}]%s}' "$1" "${2:-}"; }

call_openai() {
  local note="${1:-}"
  call "OpenAI chat, whole$note" "$TOKEN" /v1/chat/completions "$(chat primary-llm)"
  call "OpenAI chat, streamed$note" "$OTHER_TOKEN" /v1/chat/completions "$(chat primary-llm ',"stream":true')"
}

call_anthropic() {
  call "Anthropic messages" "$TOKEN" /v1/messages "$(chat "$1" ',"max_tokens":100')" -H "anthropic-version: 2023-06-01"
}

call_wrongly() {
  call "a model that nobody configured" "$TOKEN" /v1/chat/completions "$(chat no-such-model)"
  call "a token of nobody" nobodys-token /v1/chat/completions "$(chat primary-llm)"
}

make_calls() {
  if [ -n "$REAL" ]; then
    [ -z "${OPENAI_API_KEY:-}" ] || call_openai
    [ -z "${ANTHROPIC_API_KEY:-}" ] || call_anthropic claude
  else
    # The pool's first account always answers 503: what the caller sees is the second one's answer.
    call_openai ", failing over from openai-flaky to openai-prod"
    call_anthropic claude-sonnet-4-6
  fi
  call_wrongly
}

# Envoy writes its access log in batches.
show_record() {
  local ends=$((SECONDS + 15))
  while [ "$(wc -l <"$ACCESS_LOG")" -lt "$CALLS" ] && [ "$SECONDS" -lt "$ends" ]; do
    sleep 0.1
  done
  echo
  echo "> what the broker recorded ($ACCESS_LOG)"
  "$BROKER_BIN" calls --access-log "$ACCESS_LOG"
}

say_how_to_call() {
  cat <<TEXT

The broker is at http://$LISTEN; Ctrl-C ends it. Its configuration: $CONFIG

  curl http://$LISTEN/v1/chat/completions -H "authorization: Bearer $TOKEN" \\
    -H "content-type: application/json" \\
    -d '$(chat primary-llm)'

  OpenAI's SDKs:     OPENAI_BASE_URL=http://$LISTEN/v1 OPENAI_API_KEY=$TOKEN
  Anthropic's SDKs:  ANTHROPIC_BASE_URL=http://$LISTEN ANTHROPIC_API_KEY=$TOKEN
  the calls so far:  $BROKER_BIN calls --access-log $ACCESS_LOG
TEXT
}

# --- in order

has curl || fail "curl is missing: on Debian, apt-get install curl"
need_free_ports "${LISTEN##*:}" "${ADMIN##*:}"
[ -n "$REAL" ] || need_free_ports "${ACCOUNTS[@]##*:}"
set_up_run
build_filter
build_broker
[ -n "$REAL" ] || build_simulator

mkdir -p "$RUN"
trap end_started EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -n "$REAL" ]; then
  CONFIG="$RUN/broker.real.yaml"
  write_real_config "$CONFIG"
  say "real providers: their keys are in the environment"
else
  CONFIG="$ROOT/envoy/broker.yaml"
  give_simulated_keys "$CONFIG"
  start_simulators
fi
start_broker "$CONFIG"

make_calls
show_record
[ -z "$ONCE" ] || exit 0

say_how_to_call
wait "${STARTED[-1]}" || fail "the broker ended: see .run/broker.log"
