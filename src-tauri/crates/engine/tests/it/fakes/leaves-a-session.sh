#!/bin/sh
# Never ready, and has a child that made a session of its own and holds on to every file it was given.
setsid sleep 300 &
echo "child $!"
exec sleep 300
