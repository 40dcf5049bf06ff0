// Package background runs a program that outlives the one which starts it, and ends
// it later: at most one in a folder. Who runs is told by a lock that the program
// inherits, never by a process id alone, so that a process which got the id of an
// ended one is never ended in its place.
package background
