#!/usr/bin/env bash
# Imports a file into the running local stack through the API, with curl only, and
# prints the result in the language of the locale. `make import` calls it:
# import.sh API FILE [GROUP [PROGRAM [ON_ERROR [DRY_RUN]]]]
set -euo pipefail
api=$1 file=$2 group=${3:-} program=${4:-} on_error=${5:-} dry_run=${6:-}

# The language, as in the header Accept-Language: nl_BE.UTF-8 is nl-BE, and C is none.
locale=${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}
locale=${locale%%[.@]*}
case $locale in '' | C | POSIX) locale=en ;; esac
language=${locale//_/-}

case $language in
  nl*)
    words='error=fout warning=waarschuwing line=regel rows=rijen added=toegevoegd unchanged=ongewijzigd rejected=afgewezen agreementsCreated=overeenkomsten_gemaakt agreementsExtended=overeenkomsten_uitgebreid'
    nothing_stored='Dit was een proef (DRY_RUN): er is niets opgeslagen.' would='zou worden:'
    file_is_empty='het bestand is leeg' not_accepted='het is niet aangenomen' ;;
  fr*)
    words='error=erreur warning=avertissement line=ligne rows=lignes added=ajoutées unchanged=inchangées rejected=rejetées agreementsCreated=accords_créés agreementsExtended=accords_complétés'
    nothing_stored="C'était un essai (DRY_RUN) : rien n'a été enregistré." would='serait :'
    file_is_empty='le fichier est vide' not_accepted="il n'a pas été accepté" ;;
  *)
    words='error=error agreementsCreated=agreements_created agreementsExtended=agreements_extended'
    nothing_stored='This was a dry run: nothing was stored.' would='would be:'
    file_is_empty='the file is empty' not_accepted='it was not accepted' ;;
esac

die() { echo "import: $*" >&2; exit 1; }

# member NAME TEXT prints a JSON member to append to an object; nothing if TEXT is empty.
member() { local text=${2//\\/\\\\}; [ -z "$2" ] || printf ',"%s":"%s"' "$1" "${text//\"/\\\"}"; }

# text NAME prints the first string member NAME in the JSON on standard input, as it is there.
text() { grep -oE "\"$1\":\"([^\"\\]|\\\\.)*\"" | sed -nE '1s/^"[^"]*":"(.*)"$/\1/p'; }

# lower TEXT prints it in small letters.
lower() { tr '[:upper:]' '[:lower:]' <<<"$1"; }

# plain PROGRAM runs an awk program that has unescape, which returns a JSON string as UTF-8
# text. Bytes are bytes (LC_ALL=C), so that every awk writes the same.
plain() {
  LC_ALL=C awk -v words="$words" '
    function hex(s,  i, n) { for (i = 1; i <= length(s); i++) n = n * 16 + index("0123456789abcdef", tolower(substr(s, i, 1))) - 1; return n }
    function utf8(n) {
      if (n < 128) return sprintf("%c", n)
      if (n < 2048) return sprintf("%c%c", 192 + int(n / 64), 128 + n % 64)
      if (n < 65536) return sprintf("%c%c%c", 224 + int(n / 4096), 128 + int(n / 64) % 64, 128 + n % 64)
      return sprintf("%c%c%c%c", 240 + int(n / 262144), 128 + int(n / 4096) % 64, 128 + int(n / 64) % 64, 128 + n % 64)
    }
    function unescape(s,  out, i, c, n, low) {
      for (i = 1; i <= length(s); i++) {
        if ((c = substr(s, i, 1)) != "\\") { out = out c; continue }
        c = substr(s, ++i, 1)
        if (c == "u") {
          n = hex(substr(s, i + 1, 4)); i += 4
          if (n >= 55296 && n < 56320 && substr(s, i + 1, 2) == "\\u") { # two halves of a character
            low = hex(substr(s, i + 3, 4)); i += 6
            n = 65536 + (n - 55296) * 1024 + low - 56320
          }
          out = out (n < 32 ? " " : utf8(n))
        } else out = out (index("nrtbf", c) ? " " : c)
      }
      return out
    }
    BEGIN { split(words, all, " "); for (i in all) { split(all[i], w, "="); gsub(/_/, " ", w[2]); word[w[1]] = w[2] } }
    function say(s) { return s in word ? word[s] : s }
    '"$1"
}

[ -n "$file" ] || die 'name a file: make import FILE=events/first-import.csv'
[ -f "$file" ] || die "there is no file $file"
[ -s "$file" ] || die "$file: $file_is_empty"
token=$(curl -fsS "$api/dev/token?role=global-admin&sub=make") ||
  die "the local stack does not respond at $api: start it with make run, and give the same PORT"
call() { curl -sS -H "Authorization: Bearer $token" -H "Accept-Language: $language" "$@"; }

case $(lower "$dry_run") in '' | 0 | no | false) dry_run= ;; *) dry_run=true ;; esac

# Announce the file.
body="\"size\":$(($(wc -c <"$file")))$(member fileName "${file##*/}")$(member group "$group")"
body+="$(member program "$(lower "$program")")$(member onError "$(lower "$on_error")")${dry_run:+,\"dryRun\":true}"
announced=$(call -H 'Content-Type: application/json' --data-binary "{$body}" "$api/imports")
if ! id=$(text id <<<"$announced"); then
  grep -oE '"(pointer|code|value|message|detail)":"([^"\\]|\\.)*"' <<<"$announced" | plain '
    { name = $0; sub(/^"/, "", name); sub(/".*/, "", name); text = $0; sub(/^"[^"]*":"/, "", text); sub(/"$/, "", text); text = unescape(text) }
    name == "detail" { detail = text }
    name == "code" { code = text }
    name == "message" { print "  " text " (" code ")"; told = 1 }
    END { if (!told) print "  " detail " (" code ")" }' >&2 || true
  die "$not_accepted"
fi

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
[ -z "$dry_run" ] || printf '%s\n  %s\n' "$nothing_stored" "$would"
grep -oE '"message":"([^"\\]|\\.)*"' <<<"$record" | plain '{ sub(/^"message":"/, ""); sub(/"$/, ""); print unescape($0) }' || true
grep -oE '"(rows|added|unchanged|rejected|agreements[CE][a-z]*)":[0-9]+' <<<"$record" |
  plain '{ split($0, m, "\""); sub(/:/, "", m[3]); print "  " m[3] " " say(m[2]) }'

# Print the findings, one line each.
cursor=
while :; do
  page=$(call -G "$api/imports/$id/findings" -d limit=200 ${cursor:+-d "cursor=$cursor"})
  grep -oE '"(severity|columnName|value|message)":"([^"\\]|\\.)*"|"line":[0-9]+' <<<"$page" | plain '
    { name = $0; sub(/^"/, "", name); sub(/".*/, "", name)
      text = $0; sub(/^"[^"]*":"?/, "", text); sub(/"$/, "", text); text = unescape(text) }
    name == "severity" { severity = say(text); place = "" }
    name == "line" && text > 0 { place = ", " say("line") " " text }
    name == "columnName" { place = place ", " text }
    name == "value" { place = place " (" text ")" }
    name == "message" { print severity place ": " text }' || true
  cursor=$(text nextCursor <<<"$page") || break
done

printf '\nThe record:          curl -H "Authorization: Bearer $(curl -s "%s/dev/token?role=global-admin&sub=me")" %s\n' "$api" "$api/imports/$id"
[[ $record != *'"annotated":true'* ]] ||
  printf 'The annotated copy:  the same with /annotated after it, and -L -o NAME to save it\n'
[[ $record == *'"state":"succeeded"'* ]]
