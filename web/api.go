package web

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/subscribe"
)

// apiPath is where programs read the archive, as JSON. What there is, and what it
// answers, is in openapi.json, which is written by hand; tests hold the one against
// the other.
const apiPath = "/api/v1"

//go:embed openapi.json
var openAPI []byte

// apiWay is one way to read the archive.
type apiWay struct {
	path   string   // behind apiPath
	params []string // of the query, that it knows
	costly bool
	answer func(context.Context, *apiQuestion) (any, error)
}

// apiWays are all of them.
func (s *site) apiWays() []apiWay {
	return []apiWay{
		{path: "/threads", params: []string{"topic", "nature", "list", "after", "before", "unanswered", "author", "limit", "from"}, answer: s.apiThreads},
		{path: "/threads/{id}", params: []string{"limit", "from"}, answer: s.apiThread},
		{path: "/threads/{id}/taggings", answer: s.apiTaggings},
		{path: "/messages/{id}", answer: s.apiMessage},
		{path: "/tags", answer: s.apiTags},
		{path: "/lists", answer: s.apiLists},
		{path: "/search", params: []string{"q", "order", "limit", "from"}, costly: true, answer: s.apiSearch},
		{path: "/issues", answer: s.apiDigests},
		{path: "/issues/{digest}", params: []string{"limit", "from"}, answer: s.apiIssues},
		{path: "/issues/{digest}/{number}", answer: s.apiIssue},
		{path: "/events", answer: s.apiEvents},
	}
}

// apiRoutes are the ways in for programs that read.
func (s *site) apiRoutes() []route {
	routes := []route{{pattern: "GET " + apiPath + "/openapi.json", handle: s.apiDocument, shared: true}}
	for _, way := range s.apiWays() {
		routes = append(routes, route{pattern: "GET " + apiPath + way.path, handle: s.apiHandle(way), shared: true, costly: way.costly})
	}
	if len(s.CORSOrigins) == 0 {
		return routes
	}
	for _, to := range slices.Clone(routes) { // for browsers, before other sites' pages ask with If-None-Match
		routes = append(routes, route{pattern: strings.Replace(to.pattern, "GET", "OPTIONS", 1), handle: s.apiPreflight, shared: true})
	}
	return routes
}

// apiHandle answers with what a way gives: the same bytes have the same ETag.
func (s *site) apiHandle(way apiWay) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.allowOrigin(w, r)
		asked, err := readAsked(r, way.params)
		var answer any
		if err == nil {
			answer, err = way.answer(r.Context(), asked)
		}
		if moved := apiMoved(""); errors.As(err, &moved) {
			w.Header().Set("Cache-Control", "no-cache")
			http.Redirect(w, r, apiPath+string(moved), http.StatusMovedPermanently)
			return
		}
		if err != nil {
			s.apiReadFail(w, r, err)
			return
		}
		var b bytes.Buffer
		if err := json.NewEncoder(&b).Encode(answer); err != nil {
			s.apiReadFail(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		sendKept(w, r, b.Bytes())
	}
}

// apiMoved is where behind apiPath something is that is not here any more.
type apiMoved string

// Error names where the answer is now.
func (m apiMoved) Error() string { return "moved to " + string(m) }

// apiReadFail answers what went wrong. What is wrong with a question is said in the
// words of whoever found it.
func (s *site) apiReadFail(w http.ResponseWriter, r *http.Request, err error) {
	var limited subscribe.ErrLimited
	switch {
	case errors.As(err, &limited), errors.Is(err, errGone):
		s.fail(w, r, err)
	case errors.Is(err, sigpost.ErrNotFound):
		apiAnswer(w, http.StatusNotFound, apiError{"there is nothing here by that name or number; it may have been mistyped"})
	case errors.Is(err, sigpost.ErrUsage):
		apiAnswer(w, http.StatusBadRequest, apiError{err.Error()})
	default:
		s.fail(w, r, err)
	}
}

// apiQuestion is a question of a program.
type apiQuestion struct {
	*http.Request
	values url.Values
}

