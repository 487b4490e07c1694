package message

import (
	"bytes"
	"strings"
)

// uuFile is a file that stands uuencoded in a text, as programs older than
// MIME attach them (POSIX, uuencode).
type uuFile struct {
	name string
	data []byte
}

// cutUUEncoded takes the uuencoded files out of a text: from a line "begin 644
// name" to the line "end". What only begins so stays.
func cutUUEncoded(text []byte) (files []uuFile, rest []byte) {
	rest = text
	for at := 0; at < len(rest) && len(files) < maxParts; {
		i := bytes.Index(rest[at:], []byte("begin "))
		if i < 0 {
			break
		}
		at += i
		if at > 0 && rest[at-1] != '\n' {
			at++
			continue
		}
		file, n := readUUFile(rest[at:])
		if n == 0 {
			at++
			continue
		}
		if files == nil {
			rest = bytes.Clone(text) // which is the mail's
		}
		files = append(files, file)
		rest = append(rest[:at], rest[at+n:]...)
	}
	return files, rest
}

// readUUFile decodes the file that begins at the start of text and says how many
// bytes of text it takes; 0 where it is none. One that is cut off ends where its
// lines do.
func readUUFile(text []byte) (file uuFile, n int) {
	line, rest := cutLine(text)
	mode, name, ok := strings.Cut(strings.TrimPrefix(string(line), "begin "), " ")
	if !ok || len(mode) < 3 || len(mode) > 4 || strings.Trim(mode, "01234567") != "" {
		return file, 0
	}
	file.name = baseName(cleanText(strings.TrimSpace(name)))
	for {
		line, next := cutLine(rest)
		line = bytes.TrimRight(line, "\r")
		if bytes.Equal(bytes.TrimSpace(line), []byte("end")) {
			return file, len(text) - len(next)
		}
		data, ok := decodeUULine(line)
		if file.data = append(file.data, data...); next == nil && ok {
			rest, ok = nil, false
		}
		if !ok && len(file.data) == 0 {
			return file, 0
		}
		if !ok {
			return file, len(text) - len(rest)
		}
		rest = next
	}
}

// decodeUULine decodes one line: its length in the first character, then four
// characters for three bytes. Spaces at its end may have been lost.
func decodeUULine(line []byte) ([]byte, bool) {
	line = bytes.TrimRight(line, " \t")
	if len(line) == 0 {
		return nil, true // "`" may have been a space
	}
	want := int(line[0]-' ') & 63
	coded := line[1:]
	full := (want + 2) / 3 * 4
	if line[0] < ' ' || line[0] > '`' || len(coded) > full+2 || len(coded) < want/3*4-8 {
		return nil, false
	}
	data := make([]byte, 0, full)
	for i := 0; i < full; i += 4 {
		var quad [4]byte
		for j := range quad {
			if i+j >= len(coded) {
				continue
			}
			c := coded[i+j]
			if c < ' ' || c > '`' {
				return nil, false
			}
			quad[j] = (c - ' ') & 63
		}
		data = append(data, quad[0]<<2|quad[1]>>4, quad[1]<<4|quad[2]>>2, quad[2]<<6|quad[3])
	}
	return data[:min(want, len(data))], true
}
