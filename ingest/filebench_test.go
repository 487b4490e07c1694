package ingest

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkMbox reads 100,000 mails of 3 KB; its speed is in bytes of the
// file.
func BenchmarkMbox(b *testing.B) {
	path := filepath.Join(b.TempDir(), "a.mbox")
	var mails []string
	for i := range 100_000 {
		mails = append(mails, fmt.Sprintf("Message-ID: <%d@example.org>\nFrom: a@example.org\nContent-Length: 5\n%s\n%sFrom here on\n", i, strings.Repeat("Received: from here by there; Mon, 18 Apr 2016 10:00:00 +0000\n", 20), strings.Repeat("> some words that are quoted\n", i%120)))
	}
	file := writeMbox(mails)
	mails = nil
	for name, content := range map[string]string{"plain": file, "gzip": string(compressed(b, file))} {
		b.Run(name, func(b *testing.B) {
			wrote(b, path, content)
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				s, w, err := openAt(b.Context(), path, 0)
				if err != nil {
					b.Fatal(err)
				}
				m := newMboxReader(w, path, DefaultMaxMessageBytes)
				n := 0
				for ; ; n++ {
					if _, err := m.next(); err == io.EOF {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
				s.close()
				if n != 100_000 {
					b.Fatalf("%d mails", n)
				}
			}
		})
	}
}
