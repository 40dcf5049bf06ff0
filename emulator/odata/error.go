package odata

import "fmt"

// Error says why a query option is refused.
type Error struct {
	Unsupported bool // it is right, and not supported
	Message     string
}

func (e *Error) Error() string { return e.Message }

func badSyntax(format string, args ...any) error {
	return &Error{Message: fmt.Sprintf(format, args...)}
}

func unsupportedQuery(format string, args ...any) error {
	return &Error{Unsupported: true, Message: fmt.Sprintf(format, args...)}
}
