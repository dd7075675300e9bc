#!/bin/bash
# An external extension: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
set -uo pipefail
NAME=$(basename "$0")
API="http://${AWS_LAMBDA_RUNTIME_API}/2020-01-01/extension"
HEADERS=$(mktemp)
EVENT=$(mktemp)
echo "[$NAME] Launching extension"
curl -sS -LD "$HEADERS" -X POST "$API/register" -H "Lambda-Extension-Name: $NAME" \
  -d '{"events": ["INVOKE", "SHUTDOWN"]}' > /dev/null
ID=$(grep -Fi Lambda-Extension-Identifier "$HEADERS" | tr -d '[:space:]' | cut -d: -f2)
echo "[$NAME] Registered"

while true; do
  echo "[$NAME] Waiting for the next event"
  curl -sS "$API/event/next" -H "Lambda-Extension-Identifier: $ID" > "$EVENT"
  if grep -q '"SHUTDOWN"' "$EVENT"; then
    echo "[$NAME] Received SHUTDOWN event, exiting"
    exit 0
  fi
  echo "[$NAME] Received INVOKE event"
  sleep "$PROCESSING_SECONDS"
  echo "[$NAME] Finished processing"
done
