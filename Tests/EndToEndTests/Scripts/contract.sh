#!/usr/bin/env bash
# Holds the server against its own OpenAPI document: schemathesis sends what the document allows and what it forbids, alone and in
# sequences (a create, then what takes its id), and checks each answer's status, headers and body.
#   contract.sh BINARY FOLDER [EXAMPLES]
# EXAMPLES is how many random cases there are at most for each operation; the systematic ones are always the same. SEED=2 draws
# others. Every request is left in FOLDER/events-*.ndjson, what schemathesis says in FOLDER/contract-*.log.
set -euo pipefail

binary=$1 folder=$2 examples=${3:-20} seed=${SEED:-1}
settings=$(cd "$(dirname "$0")" && pwd)/contract.toml
for tool in schemathesis openapi-spec-validator python3 curl; do
  command -v "$tool" >/dev/null || { echo "error: the contract needs $tool; pip install schemathesis openapi-spec-validator" >&2; exit 1; }
done
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
export NO_COLOR=1 TERM=dumb

cd "$folder"
mkfifo said.pipe
# Nobody outside is asked: no record is there.
: >zone
"$binary" serve --db account.db --port 0 --key-file key --no-rate-limits --allow-private-targets --dns-file zone --quiet >said.pipe 2>serve.log &
server=$!
trap 'kill -TERM "$server" 2>/dev/null || true' EXIT
exec 3<said.pipe
read -r -t 60 line <&3 || { cat serve.log >&2; exit 1; }
url=${line#listening on }
url=${url%/v1}

curl -sSf -m 20 -o openapi.json "$url/openapi.json"
openapi-spec-validator openapi.json
# The tool has no way to write a message; the same bytes go as octets. The examples speak of a domain that is there, so that an alias is
# made whatever is drawn.
make() { curl -sSf -m 20 -H "Authorization: Bearer $(cat key)" --json "$2" "$url/v1/$1" | grep -o -m 1 '"id":"[A-Za-z0-9_]*' | cut -d '"' -f 4; }
domain=$(make domains '{"name":"seed.example"}')
webhook=$(make webhooks '{"url":"https://seed.example/"}')
python3 - "$domain" "$webhook" <<'END'
import json, sys
text = open("openapi.json").read().replace("dom_4fK2x9QaB7cD1eF0", sys.argv[1]).replace("wh_4fK2x9QaB7cD1eF0", sys.argv[2])
document = json.loads(text)
del document["paths"]["/v1/emails"]["post"]["requestBody"]["content"]["message/rfc822"]
json.dump(document, open("openapi.json", "w"))
END

# From a file: what is read from a URL is not tested itself. A run's sequences end as soon as the server's random ids lead a repeated
# one elsewhere, so there are several runs, on an account that is full from the first. All checks are on; with --checks all they could
# not be off anywhere.
# The sequences are about what can be made: mail that comes to nothing would take up most of them. Each dialect has its own.
failed=0 phases=examples,coverage,fuzzing,stateful count=$examples others=()
for round in 0 1 2 3 4 5; do
  timeout -k 5 600 schemathesis --config-file "$settings" run openapi.json --url "$url" -H "Authorization: Bearer $(cat key)" \
    --phases "$phases" "${others[@]}" --workers 1 --seed $((seed * 10 + round)) --max-examples "$count" --continue-on-failure \
    --generation-database none --no-color --report ndjson --report-ndjson-path "events-$round.ndjson" >"contract-$round.log" 2>&1 ||
    { failed=1 && sed -n '/= ERRORS =\|= FAILURES =\|rror: /,$p' "contract-$round.log" | cut -c1-600 | head -n 400 >&2; }
  phases=stateful count=$((examples * 4)) others=(--exclude-path-regex '^/(api/|v1/(emails|statistics))')
  if ((round >= 3)); then others=(--include-path-regex '^/api/'); fi
done
kill -0 "$server" 2>/dev/null || { echo "FAILED: the server is gone: $(tail -n 5 serve.log)" >&2; exit 1; }

python3 - "$seed" "$failed" <<'END'
import base64, glob, json, re, sys

# What is refused with 400 though no schema can forbid it. Each is about two values at once, the time, or what the account has.
rules = re.compile(r"""
    there\ is\ no\ (domain|webhook)\                        # a reference to what does not exist
    | the\ date\ is\ past | the\ key\ would\ end\ at\ once | has\ expired;
    | take\ page\ or\ cursor                                # OpenAPI cannot relate parameters
    | the\ header\ \S+\ stands\ here\ twice                 # in another case, or secret and plain
    | stands\ in\ the\ batch\ twice                         # operations on one thing
    | is\ set\ by\ the\ sender                              # reserved headers
    | with(out)?\ an\ owner | are\ an\ owner's                    # what only a batch with an owner may say, and has to
    | has\ bits\ set\ beyond                                # an address range
    | has\ a\ NUL\ character                                 # in whatever text
    | for\ every\ alias                                     # what the domain decides, or is always so
    | is\ not\ on\ the\ domain\ of                          # an address beside a domain's id
    """, re.X)
operations = {f"{method.upper()} {path}" for path, item in json.load(open("openapi.json"))["paths"].items() for method in item}
# What the tool does not find out by itself: how a token of the key begins, which code an endpoint got, and a message to a domain that is
# there.
mail = {"POST /v1/emails", "GET /v1/emails/{id}", "POST /v1/emails/{id}/replay"}
answered, broken = 0, {}
completions = {f"POST {base}/webhooks/{{id}}/verify/complete" for base in ("/v1", "/api")}
done = {"POST /v1/api-keys/{id}/acknowledge", *completions, *mail}
for line in (line for file in sorted(glob.glob("events-*.ndjson")) for line in open(file)):
    recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
    for id, exchange in recorder.get("interactions", {}).items():
        case, answer = recorder["cases"].get(id, {}).get("value"), exchange.get("response")
        if not case or not answer: continue
        answered += 1
        operation, status = f"{case['method']} {case['path']}", answer["status_code"]
        if 200 <= status < 300: done.add(operation)
        if status != 400 or case["meta"]["generation"]["mode"] != "positive": continue
        problem = json.loads(base64.b64decode(answer["content"]["$base64"]))
        if "statusCode" in problem: problem = {"code": "invalid", "detail": problem["message"]}
        for error in problem.get("errors") or [problem]:
            if error["code"] in ("invalid", "malformed") and not rules.search(error["detail"]):
                broken.setdefault((operation, re.sub(r"\d+", "0", error["detail"])[:60]), (error, exchange["request"], case.get("body")))
for (operation, _), (error, request, body) in broken.items():
    print(f"FAILED: {operation} refuses what the document allows: {error.get('pointer', '')} {error['detail']}", file=sys.stderr)
    print(f"  {request['uri']} {json.dumps(body)[:400] if body is not None else ''}", file=sys.stderr)
for operation in sorted(operations - done):
    print(f"FAILED: {operation} was never done, so that nothing is known of its answer", file=sys.stderr)
logs = "".join(open(file).read() for file in glob.glob("contract-*.log"))
cases, found = (sum(map(int, re.findall(pattern, logs))) for pattern in (r"(\d+) generated", r"found (\d+) unique"))
print(f"contract: {cases} cases generated for {len(operations)} operations by seed {sys.argv[1]}, {answered} answers, "
      f"{found + len(broken) + len(operations - done)} failures")
sys.exit(0 if cases and sys.argv[2] == "0" and not broken and operations <= done else 1)
END
