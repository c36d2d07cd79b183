#!/usr/bin/env bash
# A folder of notes into a memory. Start it again after a break, or when notes have changed: what is there is not written twice.
# Start a server ('latentdb serve'), then: examples/import-notes.sh FOLDER MEMORY
set -euo pipefail
folder="$1"
memory="$2"

latentdb memories get "$memory" > /dev/null 2>&1 || latentdb memories create "$memory"
latentdb snapshot create "$memory" "before-import-$(date -u +%Y%m%dT%H%M%S)-$$"
latentdb inject "$memory" --file "$folder" --include '*.md' --include '*.txt' --metadata '{"import": "notes"}'
latentdb versions "$memory" --limit 5
