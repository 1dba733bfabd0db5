#!/usr/bin/env bash
# Copies secrets from one Azure Key Vault into another.
#
#   copy-secrets.sh [--dry-run] FROM TO [NAME…]
#
# FROM and TO are names of vaults. Without names, all secrets are copied. It needs bash 4.4, jq and the Azure CLI, the role
# Key Vault Secrets User on FROM and Key Vault Secrets Officer on TO.
#
# It can be stopped at any time, and run again: each copy has a tag copied-from with the version it was made from, and
# copies of the current version are skipped. It deletes nothing, and overwrites nothing but its own older copies and the placeholders
# that the platform makes in an empty vault. A value in TO that was set in another way, or that is newer, stays.
#
# Value, content type, tags and the dates from and until which a secret is valid are kept; older versions are not copied.
# Values are never on a command line. They are in files only you can read, one at a time, which are removed.
#
# It exits with 0 if everything is there, with 3 if something is left for you, with 1 if something failed.
set -euo pipefail
umask 077

# The locale controls how the Azure CLI reads and writes files, and a setting makes it keep logs.
export LC_ALL=C.UTF-8 AZURE_CORE_ONLY_SHOW_ERRORS=true AZURE_LOGGING_ENABLE_LOG_FILE=false

usage() {
  echo 'usage: copy-secrets.sh [--dry-run] FROM TO [NAME…]' >&2
  exit 2
}

dry_run=false
if [[ ${1:-} == --dry-run ]]; then
  dry_run=true
  shift
fi

