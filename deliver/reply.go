package deliver

import (
	"bufio"
	"errors"
	"net/textproto"
	"strconv"
)

// reply is that of a server to one command.
type reply struct {
	code int
	text string // of its lines, with a space between them
}

// errBabble is what no mail server says.
var errBabble = errors.New("the server answered with what is no reply (RFC 5321, section 4.2)")

// maxReplyLines bounds a reply.
const maxReplyLines = 100

// readReply reads one reply of one or more lines (RFC 5321, section 4.2.1), and
// its text where it is to be kept or refuses something.
func readReply(r *bufio.Reader, keep bool) (reply, error) {
	var got reply
	for range maxReplyLines {
		line, err := r.ReadSlice('\n')
		if err != nil {
			if errors.Is(err, bufio.ErrBufferFull) {
				err = errBabble
			}
			return got, err
		}
		for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
			line = line[:len(line)-1]
		}
		if len(line) < 3 || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
			return got, errBabble
		}
		code := digits(line[:3])
		if code < 200 || code > 599 || got.code != 0 && code != got.code {
			return got, errBabble
		}
		got.code = code
		// What agrees on the way to the text says nothing that is kept.
		if text := line[min(4, len(line)):]; (keep || code >= 400) && len(got.text) < maxReply {
			if got.text != "" {
				got.text += " "
			}
			got.text += string(text)
		}
		if len(line) == 3 || line[3] == ' ' {
			return got, nil
		}
	}
	return got, errBabble
}

// digits is the number that three digits make; -1 where they are none.
func digits(b []byte) int {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// words are what is kept of a reply.
func (r reply) words() string {
	return clip(oneLine(strconv.Itoa(r.code)+" "+r.text), maxReply)
}

// failed is what the reply refuses at a step; nil where it agrees. A client
// decides by the first digit (RFC 5321, section 4.2.1).
func (r reply) failed(step Step) *SendError {
	agrees := r.code/100 == 2
	if step == StepData {
		agrees = r.code == 354
	}
	if agrees {
		return nil
	}
	if r.code < 400 { // nothing that answers the command
		return &SendError{Kind: kindOfBabble(step), Step: step, Err: errBabble}
	}
	return refusal(step, &textproto.Error{Code: r.code, Msg: r.text})
}

// refusal is failed as an error, nil where there is none.
func (r reply) refusal(step Step) error {
	if failed := r.failed(step); failed != nil {
		return failed
	}
	return nil
}

// kindOfBabble is what a wrong reply leaves: behind the final dot it leaves open
// what became of the letter.
func kindOfBabble(step Step) Kind {
	if step == StepDot {
		return Unknown
	}
	return Temporary
}
