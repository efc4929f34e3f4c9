#!/bin/sh
# Prints the version of this tree: its tag, or v0.0.0-N-gCOMMIT after N commits where no tag is in sight.
set -eu
cd "$(dirname "$0")/.."
# An archive of the source may lie in somebody else's repository.
if [ ! -e .git ]; then
  echo "version.sh: there is no git history here: set VERSION and SOURCE_DATE_EPOCH" >&2
  exit 1
fi
if git describe --tags --match 'v[0-9]*' --abbrev=12 --dirty 2>/dev/null; then
  exit
fi
commit=$(git rev-parse --short=12 HEAD)
dirty=
git diff-index --quiet HEAD || dirty=-dirty
echo "v0.0.0-$(git rev-list --count HEAD)-g$commit$dirty"
