package odata

import "fmt"

// Error is the reason why a query option is refused.
type Error struct {
	Unsupported bool // the option is valid, but not supported
	Message     string
}

func (e *Error) Error() string { return e.Message }

func badSyntax(format string, args ...any) error {
	return &Error{Message: fmt.Sprintf(format, args...)}
}

func unsupportedQuery(format string, args ...any) error {
	return &Error{Unsupported: true, Message: fmt.Sprintf(format, args...)}
}
