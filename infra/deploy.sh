#!/usr/bin/env bash
# Deploys the stack, or shows what that would change (internal/docs/deploying.md).
#
#   infra/deploy.sh deploy|diff CDK [OPTION…]
#       Runs the cdk command CDK with these options. A context value that neither an
#       option (-c name=value) nor cdk.context.json nor cdk.json gives keeps the value
#       that the stack has. An empty value, as of a variable that is not set, is an error;
#       only -c name= returns to the default, except for stackName. With KEEP=all, values of
#       these files do not count either.
#
# Requires the AWS command line and jq.
set -euo pipefail
shopt -s inherit_errexit 2>/dev/null || { echo 'deploy: bash 4.4 or newer is required' >&2; exit 1; }

export AWS_PAGER='' AWS_DEFAULT_OUTPUT=json
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

die() {
  printf 'deploy: %s\n' "$*" >&2
  exit 1
}

[ $# -ge 2 ] || { sed -n '/^#   infra/,/^# Requires/p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//' >&2; exit 2; }
for command in aws jq; do
  command -v "$command" >/dev/null || die "the command $command is missing"
done
mode=$1 cdk=$2
[ "$mode" = deploy ] || [ "$mode" = diff ] || die "the first argument is '$mode'; give deploy or diff"
[ -n "$cdk" ] || die "the second argument is empty; give the cdk command"
shift 2

# The context values of the options. The last one of a name counts, as for cdk.
given='{}'
give() {
  [[ $1 == ?*=* ]] || die "the context value is '$1'; give name=value, such as -c alarmEmail=licences@example.org, or leave -c out"
  # This is a variable that the caller forgot to set: the deployment would change another stack.
  [ "$1" != stackName= ] || die "stackName is empty; give the name of the stack, such as -c stackName=trueup-test, or leave it out"
  given=$(jq -c --arg name "${1%%=*}" --arg value "${1#*=}" '.[$name] = $value' <<<"$given")
}
profile=()
previous=$mode
for option in "$@"; do
  # This is a variable that the caller forgot to set. Only a context value may be empty: name= is the default.
  [ -n "$option" ] || die "the argument after $previous is empty; give a value, or leave the option out"
  case $previous in
  -c | --context) give "$option" ;;
  --profile) profile=(--profile "$option") ;;
  *)
    case $option in
    --context=*) give "${option#--context=}" ;;
    -c=*) give "${option#-c=}" ;;
    -c?*) give "${option#-c}" ;;
    *) [[ ! $option =~ ^--?[A-Za-z-]+=$ ]] || die "the value of ${option%=} is empty; give a value, or leave the option out" ;;&
    --profile=*) profile=("$option") ;;
    esac
    previous=$option
    continue
    ;;
  esac
  previous="the value of $previous"
done
case $previous in -c | --context | --profile) die "$previous has no value; give one, or leave it out" ;; esac

# The context values of the files.
filed='{}'
[ ! -e "$root/cdk.json" ] || filed=$(jq -c '.context // {}' "$root/cdk.json") || die "cdk.json is not JSON"
if [ -e "$root/cdk.context.json" ]; then
  filed=$(jq -c --argjson under "$filed" '$under + .' "$root/cdk.context.json") || die "cdk.context.json is not JSON, or not an object"
fi

stack=$(jq -r --argjson given "$given" '(. + $given).stackName // "" | if . == "" then "trueup" else . end' <<<"$filed")

# present prints the context values of the stack as it is; nothing if no deployment has succeeded.
present() {
  local found summary
  if ! found=$(aws "${profile[@]}" cloudformation describe-stacks --stack-name "$stack" 2>&1); then
    [[ $found == *'does not exist'* ]] || die "the state of the stack $stack is unknown, so its settings could be lost: $found"
    return 0
  fi
  case $(jq -r '.Stacks[0].StackStatus' <<<"$found") in
  CREATE_IN_PROGRESS | CREATE_FAILED | ROLLBACK_* | REVIEW_IN_PROGRESS | DELETE_*) return 0 ;;
  esac
  summary=$(aws "${profile[@]}" cloudformation get-template-summary --stack-name "$stack") || die "the settings of the stack $stack cannot be read"
  # Earlier versions did not record their context, but protected every stack.
  jq -c --argjson stack "$(jq -c '.Stacks[0]' <<<"$found")" '(.Metadata // "{}" | fromjson | .trueup.context // {})
    | if $stack.EnableTerminationProtection then .protected = "true" else . end' <<<"$summary"
}

values=$(present)
values=${values:-{\}}
[ "${KEEP:-}" != all ] || filed='{}'
kept=()
while IFS= read -r value <&3; do
  [ -n "$value" ] || continue
  kept+=(-c "$value")
  [[ $value == *= ]] || printf 'deploy: keeps %s of the stack %s\n' "$value" "$stack" >&2
done 3<<<"$(jq -r --argjson given "$given" --argjson filed "$filed" --arg keep "${KEEP:-}" --arg stack "$stack" '
  .stackName = $stack | to_entries[]
  | select(.value != "" or $keep == "all")
  | select(.key as $name | ($given + $filed) | has($name) | not)
  | select(.key != "stackName" or $keep == "all")
  | "\(.key)=\(.value)"' <<<"$values")"

status=0
"$cdk" "$mode" "$@" "${kept[@]}" || status=$?
if [ "$status" = 0 ] && [ "$mode" = deploy ]; then
  protected=$(jq -r --argjson given "$given" --argjson filed "$filed" '. + $filed + $given | .protected // ""' <<<"$values")
  [ "$protected" = true ] ||
    printf 'deploy: the stack %s is not protected from deletion. If its data matters, add "protected": true to cdk.context.json and deploy again.\n' "$stack" >&2
fi
exit "$status"
