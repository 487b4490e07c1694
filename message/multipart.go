package message

import "bytes"

// splitMultipart cuts the body of a multipart at its boundary lines (RFC 2046,
// section 5.1.1). It works on slices of body and reads what a strict reader
// refuses: a last part that is never closed, parts whose header is junk. The
// second result is false where the boundary does not occur.
func splitMultipart(body []byte, boundary string) (parts [][]byte, found, closed bool) {
	if boundary == "" {
		return nil, false, false
	}
	delimiter := []byte("--" + boundary)
	start := -1 // of the open part
	for at := 0; at < len(body); {
		i := bytes.Index(body[at:], delimiter)
		if i < 0 {
			break
		}
		i += at
		if i > 0 && body[i-1] != '\n' {
			// Not at the begin of its line, so nothing on this line is: each
			// line is looked at once, however often it has the delimiter.
			line, _ := cutLine(body[i:])
			at = i + len(line) + 1
			continue
		}
		line, _ := cutLine(body[i:])
		at = i + len(line) + 1
		rest := bytes.TrimRight(line[len(delimiter):], " \t")
		last := bytes.Equal(rest, []byte("--"))
		if len(rest) > 0 && !last {
			continue
		}
		if start >= 0 {
			// The line end before a boundary belongs to the boundary.
			parts = append(parts, body[start:max(start, i-1)])
		}
		if last {
			return parts, true, true
		}
		start = min(at, len(body))
		if len(parts) > maxParts {
			return parts, true, false
		}
	}
	if start < 0 {
		return nil, false, false
	}
	return append(parts, body[start:]), true, false
}

// guessBoundary finds the boundary of a multipart that declares none or a wrong
// one: the first line "--x" with a Content field right behind it.
func guessBoundary(body []byte) string {
	rest := body
	for n := 0; len(rest) > 0 && n < 1000; n++ {
		line, next := cutLine(rest)
		line = bytes.TrimRight(line, " \t")
		if len(line) > 2 && bytes.HasPrefix(line, []byte("--")) && !bytes.ContainsAny(line, " \t") {
			field, _ := cutLine(next)
			const content = "content-"
			if len(field) > len(content) && bytes.EqualFold(field[:len(content)], []byte(content)) {
				return string(line[2:])
			}
		}
		rest = next
	}
	return ""
}
