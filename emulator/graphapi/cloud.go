package graphapi

import "provision/internal/microsoft"

// cloud contains the names of the API and its authorization server in answers. If the
// request used a cloud's host of Graph, they are the names of that cloud, otherwise
// the origin of the local tenant.
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
