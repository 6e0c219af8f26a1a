#!/usr/bin/env bash
# Holds the server's answers, good and bad, against HTTP itself: httplint reads each as it comes from the socket.
#   http-lint.sh BINARY FOLDER
set -euo pipefail
binary=$1
cd "$2"
command -v httplint >/dev/null || { echo "error: httplint is missing; pip install httplint" >&2; exit 1; }
mkfifo said.pipe
# Nobody outside is asked: no record is there.
: >zone
"$binary" serve --db account.db --port 0 --key-file key --no-rate-limits --dns-file zone --quiet >said.pipe 2>serve.log &
server=$!
trap 'kill -TERM "$server" 2>/dev/null || true' EXIT
exec 3<said.pipe
read -r -t 60 line <&3 || { cat serve.log >&2; exit 1; }
url=${line#listening on }
url=${url%/v1}

answers=0 faults=0
# lint STATUS METHOD PATH [CURL_OPTION...]
lint() {
  local status=$1 method=$2 path=$3 said
  shift 3
  curl -sS --raw -i -m 20 -X "$method" -H "Authorization: Bearer $(cat key)" "$@" "$url$path" >answer
  answers=$((answers + 1))
  if ! head -n 1 answer | grep -q " $status "; then
    echo "FAILED: $method $path: $(head -n 1 answer)" >&2
    faults=$((faults + 1))
  fi
  # A 400 says of itself what the lint warns of.
  said=$(httplint -n <answer 2>&1 | grep -v "didn't understand the request") || true
  if grep -qE '\[(BAD|WARN)\]|error' <<<"$said" || ! grep -q 'GOOD' <<<"$said"; then
    echo "FAILED: $method $path:" >&2
    grep -vE '^$|GOOD|INFO' <<<"$said" >&2 || true
    faults=$((faults + 1))
  fi
}
json=(-H 'Content-Type: application/json')
lint 201 POST /v1/domains "${json[@]}" -d '{"name":"acme.example"}'
id=$(sed -n 's/.*"id":"\(dom_[A-Za-z0-9]*\)".*/\1/p' answer)
lint 200 GET /v1
lint 200 GET /v1/domains
lint 200 GET "/v1/domains/$id"
lint 304 GET "/v1/domains/$id" -H 'If-None-Match: "1"'
lint 200 PATCH "/v1/domains/$id" "${json[@]}" -d '{"description":"x"}'
lint 412 PATCH "/v1/domains/$id" "${json[@]}" -H 'If-Match: "1"' -d '{"description":"y"}'
lint 200 GET /v1/state
lint 200 GET /v1/activity
lint 400 POST /v1/domains "${json[@]}" -d '{'
lint 401 GET /v1/domains -H 'Authorization: Bearer x'
lint 404 GET /nothing
lint 405 DELETE /v1/state
lint 409 POST /v1/domains "${json[@]}" -d '{"name":"acme.example"}'
lint 415 POST /v1/domains -H 'Content-Type: text/plain' -d 'x'
lint 202 POST "/v1/emails?to=support@acme.example" -H 'Content-Type: message/rfc822' --data-binary 'no header, only a body'
lint 200 GET /v1/emails
lint 204 OPTIONS /v1/domains
lint 200 GET /api/domains
lint 200 PUT "/api/domains/$id" "${json[@]}" -d '{"active":true}'
lint 200 POST "/api/domains/$id/verify"
lint 201 POST /api/webhooks "${json[@]}" -d '{"name":"n","url":"https://a.example/"}'
lint 400 POST /api/aliases "${json[@]}" -d '{}'
lint 401 GET /api/domains -H 'X-API-KEY: x'
lint 404 GET /api/nothing
lint 405 PATCH /api/domains
lint 204 OPTIONS /api/v1/domains
lint 204 DELETE "/v1/domains/$id"
for path in /health /metrics /openapi.json /login /assets/style.css; do lint 200 GET "$path"; done
lint 303 GET /settings
echo "$answers answers, $faults faults"
[ "$faults" = 0 ]
