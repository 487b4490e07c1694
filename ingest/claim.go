package ingest

import (
	"context"
	"path/filepath"
	"strings"
)

// claim is whether a file was given as a mail, whatever is in it. Where it was,
// nothing of it is lost: what the parser cannot understand goes to quarantine.
type claim int

const (
	// noClaim has what is empty or surely something else.
	noClaim claim = iota
	// doubtful has what might be a broken mail. It is taken for one where most
	// files of its ending beside it are mails; where the user named it, it goes
	// to quarantine.
	doubtful
	// claimed has what shows that it is mail, or is named as a mail is.
	claimed
)

// claimOf is what the name of a file and the look at its beginning say.
func claimOf(name string, seen sniffed) claim {
	switch {
	case seen.format != "" || mailName(name) && !seen.empty:
		return claimed
	case seen.empty || seen.foreign:
		return noClaim
	}
	return doubtful
}

// ending is what a file's name ends in, in lower case, without that of gzip.
func ending(name string) string {
	name = strings.ToLower(name)
	return filepath.Ext(strings.TrimSuffix(name, ".gz"))
}

// mailName says whether a file's name is one under which programs keep one
// mail: by its ending, as a number (MH, Cyrus), or as in a maildir.
func mailName(name string) bool {
	switch ending(name) {
	case ".eml", ".emlx", ".mail", ".rfc822":
		return true
	}
	number := strings.TrimLeft(name, "0123456789")
	digits := len(name) - len(number)
	switch {
	case digits == 0:
		return false
	case number == "" || number == ".":
		return true
	}
	// "1460000003.M3P7.host" in a maildir, and numbers with a sum behind them.
	unique, host, _ := strings.Cut(number[1:], ".")
	return number[0] == '.' && (digits > 8 && host != "" || len(unique) >= 16 && host == "")
}

// containerName says whether a file's name says that it holds many mails.
func containerName(name string) bool { return ending(name) == ".mbox" || ending(name) == ".mbx" }

// lookBeside is how many files of an ending are looked at.
const lookBeside = 8

// isAmongMails says whether most files of its ending in the same folder are
// mails, as far as the first of them show that are not surely something else.
func (r *entriesRun) isAmongMails(ctx context.Context, name string) bool {
	of := ending(name)
	if is, known := r.mails[of]; of == "" || known {
		return is
	}
	looked, mails := 0, 0
	for _, e := range r.part.entries {
		if ending(e.name) != of {
			continue
		}
		if looked == lookBeside {
			break
		}
		seen, err := sniffFile(ctx, filepath.Join(r.dir(), e.name))
		if err != nil || seen.foreign || seen.empty {
			continue
		}
		if looked++; seen.format == FormatMail {
			mails++
		}
	}
	if r.mails == nil {
		r.mails = map[string]bool{}
	}
	r.mails[of] = 2*mails > looked
	return r.mails[of]
}
