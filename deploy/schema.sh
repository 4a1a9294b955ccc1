#!/bin/sh
# Temporal's two databases, made or brought up to date; safe to run again. In temporalio/admin-tools.
# Reads SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER, SQL_PASSWORD (names of temporal-sql-tool), SCHEMA_DIR.
set -eu
schemas="${SCHEMA_DIR:-/etc/temporal/schema/postgresql/v12}"

bring_up_to_date() { # database, folder of its schema
    temporal-sql-tool --db "$1" create
    temporal-sql-tool --db "$1" setup-schema -v 0.0 # leaves a newer version as it is
    temporal-sql-tool --db "$1" update-schema -d "$schemas/$2/versioned"
}

bring_up_to_date temporal temporal
bring_up_to_date temporal_visibility visibility
echo "schema: up to date"
