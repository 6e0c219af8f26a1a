# shellcheck shell=bash
# What the steps of action.yml share. Sourced, with TOKEN, MANIFEST and what GitHub sets. Untrusted text is data here: it comes from
# variables and files, and goes to jq and curl as such.

export -n TOKEN # reconcile does not get it: a manifest may name any variable, and have its value sent somewhere
PATH=$RUNNER_TEMP/reconcile/bin:$PATH
readonly BOT='github-actions[bot]' # who a workflow's own token comments as
# A comment's first line, as shell/plan wrote it.
# shellcheck disable=SC2016 # jq's variables
readonly FILTERS='
  def bots: select(.user.login == $bot and .user.type == "Bot");
  def first_line: (.body // "") | split("\n") | (.[0] // "") | rtrimstr("\r");
  def marker: first_line | capture("^<!-- reconcile (?<manifest>[^ ]+) digest=(?<digest>[0-9a-f]{64}|none) head=(?<head>[0-9a-f]+) -->$");'

# api METHOD PATH [CURL OPTION...]: prints the answer; says what was wrong otherwise. The token is in no argument.
api() {
  local method=$1 path=$2 answer
  shift 2
  answer=$(
    curl --silent --show-error --fail-with-body --max-time 60 --request "$method" "$@" \
      --header 'Accept: application/vnd.github+json' --header 'X-GitHub-Api-Version: 2022-11-28' \
      --config <(printf 'header = "Authorization: Bearer %s"\n' "$TOKEN") --url "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY$path"
  ) || {
    printf 'error: %s %s: %s\n' "$method" "$path" "$(tr -d '\r\n' <<<"$answer")" >&2
    return 1
  }
  printf '%s\n' "$answer"
}

# pages PATH: every page of a list, as one list. PATH ends with ? or &.
pages() {
  local page=1 answer
  while :; do
    answer=$(api GET "$1per_page=100&page=$page" --retry 3) || return 1
    printf '%s\n' "$answer"
    [ "$(jq length <<<"$answer")" -eq 100 ] || break
    page=$((page + 1))
  done | jq -s 'add // []'
}

# quietly COMMAND...: what it prints may contain what others wrote, so no line of it is a command to the runner.
# https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
quietly() {
  local word code=0
  word=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  echo "::stop-commands::$word"
  "$@" 2>&1 || code=$?
  printf '\n::%s::\n' "$word"
  return "$code"
}

# post_comment FILE PULL: one comment for each manifest, written anew in place. There is none as long as nothing would change.
post_comment() {
  local id
  id=$(pages "/issues/$2/comments?" |
    jq --arg bot "$BOT" --arg manifest "$MANIFEST" "$FILTERS"' [.[] | bots | select(marker.manifest == $manifest) | .id][0] // empty') ||
    return 1
  if [ -n "$id" ]; then
    jq -n --rawfile body "$1" '{$body}' | api PATCH "/issues/comments/$id" --data-binary @- >/dev/null
  elif [ "$(cat "$(dirname "$1")/exit-code")" != 0 ]; then
    jq -n --rawfile body "$1" '{$body}' | api POST "/issues/$2/comments" --data-binary @- >/dev/null
  fi
}

# reviewed_digest: the digest that the bot wrote about the last commit of the pull request that GITHUB_SHA merged; nothing if there is
# none. No fork's pull request has one: there the bot may have said what another workflow let a stranger write.
reviewed_digest() {
  local pull
  pull=$(api GET "/commits/$GITHUB_SHA/pulls?per_page=100" --retry 3 | jq -c --arg sha "$GITHUB_SHA" --arg branch "$GITHUB_REF_NAME" \
    --arg repository "$GITHUB_REPOSITORY" '[.[] | select(.merged_at != null and .merge_commit_sha == $sha and .base.ref == $branch
      and .head.repo.full_name == $repository)][0] // empty') || return 1
  if [ -z "$pull" ]; then
    echo "No pull request of this repository's own branches was merged as $GITHUB_SHA. If that is wrong, run this job again: GitHub may need a moment." >&2
    return
  fi
  pages "/issues/$(jq .number <<<"$pull")/comments?" |
    jq -r --arg bot "$BOT" --arg manifest "$MANIFEST" --arg head "$(jq -r .head.sha <<<"$pull")" "$FILTERS"'
      [.[] | bots | marker | select(.manifest == $manifest and .head == $head) | .digest] | unique
      | if length > 1 then error("two plans of one commit") else .[0] // empty end'
}

# track_drift FILE: one open issue while there is drift (FILE is its text), none when there is none (no FILE).
track_drift() {
  local label=reconcile-drift line number
  line="<!-- reconcile-drift $MANIFEST -->"
  number=$(pages "/issues?state=open&labels=$label&" | jq --arg bot "$BOT" --arg line "$line" "$FILTERS"'
    [.[] | select(.pull_request == null) | bots | select(first_line == $line) | .number][0] // empty') || return 1
  if [ $# -eq 0 ]; then
    if [ -n "$number" ]; then jq -n '{state: "closed", state_reason: "completed"}' | api PATCH "/issues/$number" --data-binary @- >/dev/null; fi
    return
  fi
  { echo "$line" && cat "$1"; } >"$1.issue"
  if [ -n "$number" ]; then
    jq -n --rawfile body "$1.issue" '{$body}' | api PATCH "/issues/$number" --data-binary @- >/dev/null
  else
    # It is there already after the first time.
    jq -n --arg name "$label" '{$name, color: "d93f0b", description: "The account was changed by hand"}' |
      api POST /labels --data-binary @- >/dev/null 2>&1 || true
    jq -n --rawfile body "$1.issue" --arg title "The account of $MANIFEST was changed by hand" --arg name "$label" \
      '{$title, $body, labels: [$name]}' | api POST /issues --data-binary @- >/dev/null
  fi
}
