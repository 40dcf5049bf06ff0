//go:build race

package directory

func init() { raceDetector = true }
