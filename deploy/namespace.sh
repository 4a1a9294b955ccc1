#!/bin/sh
# The namespace and the search attributes incidents rely on; safe to run again. In temporalio/admin-tools.
# Reads TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE (Temporal's own names), RETENTION.
set -eu
: "${TEMPORAL_ADDRESS:?host:port of the engine}"
export TEMPORAL_NAMESPACE="${TEMPORAL_NAMESPACE:-default}"
retention="${RETENTION:-720h}"

tries=0
until temporal operator cluster health >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || { echo "namespace: no healthy engine at $TEMPORAL_ADDRESS within 2 minutes" >&2; exit 1; }
    sleep 2
done

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$retention"

# The namespace's cache takes some seconds to know a new one; asking is the condition to wait for.
tries=0
until known="$(temporal operator search-attribute list 2>/dev/null)"; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || { echo "namespace: $TEMPORAL_NAMESPACE cannot be read" >&2; exit 1; }
    sleep 1
done

add() { # name, type
    echo "$known" | grep -qw "$1" || temporal operator search-attribute create --name "$1" --type "$2"
}
add IncidentSeverity Keyword
add IncidentPhase Keyword
add IncidentAlert Keyword
add IncidentDomain Keyword
add IncidentNeedsHuman Bool
add IncidentAcked Bool
echo "namespace: $TEMPORAL_NAMESPACE is ready for incidents"
