package web

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"hash/fnv"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"sigpost/internal/lru"
)

// keeper keeps what was made for a page. What is kept is good while its stamp is
// that of now, and never for longer than keptFor: a stamp does not say everything.
type keeper[V any] struct {
	kept *lru.Cache[string, stamped[V]]
}

const keptFor = 5 * time.Minute

type stamped[V any] struct {
	stamp string
	until time.Time
	value V
}

func newKeeper[V any](limit int) *keeper[V] {
	return &keeper[V]{lru.New[string, stamped[V]](limit)}
}

func (k *keeper[V]) get(key, stamp string, now time.Time) (value V, ok bool) {
	one, ok := k.kept.Get(key)
	if !ok || one.stamp != stamp || now.After(one.until) {
		return value, false
	}
	return one.value, true
}

func (k *keeper[V]) put(key, stamp string, now time.Time, value V, bytes int) {
	k.kept.Put(key, stamped[V]{stamp, now.Add(keptFor), value}, bytes+len(key)+len(stamp))
}

// packedPage is a page that is the same for everybody: compressed, as browsers
// take it.
type packedPage struct {
	etag   string
	status int
	data   []byte
}

var packers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is one that there is
	return w
}}

func packPage(status int, text []byte) packedPage {
	sum := fnv.New128a()
	sum.Write(text)
	var b bytes.Buffer
	w := packers.Get().(*gzip.Writer)
	defer packers.Put(w)
	w.Reset(&b)
	w.Write(text) // into memory
	w.Close()
	return packedPage{`W/"` + hex.EncodeToString(sum.Sum(nil)) + `"`, status, bytes.Clone(b.Bytes())}
}

// send answers with the page, or with 304 where the client has it.
func (p packedPage) send(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Set("ETag", p.etag)
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Type", "text/html; charset=utf-8")
	if p.status == http.StatusOK && strings.Contains(r.Header.Get("If-None-Match"), strings.TrimPrefix(p.etag, "W/")) {
		h.Del("Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if takesGzip(r) {
		h.Set("Content-Encoding", "gzip")
		w.WriteHeader(p.status)
		_, err := w.Write(p.data)
		return err
	}
	plain, err := gzip.NewReader(bytes.NewReader(p.data))
	if err != nil {
		return err
	}
	w.WriteHeader(p.status)
	_, err = io.Copy(w, plain)
	return err
}

// takesGzip says whether a client takes gzip (RFC 9110, section 12.5.3).
func takesGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(coding), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q := strings.TrimPrefix(strings.ReplaceAll(weight, " ", ""), "q=")
			return strings.Trim(q, "0.") != "" || q == ""
		}
	}
	return false
}
