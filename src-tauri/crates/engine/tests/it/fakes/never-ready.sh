#!/bin/sh
# An engine that starts, prints and never listens.
echo "loading for ever"
exec sleep 300
