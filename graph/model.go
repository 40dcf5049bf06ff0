package graph

import (
	"encoding/json"
	"fmt"

	"github.com/microsoft/kiota-abstractions-go/serialization"
	jsonserialization "github.com/microsoft/kiota-serialization-json-go"
)

// model turns a JSON object into the SDK's model of it.
func model[T serialization.Parsable](body Object, create serialization.ParsableFactory) (T, error) {
	var none T
	raw, err := json.Marshal(body)
	if err != nil {
		return none, err
	}
	node, err := jsonserialization.NewJsonParseNode(raw)
	if err != nil {
		return none, err
	}
	parsed, err := node.GetObjectValue(create)
	if err != nil {
		return none, err
	}
	m, ok := parsed.(T)
	if !ok {
		return none, fmt.Errorf("the SDK made a %T of the body", parsed)
	}
	return m, nil
}
