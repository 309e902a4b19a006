#!/bin/sh
# Never ready; prints the names of what is in its environment.
env | cut -d= -f1
exec sleep 300
