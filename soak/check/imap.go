package check

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	fetchedDate = regexp.MustCompile(`INTERNALDATE "([^"]+)"`)
	literal     = regexp.MustCompile(`\{(\d+)\}\r?\n$`)
)

// ReadMailbox reads all mail of a mailbox over a connection in clear text, by a
// reader of its own (RFC 9051): that of the program may be what is wrong.
func ReadMailbox(addr, user, password, mailbox string) ([]Mail, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Minute))
	r := bufio.NewReaderSize(conn, 1<<16)
	if _, err := r.ReadString('\n'); err != nil {
		return nil, err
	}
	var mails []Mail
	for i, command := range []string{fmt.Sprintf("LOGIN %q %q", user, password), fmt.Sprintf("EXAMINE %q", mailbox), "UID FETCH 1:* (INTERNALDATE BODY.PEEK[])", "LOGOUT"} {
		tag := fmt.Sprintf("c%d", i)
		fmt.Fprintf(conn, "%s %s\r\n", tag, command)
		if mails, err = readAnswer(r, tag, mails); err != nil {
			return mails, fmt.Errorf("%s of the mailbox %s: %w", strings.Fields(command)[0], mailbox, err)
		}
	}
	return mails, nil
}

// readAnswer reads up to the line that ends a command, with the mails in front of it.
func readAnswer(r *bufio.Reader, tag string, mails []Mail) ([]Mail, error) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return mails, err
		}
		if rest, ended := strings.CutPrefix(line, tag+" "); ended {
			if strings.HasPrefix(rest, "OK") || strings.Contains(rest, "nvalid messageset") { // of an empty mailbox
				return mails, nil
			}
			return mails, fmt.Errorf("the server says %q", strings.TrimSpace(rest))
		}
		if !strings.Contains(line, " FETCH (") {
			continue
		}
		m := Mail{}
		whole := line
		for size := literal.FindStringSubmatch(line); size != nil; size = literal.FindStringSubmatch(line) {
			n, _ := strconv.Atoi(size[1])
			m.Raw = make([]byte, n)
			if _, err := io.ReadFull(r, m.Raw); err != nil {
				return mails, err
			}
			if line, err = r.ReadString('\n'); err != nil {
				return mails, err
			}
			whole += line
		}
		date := fetchedDate.FindStringSubmatch(whole)
		if date == nil {
			return mails, fmt.Errorf("a mail has no INTERNALDATE: %q", whole)
		}
		if m.InternalDate, err = time.Parse("_2-Jan-2006 15:04:05 -0700", date[1]); err != nil {
			return mails, err
		}
		mails = append(mails, m)
	}
}
