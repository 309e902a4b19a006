#!/bin/sh
# An engine that starts, prints and never listens.
# Has no help to give, and says so at once.
[ "$1" != --help ] || exit 1
echo "loading for ever"
exec sleep 300
