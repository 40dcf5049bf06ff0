// Package background runs a program that continues after its parent process has ended,
// and ends it later. A folder has at most one such program. A lock that the program
// inherits shows which process runs. A process id alone is not sufficient, because
// another process can get the id after the program has ended.
package background
