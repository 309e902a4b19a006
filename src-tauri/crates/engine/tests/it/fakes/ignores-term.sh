#!/bin/sh
# An engine that does not care for TERM, and neither does the process that it starts.
# Has no help to give, and says so at once.
[ "$1" != --help ] || exit 1
trap '' TERM
sleep 300 &
echo "child $!"
while true; do sleep 300; done
