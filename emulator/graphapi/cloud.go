package graphapi

import "strings"

// cloud is how the API and its authorization server are named in answers: as
// the public cloud's to a request that came under Graph's public host, else by
// the local tenant's one origin.
type cloud struct {
	graph string // scheme, host and port of Graph
	login string // of the authorization server
}

func (s *service) cloudUnder(host string) cloud {
	if strings.TrimSuffix(strings.ToLower(host), ":443") == "graph.microsoft.com" {
		return cloud{"https://graph.microsoft.com", "https://login.microsoftonline.com"}
	}
	return cloud{s.origin, s.origin}
}
