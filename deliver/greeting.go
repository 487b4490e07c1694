package deliver

import (
	"context"
	"net"
	"net/textproto"
)

// Greeting is what a server says when a connection is opened (RFC 5321, section
// 4.2), without its code. Nothing is logged in to and nothing is sent. Its error is
// a *ServerError.
func Greeting(ctx context.Context, server Server) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, min(server.Timeout, maxDial))
	defer cancel()
	d := &dialing{server: server}
	host, _, err := net.SplitHostPort(server.Addr)
	if err != nil {
		return "", d.problem("the address is not host:port", "put it right in the config", err)
	}
	d.host = host
	conn, err := d.open(ctx, "tcp", server.Addr)
	if d.raw != nil {
		defer d.raw.Close()
	}
	if err != nil {
		return "", d.explain(err)
	}
	text := textproto.NewConn(conn)
	_, greeting, err := text.ReadResponse(220)
	if err != nil {
		return "", d.explain(err)
	}
	text.PrintfLine("QUIT") // out of courtesy: nothing hangs on it
	return greeting, nil
}
