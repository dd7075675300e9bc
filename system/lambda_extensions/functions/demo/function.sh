# The handler; what it writes to standard output is the response, so that it logs to standard error.
handler() {
  echo "[function] Received event $1" >&2
  echo "{\"echo\": $1}"
}
