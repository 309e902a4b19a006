#!/bin/sh
# Never ready; prints the names of what is in its environment.
# Has no help to give, and says so at once.
[ "$1" != --help ] || exit 1
env | cut -d= -f1
exec sleep 300
