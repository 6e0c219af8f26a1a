#!/usr/bin/env bash
# Kills reconcile at its 1st, 2nd, 3rd ... system call that writes, syncs, renames or sends, and checks after each that the
# account is the old or the new one as a whole, and that the next apply mends what is left to mend.
#   kill-matrix.sh BINARY FOLDER MODE
#     first    apply --local, where there is no database yet
#     local    apply --local, on an account that an older manifest made
#     client   apply over HTTP; the server runs unharmed
#     rotate   keys rotate over HTTP; whatever was killed, the key in its file works at once
#     server   serve, while an unharmed client applies, on an account that an older manifest made
#     start    serve, where there is no database yet
# KILL_STRIDE=1 takes every call. More takes every n-th of the many writes to the database's files, with the last ones, and all
# other calls.
#
# strace counts the calls to inject into by thread and name, with -P only those on one file. So a series is a name on one of
# the database's files, or a name. SIGKILL comes on entering a call, which is then not done. (Not with --seccomp-bpf, where
# strace 6.1 injects no signal.) Which thread does what varies a little, so that some points of a series are met twice or not.
set -euo pipefail

binary=$1 folder=$2 mode=$3
stride=${KILL_STRIDE:-10} short=6 end=2
calls=(writev pwrite64 pwritev fsync fdatasync ftruncate rename renameat renameat2 unlink unlinkat sendto sendmsg sendmmsg
  mkdir mkdirat link linkat)
names=write$(printf ',?%s' "${calls[@]}")
# Threads of a socket write little, and are killed between two writes when they wait.
case $mode in client | rotate | server) names+=,?epoll_wait,?epoll_pwait ;; esac

for tool in strace sqlite3 curl; do
  command -v "$tool" >/dev/null || { echo "error: the kill matrix needs $tool; apt-get install $tool" >&2; exit 1; }
done

export TOKEN=canary SWIFT_BACKTRACE=enable=no
started=$SECONDS killed=0 survived=0 failed=0 drafts=0 kept=0 temporary=0 left_old=0 left_new=0
database=account.db log=$folder/strace.log point="no call" code=0 server="" job="" url=""
case $mode in first | local) database=.reconcile/local.db ;; esac

