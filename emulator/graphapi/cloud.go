package graphapi

import "provision/internal/microsoft"

// cloud is how the API and its authorization server are named in answers: as
// a cloud's to a request that came under its host of Graph, else by
// the local tenant's one origin.
type cloud struct {
	graph string // scheme, host and port of Graph
	login string // of the authorization server
}

func (s *service) cloudUnder(host string) cloud {
	if c, found := microsoft.CloudOf(host); found {
		return cloud{c.GraphURL(), c.Authority()}
	}
	return cloud{s.origin, s.origin}
}
