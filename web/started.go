package web

import "net/http"

// started is an answer of which is known whether it has begun, and that has
// something done to its header before that.
type started struct {
	http.ResponseWriter
	begun bool
	first func(http.Header) // nil for nothing
}

func (w *started) begin() {
	if !w.begun && w.first != nil {
		w.first(w.Header())
	}
	w.begun = true
}

// WriteHeader begins the answer.
func (w *started) WriteHeader(status int) {
	w.begin()
	w.ResponseWriter.WriteHeader(status)
}

// Write begins the answer where no status was written.
func (w *started) Write(b []byte) (int, error) {
	w.begin()
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *started) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// unkept keeps an answer out of caches, whatever its handler said.
func unkept(h http.Header) { h.Set("Cache-Control", "no-store") }