(($# >= 2)) && [[ $1 != -* && $2 != -* ]] || usage

from=$1
to=$2
shift 2

if [[ ${from,,} == "${to,,}" ]]; then
  echo 'FROM and TO are the same vault' >&2
  exit 2
fi

# Kept in memory where there is such a place. A run that was killed could not clean up: this one does.
base=${XDG_RUNTIME_DIR:-${TMPDIR:-/tmp}}

for stale in "$base"/copy-secrets.*.*; do
  pid=${stale#"$base"/copy-secrets.}
  pid=${pid%%.*}
  if [[ -d $stale && -O $stale && $pid =~ ^[0-9]+$ ]] && ! kill -0 "$pid" 2>/dev/null; then
    rm -rf "$stale"
  fi
done

work=$(mktemp -d "$base/copy-secrets.$$.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# say NAME WHAT
say() { printf '%s: %s\n' "$1" "$2"; }

# property FILE FILTER
property() { jq --raw-output "$2 // empty" "$1"; }

# find_secret FILE NAME: a secret in a list, to which upper and lower case are the same.
find_secret() {
  jq --arg name "$2" 'first(.[] | select((.name | ascii_downcase) == ($name | ascii_downcase))) // empty' "$1"
}

# is_placeholder NAME: the platform created the secret, and it has no values yet.
is_placeholder() {
  [[ $(property "$work/there.json" '.tags["created-by"]') == provider-keyvault-secretsync ]] || return 1
  az keyvault secret show --vault-name "$to" --name "$1" --output json >"$work/target.json" || return 1
  jq --exit-status '.value | try fromjson catch null | type == "object" and all(.[]; . == "" or . == null)' \
    "$work/target.json" >/dev/null
}

# may_replace COPIED SOURCE: the secret in TO is an older copy of the one in FROM.
may_replace() {
  local copied=$1 source=$2

  [[ -n $copied && ${copied%/*} == "${source%/*}" ]] || return 1
  jq --null-input --exit-status --slurpfile a "$work/there.json" --slurpfile b "$work/source.json" \
    '$a[0].attributes.created < $b[0].attributes.created' >/dev/null
}

# options of the copy, each ended by a NUL.
options() {
  jq --join-output '
    def option($name): select(. != null and . != "") | $name, "\u0000", ., "\u0000";
    def date: if . == null then null else sub("\\+00:00$"; "Z") end;
    (.contentType | option("--content-type")),
    (.attributes.expires | date | option("--expires")),
    (.attributes.notBefore | date | option("--not-before")),
    "--tags", "\u0000",
    (.tags | to_entries[] | "\(.key)=\(.value)", "\u0000"),
    "copied-from=\(.id)", "\u0000"
  ' "$work/source.json"
}

# copy NAME: returns 0 if it is there, 3 if it is left for a person, 1 if it failed.
copy() {
  local name=$1 item source copied args

  rm -f "$work"/{source,there,target,copy}.json "$work/value"

  item=$(find_secret "$work/from.json" "$name") || return 1
  if [[ -z $item ]]; then
    say "$name" "left: it is not in $from"
    return 3
  fi

  if [[ $(jq '.managed == true' <<<"$item") == true ]]; then
    say "$name" 'left: it belongs to a certificate, which is moved with az keyvault certificate backup and restore, or imported'
    return 3
  fi

  if [[ $(jq '.attributes.enabled' <<<"$item") != true ]]; then
    say "$name" 'skipped: it is disabled'
    return 0
  fi

  az keyvault secret show --vault-name "$from" --name "$name" --output json >"$work/source.json" || return 1
  # The tags of copies and of the Azure CLI are replaced.
  jq '.encoding = (.tags // {})["file-encoding"]
    | .tags = ((.tags // {}) | del(.["copied-from"], .["created-by"], .["file-encoding"]))' \
    "$work/source.json" >"$work/copy.json" || return 1
  mv "$work/copy.json" "$work/source.json"
  source=$(property "$work/source.json" .id)

  find_secret "$work/to.json" "$name" >"$work/there.json" || return 1
  if [[ -s $work/there.json ]]; then
    copied=$(property "$work/there.json" '.tags["copied-from"]')
    if [[ $copied == "$source" ]]; then
      say "$name" 'there already'
      return 0
    fi

    if ! may_replace "$copied" "$source" && ! is_placeholder "$name"; then
      say "$name" "left: $to has a value of its own, or a newer one"
      return 3
    fi
  fi

  if jq --exit-status '.value | contains("\r")' "$work/source.json" >/dev/null; then
    say "$name" 'left: it has carriage returns, which the Azure CLI drops'
    return 3
  fi

  if jq --exit-status '.encoding != null and .encoding != "utf-8"' "$work/source.json" >/dev/null; then
    say "$name" 'left: it is a file in another encoding than utf-8; download it and set it with that --encoding'
    return 3
  fi

  if jq --exit-status '(.tags | length) > 13 or any(.tags | keys[]; contains("="))' "$work/source.json" >/dev/null; then
    say "$name" 'left: it has more than 13 tags, or one with an equals sign in its name'
    return 3
  fi

  if $dry_run; then
    say "$name" 'would be copied'
    return 0
  fi

  mapfile -d '' -t args < <(options)
  jq --join-output .value "$work/source.json" >"$work/value" || return 1
  az keyvault secret set --vault-name "$to" --name "$name" --file "$work/value" --encoding utf-8 "${args[@]}" --output none || return 1

  # The copy must equal the original.
  az keyvault secret show --vault-name "$to" --name "$name" --output json >"$work/target.json" || return 1
  if ! jq --join-output .value "$work/target.json" | cmp --silent - "$work/value"; then
    say "$name" "failed: the copy in $to differs from the original"
    return 1
  fi

  say "$name" 'copied'
}

az keyvault secret list --vault-name "$from" --include-managed true --output json >"$work/from.json"
az keyvault secret list --vault-name "$to" --include-managed true --output json >"$work/to.json"

if (($# == 0)); then
  mapfile -t names < <(jq --raw-output '.[].name' "$work/from.json")
  set -- "${names[@]}"
fi

left=0
failed=0
for name in "$@"; do
  status=0
  copy "$name" || status=$?
  case $status in
    0) ;;
    3) left=$((left + 1)) ;;
    *)
      failed=$((failed + 1))
      say "$name" 'failed'
      ;;
  esac
done

echo "$# secrets, $left left for you, $failed failed"
if ((failed)); then
  exit 1
elif ((left)); then
  exit 3
fi
