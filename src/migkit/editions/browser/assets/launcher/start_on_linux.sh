#!/bin/sh
# Opens the kit; launcher/start.sh says how.
exec /bin/sh "$(dirname -- "$0")/launcher/start.sh" "$@"
