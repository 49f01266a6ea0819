#!/bin/sh
# The entry of every image: a setting may come as a file, as secrets do. NAME_FILE=/path sets NAME, unless NAME itself is set.
set -eu
for name in $(env | sed -n 's/^\([A-Z][A-Z0-9_]*\)_FILE=.*/\1/p'); do
  eval "file=\$${name}_FILE; given=\${${name}:-}"
  [ -z "$given" ] || continue
  [ -r "$file" ] || { echo "${name}_FILE names $file, which cannot be read." >&2; exit 78; }
  export "$name=$(cat "$file")"
done
exec "$@"