// readAsked refuses what a way does not know: who mistypes a filter is not to
// believe that it holds.
func readAsked(r *http.Request, params []string) (*apiQuestion, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, sigpost.Usage(fmt.Errorf("the query cannot be read: %w", err))
	}
	for name := range values {
		if slices.Contains(params, name) {
			continue
		}
		known := "there are none here"
		if len(params) > 0 {
			known = "there are " + strings.Join(params, ", ")
		}
		if name == "q" {
			known += "; words are searched for at " + apiPath + "/search"
		}
		return nil, sigpost.Usage(fmt.Errorf("%q is no parameter; %s", name, known))
	}
	for name, all := range values {
		if len(all) > 1 && name != "topic" {
			return nil, sigpost.Usage(fmt.Errorf("%q is there %d times; once is enough", name, len(all)))
		}
	}
	if err := r.ParseForm(); err != nil {
		return nil, sigpost.Usage(err)
	}
	return &apiQuestion{r, values}, nil
}

// limit is how many of something are wanted.
func (a *apiQuestion) limit(usual, most int) (int, error) {
	text := a.values.Get("limit")
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, sigpost.Usage(fmt.Errorf("limit is %q, and has to be a number from 1 to %d", text, most))
	}
	return n, nil
}

// number is a place that a page gave as next.
func (a *apiQuestion) number() (int64, error) {
	text := a.values.Get("from")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, errFrom
	}
	return n, nil
}

var errFrom = sigpost.Usage(errors.New("from is no place that an answer gave as next; leave it out to begin anew"))

// next is the URL of the next page, and "" where there is none.
func (s *site) apiNext(a *apiQuestion, from string) string {
	if from == "" {
		return ""
	}
	v := url.Values{}
	for name, all := range a.values {
		v[name] = all
	}
	v.Set("from", from)
	return s.absolute(a.URL.EscapedPath() + "?" + v.Encode())
}

// apiDocument describes all this (OpenAPI 3.1).
func (s *site) apiDocument(w http.ResponseWriter, r *http.Request) {
	s.allowOrigin(w, r)
	w.Header().Set("Content-Type", "application/json")
	sendKept(w, r, openAPI)
}

// allowOrigin lets pages of other sites read an answer that is the same for
// everybody, where the configuration says so. No cookie comes with their requests
// (Fetch standard, "CORS protocol and credentials").
func (s *site) allowOrigin(w http.ResponseWriter, r *http.Request) (allowed bool) {
	if len(s.CORSOrigins) == 0 {
		return false
	}
	origin := r.Header.Get("Origin")
	switch {
	case slices.Contains(s.CORSOrigins, "*"):
		origin = "*"
	default:
		w.Header().Add("Vary", "Origin")
		if origin == "" || !slices.Contains(s.CORSOrigins, origin) {
			return false
		}
	}
	w.Header().Set("Access-Control-Allow-Origin", origin)
	w.Header().Set("Access-Control-Expose-Headers", "ETag, Retry-After, RateLimit, RateLimit-Policy")
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	return true
}

// apiPreflight says to browsers which requests other sites' pages may send: those
// that read.
func (s *site) apiPreflight(w http.ResponseWriter, r *http.Request) {
	if s.allowOrigin(w, r) {
		w.Header().Set("Access-Control-Allow-Methods", "GET, HEAD")
		w.Header().Set("Access-Control-Allow-Headers", "If-None-Match")
		w.Header().Set("Access-Control-Max-Age", "3600")
	}
	w.WriteHeader(http.StatusNoContent)
}

// instant is a time as the API writes it (RFC 3339, UTC, whole seconds); nothing
// for the zero time.
type instant time.Time

// MarshalJSON writes the time as RFC 3339 has it, in UTC.
func (t instant) MarshalJSON() ([]byte, error) {
	if time.Time(t).IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + time.Time(t).UTC().Format(time.RFC3339) + `"`), nil
}

// some is a list that is there, empty or not.
func some[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}
