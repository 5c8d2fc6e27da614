#!/usr/bin/env bash
# Restores the data to a point in time (internal/docs/runbook.md).
#
#   infra/restore.sh [--stack STACK] POINT [NAME [SOURCE]]
#       Restores the table in use, or SOURCE, to POINT as the new table NAME, and
#       deploys the stack on it. Imports, inventories and refreshes are stopped
#       during this time; their events wait, for six hours at most. After a
#       failure, run it again: it continues where it stopped.
#   infra/restore.sh [--stack STACK] uploads POINT
#       Lists the uploads without a record in the table in use: the uploads that
#       were imported after POINT.
#   infra/restore.sh [--stack STACK] again POINT
#       Imports these uploads again, in the order in which they were uploaded.
#
# POINT is a time in UTC, such as 2026-11-21T09:00:00Z. Without STACK, the stack is the
# stackName in cdk.context.json, or the only stack of trueup in the account and region.
# Requires the AWS command line (version 2), jq, and the requirements of `make deploy`.
set -euo pipefail
shopt -s inherit_errexit 2>/dev/null || { echo 'restore: bash 4.4 or newer is required' >&2; exit 1; }

# `make golden` writes the next two lists.
# The functions that files and schedules call, with the executions that the context value
# reservedConcurrency reserves.
reserved='directory 3
import 3
inventory 3
refresh 4'
# The function that processes the files of each folder of the uploads bucket, as in
# internal/intake/kind.
folders='agreements/ import
catalog/ import
devices/ directory
entitlements/ refresh
inventory/ inventory
subscriptions/ directory
users/ directory'
max_wait=21600 # the longest that an event waits, in seconds
pause=${RESTORE_PAUSE:-20}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

export TZ=UTC AWS_PAGER='' AWS_RETRY_MODE=standard AWS_MAX_ATTEMPTS=${AWS_MAX_ATTEMPTS:-10}
export AWS_DEFAULT_OUTPUT=json

say() { printf '%s\n' "$*"; }
die() {
  printf 'restore: %s\n' "$*" >&2
  exit 1
}
usage() { sed -n '/^#   infra/,/^# POINT/p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//' >&2; exit 2; }

# A jq function that converts times of the AWS command line to seconds since 1970.
moments='def moment: if type == "number" then floor
  else sub("\\.[0-9]+"; "") | sub("\\+00:00$"; "Z") | fromdateiso8601 end;'
iso() { jq -rn --argjson at "$1" '$at | todateiso8601'; }

# attempt COMMAND… runs a command up to three times, for calls that nothing else retries.
attempt() {
  local n
  for n in 1 2 3; do
    "$@" && return 0
    [ "$n" = 3 ] || sleep "$pause"
  done
  return 1
}

# output NAME prints an output of the stack.
output() {
  local outputs value
  outputs=$(aws cloudformation describe-stacks --stack-name "$stack") || return 1
  value=$(jq -r --arg name "$1" '.Stacks[0].Outputs[] | select(.OutputKey == $name) | .OutputValue' <<<"$outputs")
  [ -n "$value" ] || die "the stack $stack has no output $1"
  printf '%s\n' "$value"
}

# --- The stack.

# stack_of_context prints the stack that `make deploy` deploys without options.
stack_of_context() {
  local file=$root/cdk.context.json name=''
  if [ -e "$file" ]; then
    name=$(jq -r '.stackName // ""' "$file") || die "cdk.context.json is not JSON"
  fi
  printf '%s\n' "${name:-trueup}"
}

# find_stack sets stack to the only stack that can be meant.
find_stack() {
  local all file=$root/cdk.context.json
  if [ -z "$stack" ] && [ -e "$file" ]; then
    stack=$(jq -r '.stackName // ""' "$file") || die "cdk.context.json is not JSON"
  fi
  if [ -z "$stack" ]; then
    all=$(aws cloudformation describe-stacks)
    all=$(jq -r '[.Stacks[] | select(any(.Tags[]?; .Key == "application" and .Value == "trueup")) | .StackName] | join(" ")' <<<"$all")
    case $all in
    '') die "this account has no stack of trueup in this region: check AWS_REGION and AWS_PROFILE, or give --stack" ;;
    *' '*) die "it is unclear which stack is meant: give --stack with one of $all" ;;
    esac
    stack=$all
  fi
  say "stack: $stack"
}

