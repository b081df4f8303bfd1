#!/bin/sh
# exports.sh LIBRARY GOLDEN HEADER: the library exports the golden list and nothing else, and the header declares the same.
set -eu
found=$(nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort)
declared=$(grep -oE '\boutrigger_[a-z_]+\(' "$3" | tr -d '(' | LC_ALL=C sort -u)
status=0
printf '%s\n' "$found" | diff -u "$2" - || { echo "the exported symbols differ from $2"; status=1; }
for name in $(cat "$2"); do
  printf '%s\n' "$declared" | grep -qx "$name" || { echo "$name is exported and not declared"; status=1; }
done
foreign=$(nm -D --undefined-only "$1" | grep -cE 'boost|nlohmann|spdlog|simdjson|curl' || true)
[ "$foreign" = 0 ] || { echo "$foreign symbols of the agent's libraries are wanted"; status=1; }
[ "$status" = 0 ] && echo "$(printf '%s\n' "$found" | wc -l) symbols, all of the C ABI"
exit "$status"