cat >"$folder/old.yaml" <<'END'
version: 1
manifest: kill
environment: test
# On the way back from the new manifest.
allow: { deletes: 4 }
webhooks:
  hook: { url: https://hooks.example/old, headers: { Authorization: { env: TOKEN } } }
  gone: { url: https://hooks.example/gone }
domains:
  acme.example: { aliases: { support: hook, billing: hook, old: gone } }
END
cat >"$folder/new.yaml" <<'END'
version: 1
manifest: kill
environment: test
webhooks:
  hook: { url: https://hooks.example/new, headers: { Authorization: { env: TOKEN } } }
  extra: { url: https://hooks.example/extra }
domains:
  acme.example:
    description: Main
    aliases: { support: hook, billing: extra, info: extra, "*": { webhook: hook, enabled: false } }
api_keys:
  k: { scopes: [domains:read], deliver_to: { file: keys/k.key } }
END

# What the manifest's owner has, without what the server makes up.
resources="
SELECT 'webhook', key, name, url, (SELECT count(*) FROM webhook_secrets WHERE webhook_id = webhooks.id) FROM webhooks
  WHERE owner_id IS NOT NULL ORDER BY key, name;
SELECT 'domain', name, description FROM domains WHERE owner_id IS NOT NULL ORDER BY name;
SELECT 'alias', name, enabled, (SELECT key FROM webhooks WHERE webhooks.id = webhook_id) FROM aliases
  WHERE owner_id IS NOT NULL ORDER BY name;
SELECT 'key', key, scopes FROM api_keys WHERE owner_id IS NOT NULL ORDER BY key;"
counts="
SELECT (SELECT count(*) FROM webhooks WHERE owner_id IS NOT NULL), (SELECT count(*) FROM domains WHERE owner_id IS NOT NULL),
  (SELECT count(*) FROM aliases WHERE owner_id IS NOT NULL), (SELECT count(*) FROM api_keys WHERE owner_id IS NOT NULL);"

# The resources in a database as a killed run left it: in a copy, so that whoever opens it next finds what the killed run left.
content() { # DATABASE
  local copy=$folder/copy
  rm -rf "$copy" && mkdir "$copy"
  if [ -e "$1" ]; then cp "$1" "$copy/db"; fi
  if [ -e "$1-wal" ]; then cp "$1-wal" "$copy/db-wal"; fi
  if [ -e "$1-journal" ]; then cp "$1-journal" "$copy/db-journal"; fi
  [ "$(sqlite3 "$copy/db" "SELECT count(*) FROM sqlite_master WHERE name = 'api_keys'")" = 0 ] || sqlite3 "$copy/db" "$resources"
}

# --- checks: each says what is wrong and is false ---

fault() {
  failed=$((failed + 1))
  echo "FAILED $mode, killed at $point: $1" >&2
  if [ -s "$log" ]; then grep -v '+++' "$log" | tail -n 2 | cut -c1-160 | sed 's/^/  strace: /' >&2; fi
  return 1
}

must() { # CODE COMMAND...
  local wanted=$1 ended=0
  shift
  timeout -k 5 60 "$@" >"$folder/said" 2>&1 || ended=$?
  [ "$ended" = "$wanted" ] || fault "${*:2} ended with $ended: $(tail -n 2 "$folder/said" | cut -c1-300)"
}

expect_whole() { # DATABASE
  local found
  found=$(content "$1" 2>&1) || true
  case $found in
  "$old") left_old=$((left_old + 1)) ;;
  "$new") left_new=$((left_new + 1)) ;;
  *) fault "the account is neither the old nor the new one: ${found//$'\n'/ }" ;;
  esac
}

# The account is the new manifest's, nothing is doubled, and the key that was delivered is the one that is valid.
expect_mended() { # DATABASE
  local hash wanted found
  [ "$(stat -c %a keys/k.key 2>/dev/null)" = 600 ] || fault "keys/k.key is not there with mode 600" || return
  hash=$(tr -d '\n' <keys/k.key | sha256sum | cut -d' ' -f1)
  wanted=$(printf 'ok\n%s\n2|1|4|1\nunacknowledged 0\nendless 0\nvalid 1' "$new")
  found=$(sqlite3 "$1" "PRAGMA integrity_check; PRAGMA foreign_key_check; $resources $counts
    SELECT 'unacknowledged ' || count(*) FROM key_tokens WHERE acknowledged_at IS NULL AND grace_until IS NULL;
    SELECT 'endless ' || count(*) FROM key_tokens WHERE grace_until > strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+1 day');
    SELECT 'valid ' || count(*) FROM key_tokens WHERE sha256 = '$hash' AND acknowledged_at IS NOT NULL AND grace_until IS NULL;" 2>&1) ||
    true
  [ "$found" = "$wanted" ] || fault "the account is not the manifest's: $(diff <(echo "$wanted") <(echo "$found") | tr '\n' ' ')"
}

expect_works() { # KEY FILE, PATH
  local status
  [ -e "$1" ] || fault "there is no key in $1" || return
  status=$(curl -s -m 20 -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $(cat "$1")" "$url/$2") || true
  [ "$status" = 200 ] || fault "the key in $1 gets $status"
}

count_files() { # FOLDER PATTERN
  { find "$1" -name "$2" 2>/dev/null || true; } | wc -l
}

# --- the server ---

# Starts one in the working folder; `url` is its address, or empty when it ended before it had one.
serve() { # [TRACER...]
  local line=""
  rm -f said.pipe && mkfifo said.pipe
  # A test's children begin with SIGTERM blocked, which timeout keeps so: the server itself is signalled, and the shell inside
  # says who that is. The shell outside has an exit code also when a signal ends the server.
  # shellcheck disable=SC2016
  (
    timeout -k 5 600 bash -c 'echo $$ >serve.pid; exec "$@" 2>>serve.log' - "$@" \
      "$binary" serve --no-rate-limits --db account.db --port 0 --key-file first.key --quiet >said.pipe
    exit $?
  ) 2>/dev/null &
  job=$!
  exec 3<said.pipe
  read -r -t 60 line <&3 || true
  server=$(cat serve.pid)
  url=${line#listening on }
  EMAILCONNECT_API_KEY=$(cat first.key 2>/dev/null) || true
  export EMAILCONNECT_URL=$url EMAILCONNECT_API_KEY
}

# Ends it with SIGTERM; `code` is how it ended.
end_server() {
  code=0
  [ -n "$server" ] || return 0
  kill -TERM "$server" 2>/dev/null || true
  wait "$job" || code=$?
  server=""
  exec 3<&-
}
trap '[ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true' EXIT

# --- one point ---

tracing_for() { # "record" or "FILE NAME NUMBER"
  if [ "$1" = record ]; then
    tracing=(strace -f -qq -y -o "$log" -e "trace=$names")
  else
    local file name number
    read -r file name number <<<"$1"
    tracing=(strace -f -qq -o "$log" -e "trace=$name" -e "inject=$name:signal=SIGKILL:when=$number")
    if [ "$file" != any ]; then tracing+=(-P "$PWD/$database${file#db}"); fi
  fi
}

# A run under strace from the same state as every other. `code` is how it ended: 137 when it was killed.
run() { # as tracing_for
  cd "$folder"
  if [ "$mode" = client ]; then
    cd prepared
    rm -rf keys
    cp ../old.yaml reconcile.yaml
    must 0 "$binary" apply --auto-approve || return 0
  elif [ "$mode" = rotate ]; then
    cd prepared
  else
    rm -rf point && mkdir point && cd point
    if [ -d ../prepared ]; then cp -r ../prepared/. .; fi
  fi
  cp ../new.yaml reconcile.yaml
  rm -rf tmp && mkdir tmp
  tracing_for "$1"
  code=0
  if [ "$mode" = server ] || [ "$mode" = start ]; then
    # -DD: the server is the child, and the tracer is in a group of its own, where timeout does not signal it.
    serve "${tracing[@]}" -DD
    local client=0
    if [ -n "$url" ]; then timeout -k 5 60 "$binary" apply --auto-approve >run.log 2>&1 || client=$?; fi
    end_server
    case $client in 0 | 1 | 3 | 6) ;; *) fault "the client of the killed server ended with $client" || return 0 ;; esac
  else
    local action=(apply --auto-approve)
    case $mode in first | local) action+=(--local) ;; rotate) action=(keys rotate k --auto-approve) ;; esac
    { TMPDIR=$PWD/tmp timeout -k 5 60 "${tracing[@]}" "$binary" "${action[@]}" >run.log 2>&1 || code=$?; } 2>/dev/null
  fi
  drafts=$((drafts + $(count_files . '*.tmp')))
  temporary=$((temporary + $(count_files tmp 'reconcile-*')))
}

