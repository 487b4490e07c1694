package web

import "net/http"

// robots asks programs that go through the web to leave alone what is no page to
// find: results of searches and filters, of which there is no end; mail as it came;
// the desk; and the pages of tokens (RFC 9309).
const robots = `User-agent: *
Disallow: /search
Disallow: /threads?
Disallow: /threads/*/mbox
Disallow: /lists/*/mbox
Disallow: /m/*/raw
Disallow: /m/*/html
Disallow: /m/*/attachments/
Disallow: /api/
Disallow: /sign-in
Disallow: /sign-out
Disallow: /sessions
Disallow: /visits
Disallow: /report/
Disallow: /review
Disallow: /edit
Disallow: /audit
Disallow: /confirm/
Disallow: /preferences/
Disallow: /unsubscribe/
`

func (s *site) robots(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	sendKept(w, r, []byte(robots))
}
