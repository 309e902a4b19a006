#!/bin/sh
# An engine that does not care for TERM, and neither does the process that it starts.
trap '' TERM
sleep 300 &
echo "child $!"
while true; do sleep 300; done
