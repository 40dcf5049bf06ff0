// Package proxy is an HTTP proxy for programs that hard-code Microsoft's public hosts:
// it terminates their connections to these hosts, and passes the requests to the local
// tenant.
//
//	p := proxy.New(proxy.Config{Hosts: hosts, TLS: authority.TLSConfig(hosts...), Handler: tenant})
//	err := p.Serve(listener) // http://127.0.0.1:PORT, for HTTPS_PROXY
//
// # Invariants
//
//   - Only CONNECT to port 443 of one of the hosts is taken. Everything else is
//     refused with one line that describes what to do: nothing is ever connected to,
//     so no request meant for the local tenant reaches the real one.
//   - The TLS handshake and every request in a tunnel must name the host that
//     the tunnel is for.
//   - A request reaches the handler with its Host as the client sent it.
//
// # Sources
//
// RFC 9110 section 9.3.6 (CONNECT) and 15.5.20 (421 Misdirected Request).
package proxy
