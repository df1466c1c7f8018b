#!/usr/bin/env bash
# Fifty support tickets through four tools: classify, extract, summarise, and one report over all of them.
#   examples/tickets.sh             with the simulator in the provider's place: no key, no network. Its answers are guesses by
#                                   the words that it finds, so judge the way, not the wisdom
#   OPENAI_API_KEY=… examples/tickets.sh --real
set -euo pipefail
cd "$(dirname "$0")/.."
build=${WEIR_BUILD:-build/release}
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
config=$folder/tickets.toml
cp examples/tickets.toml "$config"
if [ "${1:-}" != --real ]; then
  export OPENAI_API_KEY=sk-simulated
  mkfifo "$folder/port"
  "$build/weir-simulator" --port 0 --latency 5..30 --port-file "$folder/simulator.port" >"$folder/simulator.log" 2>&1 &
  until [ -s "$folder/simulator.port" ]; do read -rt 0.1 <>"$folder/port" || true; done
  sed -i "s|^provider = \"openai\"|&\nbase_url = \"http://127.0.0.1:$(cat "$folder/simulator.port")/v1\"|" "$config"
fi

each() {  # TOOL: an answer a line, in the order of the tickets; what it cost goes to a file beside it
  "$build/weir" call "$1" --config "$config" --arg texts=@examples/tickets.txt >"$folder/$1" 2>"$folder/$1.cost" || { cat "$folder/$1.cost" >&2; exit 1; }
}
each classify_ticket
each extract_ticket
each summarise_ticket
each report

echo "== tickets by topic"
sort "$folder/classify_ticket" | uniq -c | sort -rn
echo
echo "== topic, facts, summary of each"
paste -d '|' "$folder/classify_ticket" "$folder/extract_ticket" "$folder/summarise_ticket" |
  awk -F'|' '{ printf "%2d %-24s %s\n   %s\n", NR, $1, $2, $3 }'
echo
echo "== report over all of them"
cat "$folder/report"
echo
echo "== what it took"
for tool in classify_ticket extract_ticket summarise_ticket report; do printf '%-17s %s\n' "$tool" "$(tail -1 "$folder/$tool.cost")"; done