# read_context sets context to what the stack was deployed with, as in infra/deploy.sh. It stops
# unless the next deployment can keep that.
read_context() {
  context=$(aws cloudformation get-template-summary --stack-name "$stack")
  context=$(jq -c '.Metadata // "{}" | fromjson | .trueup.context' <<<"$context")
  [ "$context" != null ] || [ "$(stack_of_context)" = "$stack" ] ||
    die "the stack $stack has no record of its context values, and cdk.context.json belongs to the stack $(stack_of_context): write the values of $stack to that file, with its stackName"
}

# context_value NAME prints a context value of the stack; nothing if it is not set.
context_value() {
  local file=$root/cdk.context.json
  if [ "$context" != null ]; then
    jq -r --arg name "$1" '.[$name] // ""' <<<"$context"
  elif [ -e "$file" ]; then
    jq -r --arg name "$1" '.[$name] // "" | tostring' "$file"
  fi
}

# --- Functions are stopped, and started again when the script exits for any reason.

stopped=''          # lines "function concurrency" of the stopped functions
context_before=''   # content of cdk.context.json before the change; empty if there was no file
context_changed=''  # not empty while cdk.context.json names a table that is not in use yet
target=''

stop_functions() {
  local name default now reserving
  reserving=$(context_value reservedConcurrency)
  while read -r name default <&3; do
    now=$(aws lambda get-function-concurrency --function-name "$stack-$name")
    now=$(jq -r '.ReservedConcurrentExecutions // "none"' <<<"${now:-{\}}")
    if [ "$now" = 0 ]; then # an earlier run failed to start it again
      now=none
      [ "$reserving" != true ] || now=$default
    fi
    stopped+="$stack-$name $now"$'\n'
    aws lambda put-function-concurrency --function-name "$stack-$name" --reserved-concurrent-executions 0 >/dev/null
  done 3<<<"$reserved"
  say "stopped: imports, inventories and refreshes. Their events wait, until $(iso "$(jq -n "now | floor + $max_wait")") at the latest."
}

start_functions() {
  local name before failed=0
  while read -r name before <&3; do
    [ -n "$name" ] || continue
    if [ "$before" = none ]; then
      attempt aws lambda delete-function-concurrency --function-name "$name" >/dev/null || failed=1
    else
      attempt aws lambda put-function-concurrency --function-name "$name" --reserved-concurrent-executions "$before" >/dev/null || failed=1
    fi
    [ "$failed" = 0 ] || { printf 'restore: %s is still stopped: run this again, or set its reserved concurrency to %s\n' "$name" "$before" >&2; return 1; }
  done 3<<<"$stopped"
  [ -z "$stopped" ] || say "started: imports, inventories and refreshes."
  stopped=''
}

finish() {
  local status=$? used
  trap - EXIT
  if [ -n "$context_changed" ]; then
    used=$(output TableName) || used=unknown
    if [ "$used" = unknown ]; then
      printf 'restore: cdk.context.json names the table %s; it is unknown whether that table is in use\n' "$target" >&2
    elif [ "$used" != "$target" ]; then
      revert_context
    fi
  fi
  start_functions || status=1
  exit "$status"
}

# --- The stack keeps the name of the table. If cdk.context.json is the file of this stack,
# it gets the name too, because its values come first in a later deployment.

name_in_context() {
  local file=$root/cdk.context.json changed
  [ "$(stack_of_context)" = "$stack" ] || return 0
  context_before=''
  [ ! -e "$file" ] || context_before=$(cat "$file")
  changed=$(jq --arg name "$target" '.table = $name' <<<"${context_before:-{\}}") || die "cdk.context.json is not JSON"
  context_changed=yes
  printf '%s\n' "$changed" >"$file.new"
  mv "$file.new" "$file"
}

revert_context() {
  local file=$root/cdk.context.json
  if [ -n "$context_before" ]; then
    printf '%s\n' "$context_before" >"$file"
  else
    rm -f "$file"
  fi
  context_changed=''
}

# --- The table.

