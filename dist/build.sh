# What deb.sh and release.sh share; they read it with ".". From the same source it makes the same bytes, in whatever folder,
# at whatever time and with whatever umask, as long as the version of Go is the same.
#
# VERSION, SOURCE_DATE_EPOCH  those of the last commit unless they are set
# OUT                         the folder for what is built; out

cd "$(dirname "$0")/.."
export LC_ALL=C TZ=UTC
umask 022

GO=${GO:-go}
OUT=${OUT:-out}
VERSION=${VERSION:-$(dist/version.sh)}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# program GOARCH FOLDER: puts the static program for a kind of processor into a folder: the same one, whatever the
# environment says of flags and processors. It is built once.
program() {
  [ -e "$work/$1/luamilter" ] || env CGO_ENABLED=0 GOOS=linux GOARCH="$1" GOAMD64=v1 GOARM64=v8.0 GOEXPERIMENT= GOFLAGS= \
    "$GO" build -trimpath -buildvcs=false -ldflags "-s -w -X main.release=$VERSION" -o "$work/$1/luamilter" ./cmd/luamilter
  files 755 "$2" "$work/$1/luamilter"
}

# here ARG...: runs the program that is for this machine, which prints manual page and completions.
here() {
  program "$("$GO" env GOHOSTARCH)" "$work/here"
  "$work/here/luamilter" "$@"
}

# files MODE FOLDER FILE...: copies files into a folder, which is made.
files() {
  mode=$1 folder=$2
  shift 2
  install -d -m 755 "$folder"
  install -m "$mode" "$@" "$folder"
}

# scripts FOLDER: the ready filters and what belongs to them.
scripts() {
  files 644 "$1" scripts/*.lua
  files 644 "$1/lib" scripts/lib/*.lua
  files 644 "$1/definitions" scripts/definitions/*.lua
}

# pages FOLDER: what there is to read.
pages() {
  files 644 "$1" README.md
  files 644 "$1/docs" docs/*.md
  files 644 "$1/docs/modules" docs/modules/*.md
}

# licences PROGRAM [FILE]: what the libraries in a program ask to be passed on with it. Where FILE has the Apache licence,
# it is named in place of its text.
licences() {
  modules=$("$GO" version -m "$1" | awk '$1 == "dep" { print $2 }')
  echo "luamilter contains the standard library of Go and these modules, which come with the texts below:"
  echo
  "$GO" list -m -f '  {{.Path}} {{.Version}}' $modules
  licence "Go" "$("$GO" env GOROOT)/LICENSE" "${2:-}"
  "$GO" list -m -f '{{.Path}} {{.Dir}}' $modules | while read -r module folder; do
    find "$folder" -maxdepth 1 -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' \) | sort |
      while read -r text; do licence "$module" "$text" "${2:-}"; done
  done
}

# licence MODULE TEXT FILE
licence() {
  printf '\n---- %s: %s\n\n' "$1" "$(basename "$2")"
  if [ -n "$3" ] && grep -q 'Apache License' "$2" && grep -q 'Version 2.0, January 2004' "$2"; then
    echo "The Apache License, Version 2.0: $3"
  else
    cat "$2"
  fi
}
