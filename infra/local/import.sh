#!/usr/bin/env bash
# Imports a file into the running local stack through the API, with curl only, and
# prints the result. `make import` calls it:
# import.sh API FILE [GROUP [PROGRAM [ON_ERROR [DRY_RUN]]]]
set -euo pipefail
api=$1 file=$2 group=${3:-} program=${4:-} on_error=${5:-} dry_run=${6:-}

die() { echo "import: $*" >&2; exit 1; }

# member NAME TEXT prints a JSON member to append to an object; nothing if TEXT is empty.
member() { local text=${2//\\/\\\\}; [ -z "$2" ] || printf ',"%s":"%s"' "$1" "${text//\"/\\\"}"; }

# text NAME prints the first string member NAME in the JSON on standard input.
text() { grep -oE "\"$1\":\"([^\"\\]|\\\\.)*\"" | sed -nE '1s/^"[^"]*":"(.*)"$/\1/p'; }

[ -n "$file" ] || die 'name a file: make import FILE=events/first-import.csv'
[ -f "$file" ] || die "there is no file $file"
token=$(curl -fsS "$api/dev/token?role=global-admin&sub=make") ||
  die "the local stack does not respond at $api: start it with make run, and give the same PORT"
call() { curl -sS -H "Authorization: Bearer $token" "$@"; }

# Announce the file.
body="\"size\":$(($(wc -c <"$file")))$(member fileName "${file##*/}")$(member group "$group")"
body+="$(member program "$program")$(member onError "$on_error")${dry_run:+,\"dryRun\":$dry_run}"
announced=$(call -H 'Content-Type: application/json' --data-binary "{$body}" "$api/imports")
id=$(text id <<<"$announced") || die "it was not accepted: $announced"

# Upload the file, with the signed headers.
grep -oE '"headers":\{[^}]*\}' <<<"$announced" | sed 's/^"headers"://' | grep -oE '"[^"]*":"[^"]*"' |
  sed -E 's/^"([^"]*)":"([^"]*)"$/\1: \2/' | curl -gfsS -H @- -T "$file" "$(text url <<<"$announced")"

# Wait until the import has ended.
for _ in {1..600}; do
  record=$(call "$api/imports/$id")
  [[ $record != *'"final":true'* ]] || break
  sleep 0.2
done
printf '%s: %s\n' "${file##*/}" "$(text state <<<"$record")"
text message <<<"$record" || true
grep -oE '"(rows|added|unchanged|rejected|agreements[CE][a-z]*)":[0-9]+' <<<"$record" | sed -E 's/"(.*)":(.*)/  \2 \1/'

# Print the findings, one line each.
cursor=
while :; do
  page=$(call -G "$api/imports/$id/findings" -d limit=200 ${cursor:+-d "cursor=$cursor"})
  grep -oE '"(severity|columnName|value|message)":"([^"\\]|\\.)*"|"line":[0-9]+' <<<"$page" | awk '
    { name = $0; sub(/^"/, "", name); sub(/".*/, "", name)
      text = $0; sub(/^"[^"]*":"?/, "", text); sub(/"$/, "", text); gsub(/\\"/, "\"", text) }
    name == "severity" { severity = text; place = "" }
    name == "line" && text > 0 { place = ", line " text }
    name == "columnName" { place = place ", " text }
    name == "value" { place = place " (" text ")" }
    name == "message" { print severity place ": " text }' || true
  cursor=$(text nextCursor <<<"$page") || break
done

printf '\nThe record:          curl -H "Authorization: Bearer $(curl -s "%s/dev/token?role=global-admin&sub=me")" %s\n' "$api" "$api/imports/$id"
[[ $record != *'"annotated":true'* ]] ||
  printf 'The annotated copy:  the same with /annotated after it, and -L -o NAME to save it\n'
[[ $record == *'"state":"succeeded"'* ]]
