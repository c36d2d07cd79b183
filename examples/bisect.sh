#!/usr/bin/env bash
# A memory says something wrong. Find the inject that did it by asking every version the same control question, see what it said, roll back, and tell again what came after it.
# Start a server first; it is found by $LATENTDB_SERVER and, if it wants one, the key in $LATENTDB_API_KEY.
set -euo pipefail
server="${LATENTDB_SERVER:-http://127.0.0.1:5080}"
server="${server%/}/v1/memories"
memory="bisect-$RANDOM$RANDOM"
question='Where does Maria live?'
auth=(${LATENTDB_API_KEY:+-H "Authorization: Bearer $LATENTDB_API_KEY"})

post() { curl -sS --fail-with-body "${auth[@]}" "$server$1" -H 'content-type: application/json' -d "$2"; }
field() { grep -o "\"$1\":[^,}]*" | head -1 | cut -d: -f2- | tr -d '"'; }
ask() { post "/$memory/query" "{\"messages\":[{\"role\":\"user\",\"content\":\"$question\"}],\"max_tokens\":8,\"at\":\"$1\"}" | field text; }
tell() { post "/$memory/inject" "{\"text\":\"$1\",\"metadata\":{\"ticket\":$2}}" | field version; }

post '' "{\"id\":\"$memory\"}" >/dev/null
first=$(tell 'Maria lives in Lisbon. Peter works as a baker. Anna drives a red car.' 1)
tell 'Hugo keeps a parrot. Anna plays the tuba.' 2 >/dev/null
tell 'Maria moved to Oslo.' 3 >/dev/null # nobody checked who wrote this ticket
head=$(tell 'Peter likes tea. Hugo speaks Greek.' 4)

expected=$(ask "$first")
echo "version $first says $expected, version $head says $(ask "$head")"

# The same version gives the same answer each time, so the first wrong version is found by halving.
good=$first bad=$head
while [ $((bad - good)) -gt 1 ]; do
  middle=$(((good + bad) / 2))
  if [ "$(ask "$middle")" = "$expected" ]; then good=$middle; else bad=$middle; fi
done
echo "version $bad is the first wrong one; it was told: $(curl -sS "${auth[@]}" "$server/$memory/versions/$bad/text" | field text)"

post "/$memory/rollback" "{\"to\":\"$good\"}" >/dev/null
echo "after the rollback to version $good: $(ask head)"

# What was told after it was right, and is told again; the texts are kept with their versions.
for version in $(seq $((bad + 1)) "$head"); do
  post "/$memory/inject" "$(curl -sS "${auth[@]}" "$server/$memory/versions/$version/text" | grep -o '"text":"[^"]*"' | sed 's/.*/{&}/')" >/dev/null
done
question='What does Peter like to drink?'
echo "and what came after it is known again: $(ask head)"