# What anybody would do after a run that was killed, and whether it helps.
mend() {
  expect_whole "$database" || return 0
  case $mode in
  first | local)
    must 0 "$binary" apply --local --auto-approve || return 0
    must 0 "$binary" plan --local --detailed-exitcode || return 0
    [ "$(cat .reconcile/.gitignore 2>/dev/null)" = '*' ] || fault "there is no .reconcile/.gitignore" || return 0
    [ "$(stat -c %a .reconcile)" = 700 ] || fault ".reconcile is open to others" || return 0
    ;;
  client)
    must 0 "$binary" apply --auto-approve || return 0
    must 0 "$binary" plan --detailed-exitcode || return 0
    expect_works keys/k.key domains || return 0
    ;;
  rotate)
    expect_works keys/k.key domains || return 0
    must 0 "$binary" keys rotate k --auto-approve || return 0
    must 0 "$binary" plan --detailed-exitcode || return 0
    expect_works keys/k.key domains || return 0
    ;;
  server | start)
    serve
    [ -n "$url" ] || fault "the server does not start again: $(tail -n 2 serve.log)" || return 0
    expect_works first.key state || { end_server && return 0; }
    must 0 "$binary" apply --auto-approve || { end_server && return 0; }
    must 0 "$binary" plan --detailed-exitcode || { end_server && return 0; }
    expect_works keys/k.key domains || { end_server && return 0; }
    end_server
    [ "$code" = 0 ] || fault "the server ended with $code" || return 0
    ;;
  esac
  kept=$((kept + $(count_files . '*.tmp')))
  expect_mended "$database" || return 0
}

