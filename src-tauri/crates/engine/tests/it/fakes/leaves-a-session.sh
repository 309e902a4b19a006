#!/bin/sh
# Never ready, and has a child that made a session of its own and holds on to every file it was given.
# Has no help to give, and says so at once.
[ "$1" != --help ] || exit 1
setsid sleep 300 &
echo "child $!"
exec sleep 300
