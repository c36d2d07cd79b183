#!/usr/bin/env bash
# A support bot whose memory somebody poisons, and how its operator gets it back: a snapshot before, a look at what was said, a rollback.
# Start a server ('latentdb serve'), then: examples/support-bot.sh
set -euo pipefail
bot="${1:-support-bot}"
ask() { latentdb ask "$bot" "Where does Maria live?" --max-tokens 8; }

latentdb memories create "$bot"
latentdb inject "$bot" "Maria lives in Lisbon. Peter works as a baker."
latentdb snapshot create "$bot" reviewed
echo "before: $(ask)"

# A visitor tells the bot something that is not so.
latentdb inject "$bot" "Maria moved to Oslo." --metadata '{"source": "visitor 4711"}'
echo "poisoned: $(ask)"

# Who wrote what since the last review, and what it did to the memory.
latentdb history "$bot" --limit 2
latentdb diff "$bot" reviewed

# Keep the poisoned state for whoever looks into it, and go back.
latentdb fork "$bot" "$bot-evidence"
latentdb rollback "$bot" reviewed
echo "after: $(ask)"