# described NAME prints the description of a table; nothing if it does not exist.
described() {
  local out
  if out=$(aws dynamodb describe-table --table-name "$1" 2>&1); then
    printf '%s\n' "$out"
  elif [[ $out != *ResourceNotFoundException* ]]; then
    printf '%s\n' "$out" >&2
    return 1
  fi
}

# is_restoration DESCRIPTION reports whether the table was restored from SOURCE to POINT.
is_restoration() {
  jq -e --arg source "$source" --argjson point "$point" "$moments"'.Table.RestoreSummary
    | . != null and (.SourceTableArn // "" | endswith(":table/" + $source)) and (.RestoreDateTime | moment) == $point' <<<"$1" >/dev/null
}

check_period() {
  local backups from to
  backups=$(aws dynamodb describe-continuous-backups --table-name "$source")
  backups=$(jq -c '.ContinuousBackupsDescription.PointInTimeRecoveryDescription' <<<"$backups")
  [ "$(jq -r '.PointInTimeRecoveryStatus' <<<"$backups")" = ENABLED ] || die "the table $source has no point-in-time recovery"
  from=$(jq -r "$moments .EarliestRestorableDateTime | moment" <<<"$backups")
  to=$(jq -r "$moments .LatestRestorableDateTime | moment" <<<"$backups")
  if [ "$point" -lt "$from" ] || [ "$point" -gt "$to" ]; then
    die "the table $source can be restored to a point from $(iso "$from") to $(iso "$to"), not to $(iso "$point")"
  fi
}

restore_table() {
  local table
  table=$(described "$target")
  if [ -z "$table" ]; then
    check_period
    say "restoring $source to $(iso "$point") as $target"
    aws dynamodb restore-table-to-point-in-time --source-table-name "$source" --target-table-name "$target" --restore-date-time "$(iso "$point")" >/dev/null
  else
    is_restoration "$table" || die "the table $target already exists, and it is not $source at $(iso "$point"): give another NAME"
    say "continuing with $target"
  fi
  until table=$(attempt described "$target") && jq -e '.Table | .TableStatus == "ACTIVE" and (.RestoreSummary.RestoreInProgress | not)
      and all(.GlobalSecondaryIndexes[]?; .IndexStatus == "ACTIVE")' <<<"$table" >/dev/null; do
    [ -n "$table" ] || die "the table $target does not exist, or cannot be read"
    say "waiting for $target, which takes minutes or hours"
    sleep "$pause"
  done
}

# set_up_table sets the properties that a restore does not copy, as in infra/table.go.
set_up_table() {
  local table arn status tags
  table=$(described "$target")
  [ -n "$table" ] || die "the table $target does not exist"
  is_restoration "$table" || die "the table $target is in use, and it is not $source at $(iso "$point")"
  arn=$(jq -r '.Table.TableArn' <<<"$table")
  if [ "$(jq -r '.Table.DeletionProtectionEnabled' <<<"$table")" != true ]; then
    attempt aws dynamodb update-table --table-name "$target" --deletion-protection-enabled >/dev/null
  fi
  status=$(aws dynamodb describe-continuous-backups --table-name "$target")
  if [ "$(jq -r '.ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus' <<<"$status")" != ENABLED ]; then
    attempt aws dynamodb update-continuous-backups --table-name "$target" --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true >/dev/null
  fi
  status=$(aws dynamodb describe-time-to-live --table-name "$target")
  if [[ $(jq -r '.TimeToLiveDescription.TimeToLiveStatus' <<<"$status") != ENABL* ]]; then # ENABLED or ENABLING
    attempt aws dynamodb update-time-to-live --table-name "$target" --time-to-live-specification Enabled=true,AttributeName=expires >/dev/null
  fi
  tags=$(aws dynamodb list-tags-of-resource --resource-arn "${arn%/*}/$source")
  tags=$(jq -c '[.Tags[] | select(.Key | startswith("aws:") | not)]' <<<"$tags")
  [ "$tags" = '[]' ] || attempt aws dynamodb tag-resource --resource-arn "$arn" --tags "$tags" >/dev/null
  say "set up: point-in-time recovery, time to live, deletion protection and tags of $target"
}

restore() {
  local used
  read_context
  used=$(output TableName)
  target=${2:-$stack-$(iso "$point" | tr -d ':-')}
  source=${3:-}
  if [ -z "$source" ]; then
    source=$used
    if [ "$used" = "$target" ]; then # an earlier run has deployed the stack on it
      source=$(described "$target" | jq -r '.Table.RestoreSummary.SourceTableArn // "" | sub(".*:table/"; "")')
    fi
  fi
  [[ $target =~ ^[A-Za-z0-9_.-]{3,255}$ ]] || die "$target is not a valid table name: 3 to 255 letters, digits, and _ . -"
  [ "$target" != "$source" ] || die "$target is also the table to restore: give another NAME"
  trap finish EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  stop_functions
  [ "$used" = "$target" ] || restore_table
  set_up_table
  if [ "$used" != "$target" ]; then
    name_in_context
    say "deploying the stack on $target"
    make -C "$root" deploy KEEP=all DEPLOY_ARGS="${DEPLOY_ARGS:-} -c stackName=$stack -c table=$target" || say "the deployment failed"
    used=$(output TableName)
    [ "$used" = "$target" ] || die "the stack still uses $used, and cdk.context.json is unchanged: check the output of the deployment, then run this again"
    context_changed=''
  fi
  start_functions
  say "in use: $target, which is $source at $(iso "$point"). Later deployments keep it, unless they set another table."
  uploads=$(unknown_uploads)
  list_uploads
}

# --- Uploads.

# records PARTITION ATTRIBUTES… prints these attributes of the items of a partition of
# the table in use. It uses placeholders for all names, because some are reserved words.
records() {
  local partition=$1
  shift
  aws dynamodb query --table-name "$used" --consistent-read --key-condition-expression 'pk = :p' \
    --expression-attribute-values "$(jq -nc --arg p "$partition" '{":p": {S: $p}}')" \
    --projection-expression "$(jq -rn '[$ARGS.positional[] | split(".") | map("#" + .) | join(".")] | join(", ")' --args "$@")" \
    --expression-attribute-names "$(jq -nc '[$ARGS.positional[] | split(".")[]] | unique | map({key: ("#" + .), value: .}) | from_entries' --args "$@")"
}

# unknown_uploads prints one line of JSON, oldest first, for each version of a file that
# was uploaded since POINT and has no record in the table in use. It also looks shortly
# before POINT, because such a file may have been imported after POINT.
unknown_uploads() {
  local used bucket known folder function versions
  used=$(output TableName)
  bucket=$(output UploadsBucket)
  known=$(
    records IMPORTS record.key record.object state |
      jq -c '.Items[] | select(.state.S == "succeeded" or .state.S == "rejected") | [.record.M.key.S, .record.M.object.S]'
    records STATEMENTS record.key record.object state |
      jq -c '.Items[] | select(.state.S != "received") | [.record.M.key.S, .record.M.object.S]'
    records INVENTORY last good |
      jq -c '.Items[] | (.last.M.upload.M, .good.M.upload.M) | select(. != null) | [.key.S, .object.S, (.at.N | tonumber / 1000)]'
  )
  while read -r folder function <&3; do
    versions=$(aws s3api list-object-versions --bucket "$bucket" --prefix "$folder")
    jq -c --arg bucket "$bucket" --arg function "$function" --argjson since $((point - max_wait)) --slurpfile known <(printf '%s\n' "$known") "$moments"'
      def folder: sub("[^/]*$"; "");
      ($known | map(.[0:2] | join("\n")) | INDEX(.)) as $records
      | ($known | map(select(length == 3) | {folder: (.[0] | folder), at: .[2]}) | group_by(.folder) | map({key: .[0].folder, value: (map(.at) | max)}) | from_entries) as $counted
      | .Versions // [] | reverse | to_entries[] | .key as $order | .value
      | (.LastModified | moment) as $at
      | select($at >= $since and (.Key | endswith("/") | not))
      | select($records[[.Key, .VersionId] | join("\n")] == null)
      | select(($counted[.Key | folder] // -1) < $at)
      | {bucket: $bucket, function: $function, key: .Key, version: .VersionId, etag: (.ETag | gsub("\""; "")), size: .Size, at: $at, order: $order}' <<<"${versions:-{\}}"
  done 3<<<"$folders" | jq -sc 'sort_by(.at, .key, .order) | to_entries[] | .value + {order: .key}'
}

list_uploads() {
  if [ -z "$uploads" ]; then
    say "no uploads: the table has a record of every upload since the point."
    return
  fi
  say "uploads without a record in the table:"
  jq -r '"  \(.at | todateiso8601)  \(.key)  (\(.size) bytes, version \(.version))"' <<<"$uploads"
  say "To import them again: infra/restore.sh --stack $stack again $(iso "$point")"
}

import_again() {
  local upload event function out answer failed=0
  uploads=$(unknown_uploads)
  [ -n "$uploads" ] || { list_uploads; return; }
  out=$(mktemp)
  while read -r upload <&3; do
    function=$stack-$(jq -r '.function' <<<"$upload")
    # The notification of S3 for a new object.
    event=$(jq -c '{Records: [{eventVersion: "2.1", eventSource: "aws:s3", eventTime: (.at | todateiso8601), eventName: "ObjectCreated:Put",
      userIdentity: {principalId: "restore"}, s3: {s3SchemaVersion: "1.0", bucket: {name: .bucket, arn: ("arn:aws:s3:::" + .bucket)},
      object: {key: (.key | @uri), size: .size, eTag: .etag, versionId: .version, sequencer: ("000000000000000000" + (.order | tostring))[-18:]}}}]}' <<<"$upload")
    if answer=$(attempt aws lambda invoke --function-name "$function" --cli-read-timeout 910 --cli-binary-format raw-in-base64-out --payload "$event" "$out") &&
      [ "$(jq -r '.FunctionError // ""' <<<"$answer")" = '' ]; then
      say "$(jq -r '"done: \(.at | todateiso8601)  \(.key)"' <<<"$upload")"
    else
      failed=1
      printf 'restore: %s failed: %s %s\n' "$function" "$(jq -r '.key' <<<"$upload")" "$(cat "$out")" >&2
    fi
  done 3<<<"$uploads"
  rm -f "$out"
  [ "$failed" = 0 ] || die "some uploads were not imported: run this again, which does not import the others twice"
}

# --- The command line.

for command in aws jq make; do
  command -v "$command" >/dev/null || die "the command $command is missing"
done
[[ $(aws --version 2>&1) == aws-cli/2* ]] || die "version 2 of the AWS command line is required"
stack=''
context=null # what the stack was deployed with, as JSON; null if it has no record of that
# An empty argument is never taken as not given: it is a variable that the caller forgot to set.
for argument in "$@"; do
  [ -n "$argument" ] || die "an argument is empty: give the name of the stack, POINT, NAME or SOURCE, or leave it out"
done
while [[ ${1:-} == -* ]]; do
  case $1 in
  --stack)
    [ $# -ge 2 ] || usage
    stack=$2
    shift 2
    ;;
  --stack=?*)
    stack=${1#--stack=}
    shift
    ;;
  --stack=) die "--stack is empty: give the name of the stack, or leave --stack out" ;;
  *) usage ;;
  esac
  [[ $stack =~ ^[A-Za-z][A-Za-z0-9-]*$ ]] || die "$stack is not a name of a stack"
done
mode=restore
case ${1:-} in uploads | again) mode=$1; shift ;; esac
for argument in "$@"; do [[ $argument != --* ]] || usage; done # options come first
if [ "$mode" = restore ]; then
  if [ $# -lt 1 ] || [ $# -gt 3 ]; then usage; fi
else
  [ $# = 1 ] || usage
fi
[[ $1 =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$ ]] && point=$(jq -rn --arg at "$1" '$at | fromdateiso8601' 2>/dev/null) && [ "$(iso "$point")" = "$1" ] ||
  die "POINT is $1; give a time in UTC, such as 2026-11-21T09:00:00Z"
[ "$point" -lt "$(jq -n 'now | floor')" ] || die "POINT is $1, which is in the future"
find_stack
case $mode in
restore) restore "$@" ;;
uploads)
  uploads=$(unknown_uploads)
  list_uploads
  ;;
again) import_again ;;
esac