# Each series of a recorded run: the file, the call, the most that one thread makes.
series() { # LOG
  awk -v database="/$database" '
    /resumed>/ || $2 !~ /^[a-z]/ { next }
    {
      name = $2; sub(/\(.*/, "", name); file = "any"
      if (match($0, /^[0-9]+ +[a-z0-9_]+\([0-9]+<[^>]*>/)) {
        path = substr($0, RSTART, RLENGTH - 1)
        place = index(path, database)
        if (place) file = "db" substr(path, place + length(database))
      }
      seen[file, name] = 1
      if (++all[name, $1] > most["any", name]) most["any", name] = all[name, $1]
      if (file != "any" && ++here[file, name, $1] > most[file, name]) most[file, name] = here[file, name, $1]
    }
    END { for (each in seen) { split(each, part, SUBSEP); print part[1], part[2], most[part[1], part[2]] } }' "$1" | sort
}

# --- what every point starts from, and the two accounts that it may leave ---

old=""
case $mode in
local | client | server | rotate)
  mkdir "$folder/prepared" && cd "$folder/prepared"
  if [ "$mode" = rotate ]; then cp ../new.yaml reconcile.yaml; else cp ../old.yaml reconcile.yaml; fi
  if [ "$mode" = local ]; then
    must 0 "$binary" apply --local --auto-approve
  else
    serve
    must 0 "$binary" apply --auto-approve
  fi
  if [ "$mode" = server ]; then end_server; fi
  old=$(content "$database")
  ;;
esac

run record
[ "$code" = 0 ] || { echo "error: a run under strace ended with $code: $(tail -qn 5 run.log "$log")" >&2; exit 1; }
new=$(content "$database")
cp "$log" "$folder/recorded.log"
mend
[ "$failed" = 0 ] || exit 1

# --- the matrix ---

series "$folder/recorded.log" >"$folder/series"
while read -r -u 4 file name most; do
  reached=0
  for ((number = 1; number <= 2000 && failed < 20; number++)); do
    if [ "$file" != any ] && ((most > short && number <= most - end && (number - 1) % stride != 0)); then continue; fi
    kill -0 "$PPID" 2>/dev/null || { echo "error: whoever started this is gone" >&2; exit 1; }
    point="$name $number on $file"
    run "$file $name $number"
    case $code in
    137)
      killed=$((killed + 1)) reached=$((reached + 1))
      grep -m 1 -e "= ?" -e unfinished "$log" | cut -c1-120 | sed "s|^[0-9]*|$point|" >>"$folder/points" || true
      ;;
    0) survived=$((survived + 1)) ;;
    *) fault "the run ended with $code: $(tail -n 2 run.log | cut -c1-300)" || true ;;
    esac
    mend
    # Every call was taken when a run survives; with a stride, the recorded run says which call is the last.
    if ((number >= most && (code != 137 || stride > 1))); then break; fi
  done
  echo "  $file $name: killed $reached times, of $most calls that one thread makes"
done 4<"$folder/series"
if [ "$mode" = client ] || [ "$mode" = rotate ]; then end_server; fi

calls=$(grep -vc 'resumed>' "$folder/recorded.log")
echo "$mode: killed at $killed points, survived $survived, stride $stride, $calls calls, $((SECONDS - started)) s; $failed failed"
echo "  left the old account $left_old times, the new one $left_new times"
echo "  left by killed runs: $drafts drafts of a key, $kept of them after the next apply too; $temporary temporary folders"
[ "$failed" = 0 ]
