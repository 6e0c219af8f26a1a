#!/usr/bin/env bash
# A walk through the API with curl and jq: curl.sh [DOMAIN]
# EMAILCONNECT_URL (it ends with /v1) and EMAILCONNECT_API_KEY come from the environment.
set -euo pipefail

[ -n "${EMAILCONNECT_URL-}" ] || { echo "error: EMAILCONNECT_URL is not set" >&2; exit 64; }
[ -n "${EMAILCONNECT_API_KEY-}" ] || { echo "error: EMAILCONNECT_API_KEY is not set" >&2; exit 64; }
key=$EMAILCONNECT_API_KEY
name=${1:-acme.example}
expect= # the one status that is wanted; without it any 2xx

# call METHOD PATH [JSON [CURL_OPTION...]] leaves $status, $headers and $body. The key goes to curl through a pipe, since
# other users of the machine can see arguments.
call() {
  local method=$1 path=$2 json=${3-} left=3 answer wait
  shift $(($# < 3 ? $# : 3))
  [ -z "$json" ] || set -- "$@" -H "Content-Type: application/json" -d "$json"
  while :; do
    answer=$(curl -sS -i -m 30 -X "$method" "${EMAILCONNECT_URL%/}$path" "$@" \
      -H @<(printf 'Authorization: Bearer %s\n' "$key")) || return 1
    headers=${answer%%$'\r\n\r\n'*}
    body=${answer#*$'\r\n\r\n'}
    read -r _ status _ <<<"$headers"
    [ "$status" = 429 ] && [ $left -gt 0 ] || break
    left=$((left - 1))
    wait=$(header Retry-After)
    echo "rate limited, waiting ${wait:-1} s" >&2
    sleep "${wait:-1}"
  done
  [[ $status == ${expect:-2??} ]] && return 0
  echo "error: $method $path: $status $body" >&2
  return 1
}

# header NAME: its value in the last answer, or nothing.
header() { awk -F': ' -v name="$1" 'tolower($1) == tolower(name) { print $2 }' <<<"${headers//$'\r'/}"; }

# field FILTER: what jq finds in the last answer.
field() { jq -r "$1" <<<"$body"; }

# Whatever happens, what was made goes: first the domain with its aliases, then the webhook that they used.
made=()
clean_up() {
  for path in "${made[@]}"; do
    call DELETE "$path" && echo "deleted ${path%\?*}"
  done
}

call GET /domains
echo "listed $(field .total) domains"

call POST /domains "$(jq -n --arg name "$name" '{name: $name}')"
domain=$(field .id)
made+=("/domains/$domain?cascade=true")
trap clean_up EXIT
echo "created domain $domain"

call POST /aliases "{\"domain_id\": \"$domain\", \"name\": \"support\", \"description\": \"Support ticket intake\"}"
alias=$(field .id)
echo "created alias $alias, $(field .address)"

call POST /webhooks "{\"alias_id\": \"$alias\", \"url\": \"https://your-app.com/webhook\",
  \"headers\": {\"X-Custom-Header\": \"value\"}}"
made+=("/webhooks/$(field .id)")
echo "created webhook $(field .id), attached to $(field '.alias_ids[0]')"

call GET "/aliases?page=1&limit=100"
echo "page $(field .page) has $(field '.data | length') of $(field .total) aliases"

# All or nothing.
call POST /aliases/batch "{\"operations\": [
  {\"action\": \"create\", \"data\": {\"domain_id\": \"$domain\", \"name\": \"sales\"}},
  {\"action\": \"create\", \"data\": {\"domain_id\": \"$domain\", \"name\": \"billing\"}},
  {\"action\": \"update\", \"data\": {\"id\": \"$alias\", \"description\": \"Tickets\"}}]}"
echo "batch: $(field '.results | map("\(.status) \(.id)") | join(", ")')"

# If-Match: the change is made only to the version that was read, so that nobody else's change is lost.
call GET "/aliases/$alias"
etag=$(header ETag)
call PATCH "/aliases/$alias" '{"description": "Support tickets"}' -H "If-Match: $etag"
echo "changed alias $alias from $etag to $(header ETag)"
expect=412 call PATCH "/aliases/$alias" '{"description": "Too late"}' -H "If-Match: $etag"
echo "the same If-Match again: $status $(field .code)"

# A cursor does not skip or repeat anything while others write, as page numbers can.
pages=0 count=0 more=true query="limit=2"
while [ "$more" = true ]; do
  call GET "/aliases?$query"
  pages=$((pages + 1)) count=$((count + $(field '.data | length')))
  more=$(field '.has_more and .next_cursor != null')
  query="limit=2&cursor=$(field '.next_cursor // "" | @uri')"
done
echo "walked $count aliases (pages: $pages)"

call POST /api-keys '{"name": "Reads aliases", "scopes": ["aliases:read"]}'
id=$(field .id) token=$(field .api_key) # shown this once
made+=("/api-keys/$id")
echo "created key $id, ${token:0:11}..."
key=$token call GET /aliases
echo "that key reads $(field .total) aliases"
call POST "/api-keys/$id/rotate"
token=$(field .api_key) # the older one stays valid for a day
echo "rotated key $id, ${token:0:11}..."
call POST "/api-keys/$id/revoke"
key=$token expect=401 call GET /aliases
echo "revoked key $id: $status"
call GET /domains
remaining=$(header X-RateLimit-Remaining)
echo "requests left: ${remaining:-n/a}"
